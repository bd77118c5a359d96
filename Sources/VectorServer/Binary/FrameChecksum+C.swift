import CChecksum
package import VectorModel

extension FrameChecksum {
  /// The checksum by the processor's own instructions.
  package static func of(_ kind: Kind) -> FrameChecksum {
    switch kind {
    case .crc32c:
      FrameChecksum(kind: kind) { checksum, bytes in
        unsafe bytes.withUnsafeBytes { unsafe nt_crc32c(checksum, $0.baseAddress, $0.count) }
      }
    case .crc32:
      FrameChecksum(kind: kind) { checksum, bytes in
        unsafe bytes.withUnsafeBytes { unsafe nt_crc32(checksum, $0.baseAddress, $0.count) }
      }
    }
  }
}
