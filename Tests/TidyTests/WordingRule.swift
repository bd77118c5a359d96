/// Words that may not stand in code: marks of unfinished work, traps, sleeps in tests, names that say nothing.
enum WordingRule {
  // Written in two parts, so that this file does not break its own rule.
  static let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
  static let emptyNames: Set<String> = [
    "manager", "managers", "helper", "helpers", "util", "utils", "utility", "utilities", "common", "base",
  ]

  /// Marks of unfinished work in any language, comments included.
  static func markViolations(path: String, text: String) -> [String] {
    violations(
      path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    ) {
      line in
      let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
      return marks.first { mark in words.contains { $0 == mark } }.map { "holds the mark \($0)" }
    }
  }

  /// Traps in Swift code; a broken invariant is a `precondition`, bad input throws.
  static func trapViolations(path: String, text: String) -> [String] {
    violations(path: path, lines: CodeText(text).lines) { line in
      ["fatalError(", "try!"].first { line.contains($0) }.map { "holds \($0)" }
    }
  }

  /// TCP's options asked of the socket's level: the number of TCP_NODELAY is that of SO_DEBUG there, which does
  /// something else for root and closes everybody else's connections.
  static func optionLevelViolations(path: String, text: String) -> [String] {
    violations(path: path, lines: CodeText(text).lines) { line in
      line.contains("socketOption(.tcp_") ? "asks the socket for an option of TCP: use tcpOption" : nil
    }
  }

  /// Sleeps in Swift tests; a test waits for a condition.
  static func sleepViolations(path: String, text: String) -> [String] {
    violations(path: path, lines: CodeText(text).lines) { sleepingWord(in: $0).map { "calls \($0)" } }
  }

  /// Sleeps in Python tests.
  static func pythonSleepViolations(path: String, text: String) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return violations(path: path, lines: lines) { sleepingWord(in: $0).map { "calls \($0)" } }
  }

  private static func sleepingWord(in line: String) -> String? {
    CodeText(line).words.first { ["sleep", "usleep", "nanosleep"].contains($0.text) }?.text
  }

  /// Names of types and of the file that say nothing about what the thing is.
  static func nameViolations(path: String, text: String) -> [String] {
    let code = CodeText(text)
    let words = code.words
    let introducers: Set<String> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
    let types = words.indices.dropLast().filter { introducers.contains(words[$0].text) }.map { words[$0 + 1] }
    var found = types.compactMap { type in
      emptyWord(in: type.text).map {
        "\(path):\(code.line(at: type.offset)): type \(type.text) is named with «\($0)»"
      }
    }
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let stem = file.split(separator: ".").first.map(String.init) ?? file
    if let word = stem.split(whereSeparator: { $0 == "+" || $0 == "_" || $0 == "-" })
      .compactMap({ emptyWord(in: String($0)) }).first
    {
      found.append("\(path): the file is named with «\(word)»")
    }
    return found
  }

  /// The first part of a camel-case name that is on the list.
  static func emptyWord(in name: String) -> String? {
    var parts: [String] = []
    var previousWasLower = false
    for character in name {
      if parts.isEmpty || (character.isUppercase && previousWasLower) || character == "_" { parts.append("") }
      parts[parts.count - 1].append(contentsOf: character.lowercased())
      previousWasLower = !character.isUppercase
    }
    return parts.first { emptyNames.contains($0) }
  }

  private static func violations(path: String, lines: [String], find: (String) -> String?) -> [String] {
    lines.enumerated().compactMap { number, line in find(line).map { "\(path):\(number + 1): \($0)" } }
  }
}
