import VectorModel

/// Numbers in byte arrays, least significant byte first, as every format here has them.
extension Array where Element == UInt8 {
  /// Appends the `count` lowest bytes of `number`.
  mutating func append<N: FixedWidthInteger>(littleEndian number: N) {
    var rest = number.littleEndian
    unsafe Swift.withUnsafeBytes(of: &rest) { unsafe append(contentsOf: $0) }
  }

  /// Appends a copy of `bytes`.
  package mutating func append(copying bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }

  /// Appends 16 bytes in the order of the UUID's text.
  mutating func append(_ uuid: UUID128) {
    append(littleEndian: uuid.high.byteSwapped)
    append(littleEndian: uuid.low.byteSwapped)
  }

  /// Writes `number` over the bytes at `offset`, which must be within the array.
  mutating func store<N: FixedWidthInteger>(_ number: N, at offset: Int) {
    var rest = number.littleEndian
    unsafe Swift.withUnsafeBytes(of: &rest) { source in
      unsafe withUnsafeMutableBytes { target in
        precondition(offset >= 0 && offset + source.count <= target.count)
        unsafe target.baseAddress?.advanced(by: offset).copyMemory(
          from: source.baseAddress.unsafelyUnwrapped, byteCount: source.count)
      }
    }
  }

  /// Copies `bytes`.
  package init(copying bytes: Span<UInt8>) {
    self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
  }
}

extension Span where Element == UInt8 {
  /// The number whose bytes begin at `offset`; the caller has checked that they are within the span.
  func load<N: FixedWidthInteger>(_ type: N.Type = N.self, at offset: Int) -> N {
    precondition(offset >= 0 && offset + MemoryLayout<N>.size <= count)
    return unsafe withUnsafeBytes {
      unsafe N(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: N.self))
    }
  }

  /// The number in this machine's byte order whose bytes begin at `offset`, as LMDB's keys of numbers are.
  func loadNative(at offset: Int) -> UInt64 { UInt64(littleEndian: load(UInt64.self, at: offset)) }

  /// The UUID whose 16 bytes begin at `offset`.
  func loadUUID(at offset: Int) -> UUID128 {
    UUID128(
      high: load(UInt64.self, at: offset).byteSwapped, low: load(UInt64.self, at: offset + 8).byteSwapped)
  }

  /// Whether every byte is zero.
  var isZero: Bool {
    var index = 0
    while index &+ 8 <= count {
      if load(UInt64.self, at: index) != 0 { return false }
      index &+= 8
    }
    while index < count {
      if self[index] != 0 { return false }
      index &+= 1
    }
    return true
  }
}

/// A cursor over bytes whose every read checks the bounds, so that no input traps.
struct ByteReader {
  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var remainingCount: Int { bytes.count - offset }

  /// The next number, or nil at the end.
  mutating func next<N: FixedWidthInteger>(_ type: N.Type = N.self) -> N? {
    guard remainingCount >= MemoryLayout<N>.size else { return nil }
    defer { offset += MemoryLayout<N>.size }
    return bytes.span.load(N.self, at: offset)
  }

  /// The next `count` bytes copied, or nil when fewer remain.
  mutating func next(count: Int) -> [UInt8]? {
    guard count >= 0, remainingCount >= count else { return nil }
    defer { offset += count }
    return Array(bytes[offset..<(offset + count)])
  }

  /// The next string: a 16-bit count of bytes and UTF-8, or nil when it is cut short or not UTF-8.
  mutating func nextString() -> String? {
    guard let count = next(UInt16.self), let text = next(count: Int(count)) else { return nil }
    return String(validating: text, as: UTF8.self)
  }
}

extension Array where Element == UInt8 {
  /// Appends what `ByteReader.nextString` reads; names here are far below the 65,535 bytes that fit.
  mutating func append(string: String) {
    precondition(string.utf8.count <= Int(UInt16.max))
    append(littleEndian: UInt16(string.utf8.count))
    append(contentsOf: string.utf8)
  }
}
