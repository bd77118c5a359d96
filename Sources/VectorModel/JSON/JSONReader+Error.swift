extension JSONReader {
  /// Status 400 with `message` and the line and column of the last byte that was read.
  ///
  /// - Complexity: linear in the offset; only failing requests count lines.
  package func error(_ message: String) -> RequestError { error(message, at: offset - 1) }

  /// Status 400 with `message` and the line and column of the next byte, which does not fit there.
  func syntaxError(_ message: String) -> RequestError { error(message, at: offset) }

  private func error(_ message: String, at place: Int) -> RequestError {
    let last = min(max(place, 0), count - 1)
    var line = 1
    var lineStart = 0
    for index in 0..<max(last, 0) where byte(index) == UInt8(ascii: "\n") {
      line += 1
      lineStart = index + 1
    }
    return .format("\(message) at line \(line) column \(last + 1 - lineStart)")
  }

  /// Status 400 for the place where a value should stand.
  func expectedValue() -> RequestError {
    syntaxError(offset >= count ? "EOF while parsing a value" : "expected value")
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
      return "string \"\(Self.excerpt(try readString()))\""
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

  /// The beginning of a text that a client sent, short enough for a message.
  static func excerpt(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(64)
    return shown.endIndex == text.endIndex ? text : String(shown) + "…"
  }
}
