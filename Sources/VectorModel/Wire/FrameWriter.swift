/// One frame while it is written: the body goes behind room for the header.
package struct FrameWriter {
  /// What is written so far, with sixteen bytes before the body.
  package var body: ByteWriter
  private let opcode: Opcode
  private let flags: UInt8
  private let requestID: UInt32

  private static let emptyHeader = [UInt8](repeating: 0, count: FrameHeader.byteCount)

  /// The longest body: its length has 32 bits.
  package static let bodyBytesMax = Int(UInt32.max)

  package init(_ opcode: Opcode, flags: UInt8 = 0, requestID: UInt32, reservingCapacity capacity: Int = 64) {
    self.opcode = opcode
    self.flags = flags
    self.requestID = requestID
    body = ByteWriter(reservingCapacity: FrameHeader.byteCount + capacity)
    body.raw(Self.emptyHeader)
  }

  /// The length of the body so far.
  package var bodyBytes: Int { body.bytes.count - FrameHeader.byteCount }

  /// The whole frame. `bodyBytes` must not exceed `bodyBytesMax`.
  package consuming func finish(_ checksum: FrameChecksum) -> [UInt8] {
    let length = bodyBytes
    precondition(length <= Self.bodyBytesMax)
    body.bytes.set(UInt32(length), at: 4)
    body.bytes.set(UInt32(opcode.rawValue) | UInt32(flags) << 8, at: 8)
    body.bytes.set(requestID, at: 12)
    body.bytes.set(checksum.update(0, body.bytes.span.extracting(FrameHeader.checksumStart...)), at: 0)
    return body.bytes
  }

  /// Writes over the sequence at the start of a chunk's body.
  package mutating func setSequence(_ sequence: UInt64) {
    body.bytes.set(UInt32(truncatingIfNeeded: sequence), at: FrameHeader.byteCount)
    body.bytes.set(UInt32(truncatingIfNeeded: sequence >> 32), at: FrameHeader.byteCount + 4)
  }

  /// Gives a whole frame another request id.
  package static func readdress(_ frame: inout [UInt8], requestID: UInt32, _ checksum: FrameChecksum) {
    frame.set(requestID, at: 12)
    frame.set(checksum.update(0, frame.span.extracting(FrameHeader.checksumStart...)), at: 0)
  }
}

extension [UInt8] {
  /// Writes over four bytes that stand already.
  fileprivate mutating func set(_ value: UInt32, at offset: Int) {
    for index in 0..<4 { self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
  }
}
