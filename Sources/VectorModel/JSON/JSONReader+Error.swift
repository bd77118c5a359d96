extension JSONReader {
  /// Status 400 with `message` and the line and column of the reader's place.
  ///
  /// - Complexity: linear in the offset; only failing requests count lines.
  package func error(_ message: String) -> RequestError {
    let end = min(offset, count)
    var line = 1
    var lineStart = 0
    for index in 0..<end where byte(index) == UInt8(ascii: "\n") {
      line += 1
      lineStart = index + 1
    }
    let column = min(end + 1, count) - lineStart
    return .format("\(message) at line \(line) column \(max(column, 0))")
  }

  /// Status 400 for the place where a value should stand.
  func expectedValue() -> RequestError {
    error(offset >= count ? "EOF while parsing a value" : "expected value")
  }

  /// Status 400 for the next value, which is of another type than `expected` says; reads over it.
  ///
  /// A value that is malformed itself answers what is wrong with it.
  package mutating func typeError(expected: String) -> RequestError {
    do throws(RequestError) {
      let found = try describeValue()
      return error("invalid type: \(found), expected \(expected)")
    } catch {
      return error
    }
  }

  private mutating func describeValue() throws(RequestError) -> String {
    switch try peek() {
    case .null:
      try readWord("null")
      return "null"
    case .bool:
      return "boolean `\(try readBool())`"
    case .string:
      return "string \(Self.quoted(try readString()))"
    case .array:
      return "sequence"
    case .object:
      return "map"
    case .number:
      switch try readNumberValue() {
      case .double(let value): return "floating point `\(value)`"
      case .integer(let value): return "integer `\(value)`"
      case .unsigned(let value): return "integer `\(value)`"
      default: return "number"
      }
    }
  }

  /// `text` in quotes, cut when it is long, for a message.
  private static func quoted(_ text: String) -> String {
    let shown = text.prefix(64)
    return "\"\(shown)\(shown.endIndex == text.endIndex ? "" : "…")\""
  }
}
