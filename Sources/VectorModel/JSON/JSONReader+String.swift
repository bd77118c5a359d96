// Strings: eight bytes at a time while they are plain ASCII; UTF-8 and escapes are validated in one pass.

extension JSONReader {
  /// Reads a string and resolves its escapes.
  package mutating func readString() throws(RequestError) -> String {
    guard skipSpace() == UInt8(ascii: "\"") else { throw typeError(expected: "a string") }
    let scanned = try scanString()
    if scanned.hasEscapes { return unescape(scanned.content) }
    return text(scanned.content)
  }

  /// Reads over the string that starts at the reader's place, and returns where its content stands.
  ///
  /// - Throws: status 400 for control characters, bad escapes, lone surrogates, invalid UTF-8 or a missing end.
  mutating func scanString() throws(RequestError) -> (content: Range<Int>, hasEscapes: Bool) {
    offset &+= 1
    let start = offset
    var hasEscapes = false
    while true {
      skipPlainASCII()
      guard offset < count else { throw syntaxError("EOF while parsing a string") }
      let next = byte(offset)
      if next == UInt8(ascii: "\"") {
        offset &+= 1
        return (start..<(offset - 1), hasEscapes)
      } else if next == UInt8(ascii: "\\") {
        hasEscapes = true
        try scanEscape()
      } else if next >= 0x80 {
        repeat { try scanScalar(lead: byte(offset)) } while offset < count && byte(offset) >= 0x80
      } else if next < 0x20 {
        throw syntaxError("control character (\\u0000-\\u001F) found while parsing a string")
      } else {
        offset &+= 1
      }
    }
  }

  /// Steps over words of eight bytes without quotes, backslashes, control characters or bytes above 0x7F.
  @inline(__always) private mutating func skipPlainASCII() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    while count &- offset >= 8 {
      let word = loadWord(offset)
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      let special =
        ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
        | (word &- ones &* 0x20) | word
      if special & highs != 0 {
        // The lowest marked byte is exact; a borrow can only mark bytes above it.
        offset &+= (special & highs).trailingZeroBitCount >> 3
        return
      }
      offset &+= 8
    }
  }

  /// Steps over one multi-byte scalar (Unicode 16, table 3-7: well-formed UTF-8 byte sequences).
  private mutating func scanScalar(lead: UInt8) throws(RequestError) {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if lead == 0xE0 { second = 0xA0...0xBF } else if lead == 0xED { second = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      if lead == 0xF0 { second = 0x90...0xBF } else if lead == 0xF4 { second = 0x80...0x8F }
    default:
      throw syntaxError("invalid unicode code point")
    }
    guard count &- offset >= length else { throw syntaxError("invalid unicode code point") }
    var valid = second.contains(byte(offset &+ 1))
    for index in 2..<max(length, 2) where byte(offset &+ index) & 0xC0 != 0x80 { valid = false }
    guard valid else { throw syntaxError("invalid unicode code point") }
    offset &+= length
  }

  /// Steps over one escape; of a surrogate pair over both.
  private mutating func scanEscape() throws(RequestError) {
    offset &+= 1
    guard offset < count else { throw syntaxError("EOF while parsing a string") }
    switch byte(offset) {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset &+= 1
    case UInt8(ascii: "u"):
      let unit = try scanHex()
      guard unit & 0xF800 == 0xD800 else { return }
      guard unit < 0xDC00 else { throw syntaxError("lone trailing surrogate in hex escape") }
      guard count &- offset >= 2, byte(offset) == UInt8(ascii: "\\"), byte(offset &+ 1) == UInt8(ascii: "u")
      else {
        throw syntaxError(
          offset >= count ? "EOF while parsing a string" : "lone leading surrogate in hex escape")
      }
      offset &+= 1
      guard try scanHex() & 0xFC00 == 0xDC00 else {
        throw syntaxError("lone leading surrogate in hex escape")
      }
    default:
      throw syntaxError("invalid escape")
    }
  }

  /// Reads the four digits behind the `u` at the reader's place.
  private mutating func scanHex() throws(RequestError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      offset &+= 1
      guard offset < count else { throw syntaxError("EOF while parsing a string") }
      guard let digit = Self.hexDigit(byte(offset)) else { throw syntaxError("invalid escape") }
      unit = unit << 4 | UInt16(digit)
    }
    offset &+= 1
    return unit
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// The text of a content that `scanString` has accepted.
  private func unescape(_ content: Range<Int>) -> String {
    var units: [UInt8] = []
    units.reserveCapacity(content.count)
    var index = content.lowerBound
    while index < content.upperBound {
      guard byte(index) == UInt8(ascii: "\\") else {
        units.append(byte(index))
        index += 1
        continue
      }
      index += 2
      switch byte(index - 1) {
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0C)
      case UInt8(ascii: "n"): units.append(0x0A)
      case UInt8(ascii: "r"): units.append(0x0D)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "u"):
        var scalar = hexUnit(index)
        index += 4
        if scalar & 0xF800 == 0xD800 {
          scalar = 0x10000 + (scalar & 0x3FF) << 10 + hexUnit(index + 2) & 0x3FF
          index += 6
        }
        Self.append(scalar, to: &units)
      case let literal: units.append(literal)
      }
    }
    return String(decoding: units, as: UTF8.self)
  }

  private func hexUnit(_ index: Int) -> UInt32 {
    (index..<(index + 4)).reduce(0) { $0 << 4 | UInt32(Self.hexDigit(byte($1)) ?? 0) }
  }

  private static func append(_ scalar: UInt32, to units: inout [UInt8]) {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3F) }
    switch scalar {
    case 0..<0x80: units.append(UInt8(scalar))
    case 0x80..<0x800: units += [UInt8(0xC0 | scalar >> 6), tail(0)]
    case 0x800..<0x10000: units += [UInt8(0xE0 | scalar >> 12), tail(6), tail(0)]
    default: units += [UInt8(0xF0 | scalar >> 18 & 7), tail(12), tail(6), tail(0)]
    }
  }
}
