import Testing
import VectorModel

@testable import VectorIndex

@Suite struct CandidatePoolTests {
  /// Offers in batches and one by one, and other capacities now and then, beside a sorted array; few distances, so that
  /// many are equal.
  @Test(arguments: [1, 7, 8, 9, 40, 300]) func theNearestAreKept(capacity: Int) {
    var random = SplitMix64(state: 41)
    let scratch = SearchScratch()
    var pool = unsafe scratch.candidates(capacity: 2 * capacity)
    unsafe pool.resize(capacity: capacity)
    var kept: [(distance: Float, node: UInt32)] = []
    var held = capacity
    for round in 0..<50 {
      let nodes = (0..<UInt32.random(in: 1...40, using: &random)).map { UInt32(round * 40) + $0 }
      let distances = nodes.map { _ in Float(Int.random(in: -20...20, using: &random)) / 4 }
      if round % 3 == 0 {
        for index in nodes.indices { unsafe pool.offer(nodes[index], distances[index]) }
      } else {
        unsafe pool.offer(nodes, distances, count: nodes.count)
      }
      // A node by itself is taken by a full pool only if it is nearer than the farthest at that time; of a batch one as far
      // as that, whose number is less, is taken as well.
      for (node, distance) in zip(nodes, distances)
      where round % 3 > 0 || kept.count < held || distance < kept[held - 1].distance {
        kept.append((distance, node))
        kept.sort { ($0.distance, $0.node) < ($1.distance, $1.node) }
        kept = Array(kept.prefix(held))
      }
      if round % 10 == 9 {
        held = Int.random(in: 1...2 * capacity, using: &random)
        unsafe pool.resize(capacity: held)
        kept = Array(kept.prefix(held))
      }
      let found = unsafe (0..<pool.count).map { unsafe CandidatePool.node(pool.entries[$0]) }
      #expect(found == kept.map(\.node), "seed 41, capacity \(capacity), round \(round)")
      #expect(unsafe pool.worst == (kept.count == held ? kept[held - 1].distance : .infinity))
    }
  }

  @Test func nodesWithoutTheirBitAreDropped() {
    let scratch = SearchScratch()
    var pool = unsafe scratch.candidates(capacity: 100)
    for node in 0..<100 as Range<UInt32> { unsafe pool.offer(node, Float(100 - node)) }
    let rows = Bitset(count: 100, words: [1 << 63 | 1 << 5, 1 << 2])
    #expect(unsafe pool.acceptedCount(of: rows) == 3)
    unsafe pool.keep(rows)
    #expect(unsafe (0..<pool.count).map { unsafe CandidatePool.node(pool.entries[$0]) } == [66, 63, 5])
  }
}
