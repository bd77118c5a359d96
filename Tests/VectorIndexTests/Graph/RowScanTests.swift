import Testing
import VectorModel

@testable import VectorIndex

@Suite struct RowScanTests {
  /// Ranges of rows whose bits begin anywhere, with few and with many of them set.
  @Test(arguments: [0, 0.001, 0.02, 0.5, 1]) func acceptedRowsAreOfferedOnceEach(share: Double) {
    var random = SplitMix64(state: 21)
    let count = 20_000
    let rows = SyntheticRows(count: count, dimension: 2, distance: .euclid, seed: 21)
    let table = VectorTable(
      vectors: rows.memory, count: count, dimension: 2, element: .float32, distance: .euclid)
    let scratch = SearchScratch()
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(64, table.queryByteCount), alignment: 64)
    defer { unsafe memory.deallocate() }
    for _ in 0..<40 {
      let offset = Int.random(in: 0..<200, using: &random)
      let first = Int.random(in: 0..<count, using: &random)
      let range = first..<Int.random(in: first...count, using: &random)
      var accepted = Bitset(count: count + offset)
      for bit in 0..<accepted.count where Double.random(in: 0..<1, using: &random) < share {
        accepted[bit] = true
      }
      var pool = unsafe scratch.candidates(capacity: count)
      var scan = unsafe RowScan(scorer: table.scorer(ofRow: 7, memory: memory), scratch: scratch)
      unsafe scan.run(range, numbering: 5, accepted: accepted, acceptedOffset: offset, into: &pool)
      let found = unsafe (0..<pool.count).map { unsafe Int(CandidatePool.node(pool.entries[$0])) }.sorted()
      let expected = range.filter { accepted[$0 + offset] }
      #expect(found == expected.map { $0 + 5 }, "seed 21, \(range) from bit \(offset)")
      #expect(unsafe scan.comparedCount == expected.count)
    }
  }
}
