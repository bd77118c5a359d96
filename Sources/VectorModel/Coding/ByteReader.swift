/// Takes apart what `ByteWriter` wrote. Never traps: whatever does not fit throws.
package struct ByteReader {
  let bytes: [UInt8]
  package internal(set) var offset = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var remaining: Int { bytes.count - offset }
  package var isAtEnd: Bool { offset == bytes.count }

  package mutating func byte() throws(RequestError) -> UInt8 {
    guard offset < bytes.count else { throw truncated(1) }
    defer { offset += 1 }
    return bytes[offset]
  }

  package mutating func fixed32() throws(RequestError) -> UInt32 {
    guard remaining >= 4 else { throw truncated(4) }
    var value: UInt32 = 0
    for index in 0..<4 { value |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
    offset += 4
    return value
  }

  package mutating func fixed64() throws(RequestError) -> UInt64 {
    let low = try fixed32()
    return UInt64(low) | UInt64(try fixed32()) << 32
  }

  /// A LEB128 number of at most 64 bits.
  package mutating func varint() throws(RequestError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let next = try byte()
      if shift == 63, next > 1 { throw malformed("number beyond 64 bits") }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
    }
    throw malformed("number beyond 64 bits")
  }

  /// A count of things of at least `bytesEach` bytes, so that it can never promise more than there is.
  package mutating func count(bytesEach: Int = 1) throws(RequestError) -> Int {
    let value = try varint()
    guard value <= UInt64(remaining / max(1, bytesEach)) else {
      throw malformed("count \(value) beyond the remaining \(remaining) bytes")
    }
    return Int(value)
  }

  package mutating func raw(_ count: Int) throws(RequestError) -> [UInt8] {
    guard count >= 0, remaining >= count else { throw truncated(count) }
    defer { offset += count }
    return Array(bytes[offset..<(offset + count)])
  }

  package mutating func lengthPrefixed() throws(RequestError) -> [UInt8] {
    try raw(try count())
  }

  package mutating func text() throws(RequestError) -> String {
    let bytes = try lengthPrefixed()
    guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed("text is not UTF-8") }
    return text
  }

  /// `[count]` float32, little-endian.
  package mutating func floats(_ count: Int) throws(RequestError) -> [Float] {
    guard count >= 0, count <= remaining / 4 else { throw truncated(count) }
    let start = offset
    offset += count * 4
    return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe bytes.withUnsafeBytes {
        unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: $0[start..<(start + count * 4)]))
      }
      filled = count
    }
  }

  package mutating func words(_ count: Int) throws(RequestError) -> [UInt32] {
    try floats(count).map(\.bitPattern)
  }

  package func malformed(_ what: String) -> RequestError {
    .badRequest("malformed bytes at offset \(offset): \(what)")
  }

  private func truncated(_ count: Int) -> RequestError {
    malformed("\(count) bytes wanted, \(remaining) left")
  }
}
