import Testing
import VectorModel

@Suite struct PrefaceTests {
  @Test func bothSidesAgree() throws {
    for kind in FrameChecksum.Kind.allCases {
      let preface = Preface.client(kind)
      #expect(try Preface(decoding: preface.bytes) == preface)
      let answer = try Preface(decoding: preface.answer().bytes)
      #expect(answer.agreed == kind)
    }
  }

  @Test func aRangeOfVersionsIsNegotiated() {
    let version = Preface.version
    #expect(Preface(version: 0, versionMax: 9, checksum: 1).answer().version == version)
    #expect(Preface(version: version + 1, versionMax: 9, checksum: 1).answer().version == 0)
    #expect(Preface(version: 0, versionMax: version - 1, checksum: 1).answer().version == 0)
    #expect(Preface(version: version + 1, versionMax: 9, checksum: 1).answer().agreed == nil)
    #expect(Preface(version: 9, versionMax: 0, checksum: 1).answer().version == 0)
  }

  @Test func anUnknownChecksumIsRefused() {
    let answer = Preface(version: 1, versionMax: 1, checksum: 3).answer()
    #expect(answer.checksum == 0)
    #expect(answer.agreed == nil)
  }

  @Test func anotherProtocolIsTold() {
    for text in ["GET / HTTP/1.1\r\n", "\u{16}\u{03}\u{01}0123456789abc"] {
      #expect(throws: RequestError.self) { try Preface(decoding: Array(text.utf8)) }
    }
    let bytes = Preface.client(.crc32c).bytes
    for index in 0..<8 {
      var flipped = bytes
      flipped[index] ^= 0x20
      #expect(throws: RequestError.self) { try Preface(decoding: flipped) }
    }
  }
}
