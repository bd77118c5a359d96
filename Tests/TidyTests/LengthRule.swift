/// Files of at most 500 lines, functions of at most 70.
enum LengthRule {
  static let fileLinesMax = 500
  static let functionLinesMax = 70

  static func fileViolations(path: String, text: String) -> [String] {
    let count =
      text.split(separator: "\n", omittingEmptySubsequences: false).count - (text.hasSuffix("\n") ? 1 : 0)
    return count > fileLinesMax ? ["\(path): \(count) lines, the limit is \(fileLinesMax)"] : []
  }

  /// Functions, initialisers, subscripts and computed properties, counted from the declaration to the closing brace.
  static func functionViolations(path: String, text: String) -> [String] {
    let code = CodeText(text)
    return functions(in: code).compactMap { function in
      guard function.lineCount > functionLinesMax else { return nil }
      return "\(path):\(function.line): \(function.name) has \(function.lineCount) lines, "
        + "the limit is \(functionLinesMax)"
    }
  }

  struct Function: Equatable {
    let name: String
    let line: Int
    let lineCount: Int
  }

  static func functions(in code: CodeText) -> [Function] {
    let words = code.words
    return words.indices.compactMap { index in
      let word = words[index]
      guard isDeclaration(word, in: code), let body = bodyStart(after: word, in: code) else { return nil }
      let end = closingBrace(of: body, in: code)
      let line = code.line(at: word.offset)
      let hasName = (word.text == "func" || word.text == "var") && index + 1 < words.count
      return Function(
        name: hasName ? words[index + 1].text : word.text, line: line,
        lineCount: code.line(at: end) - line + 1)
    }
  }

  private static let declarations: Set<String> = ["func", "init", "deinit", "subscript", "var"]

  private static func isDeclaration(_ word: CodeText.Word, in code: CodeText) -> Bool {
    guard declarations.contains(word.text) else { return false }
    let before = code.lastVisibleByte(before: word.offset)
    return before != UInt8(ascii: ".") && before != UInt8(ascii: "`")
  }

  /// The offset of the brace that opens the body; nil for a requirement of a protocol and for a stored property.
  private static func bodyStart(after word: CodeText.Word, in code: CodeText) -> Int? {
    var depth = 0
    var index = word.end
    while index < code.bytes.count {
      let byte = code.bytes[index]
      switch byte {
      case UInt8(ascii: "("), UInt8(ascii: "["):
        depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"):
        depth -= 1
        if depth < 0 { return nil }
      case UInt8(ascii: "{") where depth == 0:
        return index
      case UInt8(ascii: "}") where depth == 0:
        return nil
      case UInt8(ascii: "\n") where depth == 0 && word.text == "var",
        UInt8(ascii: "=") where depth == 0 && word.text == "var":
        return nil
      default:
        if depth == 0, startsDeclaration(at: index, in: code) { return nil }
      }
      index += 1
    }
    return nil
  }

  /// Whether another declaration begins here, so that the one before had no body.
  private static func startsDeclaration(at index: Int, in code: CodeText) -> Bool {
    guard isWordByte(code.bytes[index]), !isWordByte(code.bytes[index - 1]) else { return false }
    let word = String(decoding: code.bytes[index...].prefix(while: isWordByte), as: UTF8.self)
    return ["func", "init", "var", "let", "subscript", "associatedtype", "typealias", "static", "mutating"]
      .contains(word)
  }

  private static func closingBrace(of open: Int, in code: CodeText) -> Int {
    var depth = 0
    for index in open..<code.bytes.count {
      if code.bytes[index] == UInt8(ascii: "{") { depth += 1 }
      if code.bytes[index] == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { return index }
      }
    }
    return code.bytes.count
  }
}
