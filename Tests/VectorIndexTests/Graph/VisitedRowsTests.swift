import Testing

@testable import VectorIndex

@Suite struct VisitedRowsTests {
  /// Few rows, of which all bits are cleared, and many, of which those that were visited are listed; walks that visit
  /// none, some, as many as are listed, and more.
  @Test(arguments: [1, 31, 32, 33, 5000, 131_072, 131_073, 200_001], [0, 1, 500, 4096, 4097, 9000])
  func theyAreKnownUntilTheNextWalk(count: Int, visits: Int) {
    var random = SplitMix64(state: 61)
    let visited = unsafe VisitedRows(count: count)
    defer { unsafe visited.deallocate() }
    #expect(unsafe visited.capacity >= count)
    for walk in 0..<4 {
      var expected: Set<UInt32> = []
      while expected.count < min(visits, count) {
        // One by one, and several that are noted together.
        if Bool.random(using: &random) {
          let row = UInt32.random(in: 0..<UInt32(count), using: &random)
          #expect(unsafe visited.insert(row) == expected.insert(row).inserted)
        } else {
          let rows = (0..<7).map { _ in UInt32.random(in: 0..<UInt32(count), using: &random) }
          let marked = rows.filter { unsafe visited.mark($0) }
          #expect(marked == rows.filter { expected.insert($0).inserted })
          unsafe visited.note(marked, count: marked.count)
        }
      }
      let known = (0..<UInt32(count)).filter { unsafe visited.contains($0) }
      #expect(known == expected.sorted(), "seed 61, walk \(walk)")
      unsafe visited.clear()
      #expect(!(0..<UInt32(count)).contains { unsafe visited.contains($0) }, "seed 61, walk \(walk)")
    }
  }
}
