/// RFC 8259's grammar, as plainly as it can be written, to compare the reader with.
///
/// Beyond the grammar it asks what the reader promises too: valid UTF-8, paired surrogates, numbers that a double
/// can hold, and a limit on nesting.
struct ReferenceValidator {
  private let bytes: [UInt8]
  private var place = 0

  static func accepts(_ bytes: [UInt8], depthMax: Int = 128) -> Bool {
    guard String(validating: bytes, as: UTF8.self) != nil else { return false }
    var validator = ReferenceValidator(bytes: bytes)
    guard validator.value(depthMax) else { return false }
    validator.space()
    return validator.place == bytes.count
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func space() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
  }

  private mutating func value(_ depth: Int) -> Bool {
    space()
    switch next.map({ Unicode.Scalar($0) }) {
    case "{":
      return depth > 0
        && container("{", "}") {
          $0.space(); return $0.string() && $0.colon() && $0.value(depth - 1)
        }
    case "[": return depth > 0 && container("[", "]") { $0.value(depth - 1) }
    case "\"": return string()
    case "t": return word("true")
    case "f": return word("false")
    case "n": return word("null")
    default: return number()
    }
  }

  private mutating func colon() -> Bool {
    space()
    return take(":")
  }

  private mutating func word(_ word: String) -> Bool { word.unicodeScalars.allSatisfy { take($0) } }

  private mutating func container(
    _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ member: (inout Self) -> Bool
  ) -> Bool {
    _ = take(opening)
    space()
    if take(closing) { return true }
    while member(&self) {
      space()
      if take(closing) { return true }
      guard take(",") else { return false }
    }
    return false
  }

  private mutating func digits() -> Bool {
    let start = place
    while let byte = next, (48...57).contains(byte) { place += 1 }
    return place > start
  }

  private mutating func number() -> Bool {
    let start = place
    _ = take("-")
    if !take("0") { guard digits() else { return false } }
    if take(".") { guard digits() else { return false } }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard digits() else { return false }
    }
    return Double(String(decoding: bytes[start..<place], as: UTF8.self))?.isFinite ?? false
  }

  private mutating func string() -> Bool {
    guard take("\"") else { return false }
    var leading = false
    while let byte = next {
      place += 1
      if leading, byte != UInt8(ascii: "\\") { return false }
      switch byte {
      case UInt8(ascii: "\""): return true
      case 0..<0x20: return false
      case UInt8(ascii: "\\"):
        guard let escape = next else { return false }
        place += 1
        if escape == UInt8(ascii: "u") {
          guard place + 4 <= bytes.count,
            bytes[place..<(place + 4)].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }),
            let unit = UInt16(String(decoding: bytes[place..<(place + 4)], as: UTF8.self), radix: 16)
          else { return false }
          place += 4
          if leading != (0xDC00...0xDFFF).contains(unit) { return false }
          leading = (0xD800...0xDBFF).contains(unit)
        } else if leading || !Array("\"\\/bfnrt".utf8).contains(escape) {
          return false
        }
      default: break
      }
    }
    return false
  }
}
