import VectorModel

/// Both checksums bit by bit, as their definitions have them: reflected, begun and ended with ones.
enum ReferenceChecksum {
  static func of(_ kind: FrameChecksum.Kind) -> FrameChecksum {
    let polynomial: UInt32 =
      switch kind {
      case .crc32c: 0x82F6_3B78
      case .crc32: 0xEDB8_8320
      }
    return FrameChecksum(kind: kind) { start, bytes in
      var checksum = ~start
      for index in 0..<bytes.count {
        checksum ^= UInt32(bytes[index])
        for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ polynomial : checksum >> 1 }
      }
      return ~checksum
    }
  }
}
