import CChecksum
import VectorModel

extension FrameChecksum {
  /// CRC-32C by the processor's own instructions.
  static let crc32c = FrameChecksum(kind: .crc32c) { checksum, bytes in
    unsafe bytes.withUnsafeBytes { unsafe nt_crc32c(checksum, $0.baseAddress, $0.count) }
  }
}
