import Testing

@testable import VectorStorage

@Suite struct CRC32CTests {
  /// The check values of RFC 3720, appendix B.4.
  @Test func knownValues() {
    let ascending = (0..<32).map { UInt8($0) }
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32).span) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32).span) == 0x62A8_AB43)
    #expect(CRC32C.checksum(ascending.span) == 0x46DD_794E)
    #expect(CRC32C.checksum(Array("123456789".utf8).span) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8]().span) == 0)
  }

  @Test func pathsAgreeAtAllLengthsAndOffsets() {
    var random = SplitMix64()
    let bytes = random.bytes(count: 20_000)
    for length in Array(0...1100) + [2047, 2048, 6143, 6144, 6145, 12_288, 19_000] {
      let start = Int.random(in: 0...(bytes.count - length), using: &random)
      let initial = UInt32(truncatingIfNeeded: random.next())
      let results = CRC32C.checksumsByPath(
        bytes.span.extracting(start..<(start + length)), continuing: initial)
      #expect(Set(results).count == 1, "length \(length), offset \(start), seed \(random.seed)")
    }
  }

  @Test func piecesEqualTheWhole() {
    var random = SplitMix64()
    let bytes = random.bytes(count: 10_000)
    for _ in 0..<100 {
      let cut = Int.random(in: 0...bytes.count, using: &random)
      var checksum = CRC32C()
      checksum.update(bytes.span.extracting(0..<cut))
      checksum.update(bytes.span.extracting(cut..<bytes.count))
      #expect(checksum.value == CRC32C.checksum(bytes.span), "cut at \(cut), seed \(random.seed)")
    }
  }
}
