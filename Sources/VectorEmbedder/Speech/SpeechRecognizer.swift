import VectorModel

/// What was recognised.
package struct RecognizedSpeech: Sendable, Equatable, Codable {
  package var text: String
  /// Mean probability of the words, where the engine says one.
  package var confidence: Double?

  package init(text: String, confidence: Double?) {
    self.text = text
    self.confidence = confidence
  }
}

/// Turns a file of 16 kHz mono PCM into words.
package protocol SpeechRecognizer: Sendable {
  /// Names the engine, its model and settings: a changed one makes cached results worthless.
  var cacheKey: String { get }

  func recognize(_ wavePath: String, timeLimit: Duration) async throws(StageError) -> RecognizedSpeech
}

/// CMU Sphinx's recogniser for English, as a program.
package struct PocketsphinxRecognizer: SpeechRecognizer {
  package static let program = "pocketsphinx_continuous"
  package let cacheKey = "pocketsphinx en-us 1"

  package init() {}

  package func recognize(
    _ wavePath: String, timeLimit: Duration
  ) async throws(StageError) -> RecognizedSpeech {
    let deadline = StageDeadline(.speech, timeLimit)
    let child = ChildProcess(
      .speech, Self.program, ["-infile", wavePath, "-time", "yes", "-logfn", "/dev/null"],
      timeLimit: timeLimit)
    return try Self.parse(String(decoding: try await child.run(), as: UTF8.self), by: deadline)
  }

  /// Reads the lines `word start end probability`; those of whole phrases and of fillers are left out.
  static func parse(_ output: String, by deadline: StageDeadline) throws(StageError) -> RecognizedSpeech {
    var words: [String] = []
    var probabilities = 0.0
    for line in output.split(whereSeparator: \.isNewline) {
      try deadline.check()
      let fields = line.split(separator: " ")
      guard fields.count == 4, let start = Double(fields[1]), let end = Double(fields[2]), end >= start,
        let probability = Double(fields[3]), fields[1].contains("."), fields[3].contains(".")
      else { continue }
      // Alternatives of the dictionary are written `word(2)`; fillers `<sil>` and `[NOISE]`.
      let word = fields[0].prefix { $0 != "(" }
      guard let first = word.first, first != "<", first != "[", first != "+" else { continue }
      words.append(String(word))
      probabilities += min(1, max(0, probability))
    }
    return RecognizedSpeech(
      text: words.joined(separator: " "),
      confidence: words.isEmpty ? nil : probabilities / Double(words.count))
  }
}

/// Any program that turns a sound file into text: Whisper in one of its forms.
package struct CommandRecognizer: SpeechRecognizer {
  package let cacheKey: String
  private let command: CommandLineTemplate

  package init(command: CommandLineTemplate) {
    self.command = command
    cacheKey = "command " + command.words.joined(separator: " ")
  }

  /// Runs the command with `{wav}` and `{out}` filled in, then reads `{out}.vtt`, `.srt`, `.txt`, or else what the
  /// command wrote to its standard output.
  package func recognize(
    _ wavePath: String, timeLimit: Duration
  ) async throws(StageError) -> RecognizedSpeech {
    let deadline = StageDeadline(.speech, timeLimit)
    let out = wavePath + ".out"
    var child = try command.child(.speech, ["wav": wavePath, "out": out], timeLimit: timeLimit)
    child.environment["OMP_NUM_THREADS"] = "1"
    let output = try await child.run()
    for format in [SubtitleText.Format.vtt, .srt, .txt] {
      let path = out + "." + format.rawValue
      guard Files.exists(path) else { continue }
      let text = try Files.text(at: path, stage: .speech, byteCountMax: SubtitleText.fileBytesMax)
      return RecognizedSpeech(
        text: try SubtitleText.words(of: text, format: format, by: deadline), confidence: nil)
    }
    let text = String(decoding: output, as: UTF8.self)
    return RecognizedSpeech(
      text: try SubtitleText.words(of: text, format: text.contains("-->") ? .vtt : .txt, by: deadline),
      confidence: nil)
  }
}
