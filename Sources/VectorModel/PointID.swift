/// The identity of a point inside a collection: an unsigned integer or a UUID.
///
/// Integers sort before UUIDs; both sort ascending, UUIDs by their bytes.
package enum PointID: Hashable, Sendable {
  case number(UInt64)
  case uuid(UUID128)
}

extension PointID: Comparable {
  package static func < (lhs: PointID, rhs: PointID) -> Bool {
    switch (lhs, rhs) {
    case (.number(let left), .number(let right)): left < right
    case (.uuid(let left), .uuid(let right)): left < right
    case (.number, .uuid): true
    case (.uuid, .number): false
    }
  }
}

extension PointID: CustomStringConvertible {
  package var description: String {
    switch self {
    case .number(let number): String(number)
    case .uuid(let uuid): uuid.description
    }
  }
}

extension PointID {
  /// Reads an id as it stands in a path: an integer is tried first, then a UUID in any of its forms.
  package init?(pathComponent text: String) {
    if let number = UInt64(text), text.utf8.first != UInt8(ascii: "+") {
      self = .number(number)
    } else if let uuid = UUID128(text) {
      self = .uuid(uuid)
    } else {
      return nil
    }
  }
}

/// 128 bits in the order of a UUID's text.
package struct UUID128: Hashable, Sendable {
  package var high: UInt64
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A random UUID (RFC 9562, version 4).
  package static func random() -> UUID128 {
    UUID128(
      high: UInt64.random(in: 0 ... .max) & ~0xF000 | 0x4000,
      low: UInt64.random(in: 0 ... .max) & ~(3 << 62) | 2 << 62)
  }

  /// Reads the hyphenated, the simple (32 digits), the braced or the `urn:uuid:` form, in either case.
  package init?(_ text: String) {
    var rest = Substring(text)
    if rest.lowercased().hasPrefix("urn:uuid:") { rest = rest.dropFirst(9) }
    if rest.first == "{", rest.last == "}" { rest = rest.dropFirst().dropLast() }
    let digits = Array(rest.utf8)
    guard digits.count == 32 || digits.count == 36 else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    var digitCount = 0
    for (index, byte) in digits.enumerated() {
      if digits.count == 36, index == 8 || index == 13 || index == 18 || index == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let nibble = Self.nibble(byte) else { return nil }
      if digitCount < 16 { words.0 = words.0 << 4 | nibble } else { words.1 = words.1 << 4 | nibble }
      digitCount += 1
    }
    guard digitCount == 32 else { return nil }
    high = words.0
    low = words.1
  }

  private static func nibble(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}

extension UUID128: Comparable {
  package static func < (lhs: UUID128, rhs: UUID128) -> Bool {
    (lhs.high, lhs.low) < (rhs.high, rhs.low)
  }
}

extension UUID128: CustomStringConvertible {
  /// The hyphenated form in lower case.
  package var description: String {
    var text = ""
    text.reserveCapacity(36)
    for index in 0..<32 {
      if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
      let word = index < 16 ? high : low
      let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (index % 16))) & 15
      text.unicodeScalars.append(Unicode.Scalar(nibble < 10 ? 48 + nibble : 87 + nibble))
    }
    return text
  }
}
