/// Appends the forms that records and frames are made of: little-endian numbers, LEB128 counts, raw bytes.
package struct ByteWriter {
  package internal(set) var bytes: [UInt8] = []

  package init(reservingCapacity capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  package mutating func byte(_ value: UInt8) { bytes.append(value) }

  package mutating func fixed32(_ value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  package mutating func fixed64(_ value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// LEB128: seven bits a byte, least significant first; 1–10 bytes.
  package mutating func count(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  package mutating func count(_ value: Int) { count(UInt64(value)) }

  /// The bytes as they are, without a length.
  package mutating func raw(_ value: [UInt8]) { bytes.append(contentsOf: value) }

  /// A count and then the bytes.
  package mutating func lengthPrefixed(_ value: [UInt8]) {
    count(value.count)
    bytes.append(contentsOf: value)
  }

  package mutating func text(_ value: String) {
    count(value.utf8.count)
    bytes.append(contentsOf: value.utf8)
  }

  /// `[values.count]` float32, little-endian, without a count.
  package mutating func floats(_ values: [Float]) {
    unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }

  package mutating func words(_ values: [UInt32]) {
    unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }
}
