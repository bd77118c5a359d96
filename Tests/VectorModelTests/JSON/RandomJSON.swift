import VectorModel

/// Random JSON values, and paths that often lead into them.
enum RandomJSON {
  static let keys = ["a", "b", "c", "größe", "e f"]

  static func value(depth: Int, using random: inout SplitMix64) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int64.random(in: -1000...1000, using: &random))
    case 3: return .double(Double.random(in: -1e6...1e6, using: &random))
    case 4: return .string(["", "x", "日本\n\"", "a.b[0]"].randomElement(using: &random) ?? "")
    case 5: return .unsigned(UInt64.random(in: (1 << 63)...UInt64.max, using: &random))
    case 6:
      return .array(
        (0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth: depth - 1, using: &random) })
    default: return object(depth: depth, using: &random)
    }
  }

  static func object(depth: Int, using random: inout SplitMix64) -> JSONValue {
    JSONValue(
      members: (0..<Int.random(in: 0..<5, using: &random)).map { _ in
        JSONValue.Member(
          key: keys.randomElement(using: &random) ?? "", value: value(depth: depth - 1, using: &random))
      })
  }

  static func path(using random: inout SplitMix64) throws(RequestError) -> PayloadPath {
    var text = ""
    for level in 0..<Int.random(in: 1...3, using: &random) {
      if level > 0 { text += "." }
      text += ["a", "b", "c", "größe", "\"e f\""].randomElement(using: &random) ?? "a"
      text += ["", "", "", "[]", "[0]", "[1]", "[2][]"].randomElement(using: &random) ?? ""
    }
    return try PayloadPath(text)
  }

  /// The value's text with white space wherever JSON allows some.
  static func spaced(_ value: JSONValue, using random: inout SplitMix64) -> [UInt8] {
    func space() -> String { ["", "", " ", "\n  ", "\t"].randomElement(using: &random) ?? "" }
    func text(_ value: JSONValue) -> String {
      switch value {
      case .array(let elements):
        return "[" + space() + elements.map { text($0) + space() }.joined(separator: "," + space()) + "]"
      case .object(let members):
        let parts = members.map { text(.string($0.key)) + space() + ":" + space() + text($0.value) + space() }
        return "{" + space() + parts.joined(separator: "," + space()) + "}"
      default:
        var writer = JSONWriter()
        value.write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
      }
    }
    return Array(text(value).utf8)
  }
}
