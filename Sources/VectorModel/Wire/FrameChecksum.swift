/// The checksum of the frames of one connection. The algorithm itself is handed in: this module links no C.
package struct FrameChecksum: Sendable {
  package enum Kind: UInt8, CaseIterable, Sendable {
    /// CRC-32C (Castagnoli), the protocol's own: processors have an instruction for it.
    case crc32c = 1
    /// CRC-32 (ISO-HDLC, as in zlib), for languages whose standard library has no other.
    case crc32 = 2
  }

  package let kind: Kind
  /// The checksum of a text that goes on with these bytes; it begins with 0.
  package let update: @Sendable (_ checksum: UInt32, _ bytes: Span<UInt8>) -> UInt32

  package init(kind: Kind, update: @escaping @Sendable (UInt32, Span<UInt8>) -> UInt32) {
    self.kind = kind
    self.update = update
  }
}
