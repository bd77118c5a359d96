/// A command of the configuration: words, in which `{name}` stands for what the stage fills in.
package struct CommandLineTemplate: Sendable, Equatable {
  package var words: [String]

  /// Splits a line as a shell does, with single and double quotes and nothing else.
  ///
  /// - Throws: for an empty command and a quote that is not closed.
  package init(_ line: String) throws(SettingsError) {
    words = []
    var word: String?
    var quote: Character?
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character.isWhitespace {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let done = word { words.append(done) }
    guard quote == nil else { throw SettingsError("the command «\(line)» has an open quote") }
    guard !words.isEmpty else { throw SettingsError("the command is empty") }
  }

  /// The process that the command describes, with `{key}` replaced in every word but the first.
  func child(
    _ stage: Stage, _ values: [String: String], timeLimit: Duration
  ) throws(StageError) -> ChildProcess {
    guard let program = words.first else { throw StageError(stage, "the command is empty") }
    let arguments = words.dropFirst().map { word in
      values.reduce(word) { $0.replacing("{\($1.key)}", with: $1.value) }
    }
    return ChildProcess(stage, program, arguments, timeLimit: timeLimit)
  }
}
