import Testing
import VectorModel

@testable import VectorServer

@Suite struct ChecksumTests {
  @Test func knownValues() {
    let text = Array("123456789".utf8)
    #expect(FrameChecksum.of(.crc32c).update(0, text.span) == 0xE306_9283)
    #expect(FrameChecksum.of(.crc32).update(0, text.span) == 0xCBF4_3926)
  }

  @Test(arguments: [(FrameChecksum.Kind.crc32c, UInt32(0x82F6_3B78)), (.crc32, 0xEDB8_8320)])
  func allLengthsAgreeWithTheDefinition(kind: FrameChecksum.Kind, polynomial: UInt32) {
    let bytes = (0..<700).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ 31 &* $0) }
    let checksum = FrameChecksum.of(kind)
    for start in [0, 1, 7] {
      var expected: UInt32 = ~0x1234_5678
      for count in 0..<(bytes.count - start) {
        #expect(
          checksum.update(0x1234_5678, bytes.span.extracting(start..<(start + count))) == ~expected,
          "\(count) bytes from \(start)")
        expected ^= UInt32(bytes[start + count])
        for _ in 0..<8 { expected = expected & 1 == 1 ? expected >> 1 ^ polynomial : expected >> 1 }
      }
    }
  }
}
