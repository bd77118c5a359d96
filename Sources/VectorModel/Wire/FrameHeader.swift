/// The sixteen bytes before a frame's body.
///
///     0  4  checksum of everything behind these four bytes
///     4  4  length of the body in bytes
///     8  1  opcode
///     9  1  flags
///    10  2  zero
///    12  4  request id
///
/// All numbers are little-endian.
package struct FrameHeader: Equatable, Sendable {
  package static let byteCount = 16
  /// Where the checksum begins to count.
  package static let checksumStart = 4

  package var checksum: UInt32
  package var bodyBytes: Int
  /// A raw value of `Opcode`, unless the peer is of another kind.
  package var opcode: UInt8
  package var flags: UInt8
  /// Chosen by the client and repeated in the answer; 0 means the connection itself.
  package var requestID: UInt32

  /// What a frame costs against limits in bytes.
  package var frameBytes: Int { Self.byteCount + bodyBytes }

  /// Reads the first sixteen bytes of `bytes`.
  /// - Throws: `badRequest` where the reserved bytes are not zero.
  init(_ bytes: Span<UInt8>) throws(RequestError) {
    checksum = Self.word(bytes, at: 0)
    bodyBytes = Int(Self.word(bytes, at: 4))
    let middle = Self.word(bytes, at: 8)
    opcode = UInt8(truncatingIfNeeded: middle)
    flags = UInt8(truncatingIfNeeded: middle >> 8)
    requestID = Self.word(bytes, at: 12)
    guard middle >> 16 == 0 else {
      throw .badRequest("the reserved bytes of a frame's header are \(middle >> 16), they must be 0")
    }
  }

  private static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<4 { value |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
    return value
  }
}
