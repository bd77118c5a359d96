import VectorModel

/// The `%XX` form of bytes in paths and queries (RFC 3986, section 2.1).
enum PercentEncoding {
  /// The text that `encoded` stands for; in a query a plus sign is a space.
  ///
  /// - Throws: status 400 for a broken escape, or bytes that are no UTF-8; `name` says what it is.
  static func decode(
    _ encoded: some StringProtocol, isQuery: Bool, name: String
  ) throws(RequestError) -> String {
    let plus = UInt8(ascii: "+")
    let percent = UInt8(ascii: "%")
    guard encoded.utf8.contains(where: { $0 == percent || $0 >= 0x80 || (isQuery && $0 == plus) }) else {
      return String(encoded)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoded.utf8.count)
    var rest = Substring(encoded).utf8[...]
    while let byte = rest.popFirst() {
      if byte == percent {
        guard let high = nibble(rest.popFirst()), let low = nibble(rest.popFirst()) else {
          throw .badRequest("\(name) \"\(shortened(encoded))\" has a % without two hexadecimal digits")
        }
        bytes.append(high << 4 | low)
      } else {
        bytes.append(isQuery && byte == plus ? UInt8(ascii: " ") : byte)
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .badRequest("\(name) \"\(shortened(encoded))\" is not valid UTF-8")
    }
    return text
  }

  private static func nibble(_ byte: UInt8?) -> UInt8? {
    switch byte {
    case .some(let digit) where (0x30...0x39).contains(digit): digit - 0x30
    case .some(let letter) where (0x41...0x46).contains(letter & 0xDF): (letter & 0xDF) - 0x41 + 10
    default: nil
    }
  }

  private static func shortened(_ text: some StringProtocol) -> String { String(text.prefix(64)) }
}
