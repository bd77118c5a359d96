import CChecksum

/// Why an isolated process gave no answer: it ended, took too long, or its bytes make no sense.
struct IsolatedFault: Error, Sendable, Equatable {
  var reason: String
  var standardErrorTail = ""
  /// Whether the time limit was over: then another attempt would take as long.
  var isTimeout = false

  init(_ reason: String, standardErrorTail: String = "", isTimeout: Bool = false) {
    self.reason = reason
    self.standardErrorTail = standardErrorTail
    self.isTimeout = isTimeout
  }
}

/// One message on the pipe to or from an isolated process: `length (u32) | CRC32C of the body (u32) | body`, all
/// little-endian. Foreign code shares the process, so its bytes are not trusted.
enum IsolatedFrame {
  static let headerBytes = 8
  /// A larger body is refused by both sides.
  static let bodyBytesMax = 256 << 20

  static func encode(_ body: [UInt8]) throws(IsolatedFault) -> [UInt8] {
    guard body.count <= bodyBytesMax else {
      throw IsolatedFault("a message has \(body.count) bytes, the limit is \(bodyBytesMax)")
    }
    return UInt32(body.count).littleEndianBytes + checksum(body).littleEndianBytes + body
  }

  /// The body's length and checksum.
  ///
  /// - Throws: for a length over the limit.
  static func header(_ bytes: ArraySlice<UInt8>) throws(IsolatedFault) -> (byteCount: Int, checksum: UInt32) {
    let byteCount = Int(UInt32(littleEndianBytes: bytes.prefix(4)))
    guard byteCount <= bodyBytesMax else {
      throw IsolatedFault("a message announces \(byteCount) bytes, the limit is \(bodyBytesMax)")
    }
    return (byteCount, UInt32(littleEndianBytes: bytes.dropFirst(4).prefix(4)))
  }

  /// - Throws: where the body is not what was sent.
  static func verify(_ body: [UInt8], _ checksum: UInt32) throws(IsolatedFault) {
    guard Self.checksum(body) == checksum else {
      throw IsolatedFault("a message of \(body.count) bytes has the wrong checksum")
    }
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 { unsafe nt_crc32c(0, bytes, bytes.count) }
}

/// Cuts frames out of a stream of blocks.
struct IsolatedFrameReader: Sendable {
  private var bytes: [UInt8] = []

  mutating func append(_ block: [UInt8]) { bytes += block }

  /// The body of the next whole frame; nil until more bytes come.
  mutating func next() throws(IsolatedFault) -> [UInt8]? {
    guard bytes.count >= IsolatedFrame.headerBytes else { return nil }
    let header = try IsolatedFrame.header(bytes[...])
    let end = IsolatedFrame.headerBytes + header.byteCount
    guard bytes.count >= end else { return nil }
    let body = Array(bytes[IsolatedFrame.headerBytes..<end])
    bytes.removeFirst(end)
    try IsolatedFrame.verify(body, header.checksum)
    return body
  }
}

extension UInt32 {
  init(littleEndianBytes bytes: ArraySlice<UInt8>) {
    self = bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  var littleEndianBytes: [UInt8] {
    [
      UInt8(truncatingIfNeeded: self), UInt8(truncatingIfNeeded: self >> 8),
      UInt8(truncatingIfNeeded: self >> 16), UInt8(truncatingIfNeeded: self >> 24),
    ]
  }
}

extension [Float] {
  /// - Precondition: a multiple of four bytes.
  init(littleEndianBytes bytes: ArraySlice<UInt8>) {
    precondition(bytes.count % 4 == 0)
    self = unsafe [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
      count = bytes.count / 4
      unsafe UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
      #if _endian(big)
        for index in 0..<count {
          unsafe buffer[index] = Float(bitPattern: buffer[index].bitPattern.byteSwapped)
        }
      #endif
    }
  }

  var littleEndianBytes: [UInt8] {
    #if _endian(big)
      return flatMap { $0.bitPattern.littleEndianBytes }
    #else
      return unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    #endif
  }
}
