/// A walk through a graph that can pause between two steps, and within one.
@unsafe struct Walk<Scorer: RowScorer> {
  var traversal: Traversal<Scorer>
  var pool: CandidatePool
  /// Rows compared in all after which the walk pauses.
  var comparedMax = Int.max

  /// Goes on until the walk ends or pauses.
  mutating func expand(_ graph: GraphLinks) {
    unsafe traversal.expand(graph, &pool, comparedMax: comparedMax)
  }

  /// - Returns: false when the walk has ended or pauses
  @inline(__always)
  fileprivate mutating func gather(_ graph: GraphLinks) -> Bool {
    guard unsafe traversal.comparedCount < comparedMax, unsafe traversal.gather(graph, &pool) else {
      return false
    }
    unsafe traversal.fetchGathered()
    return true
  }

  @inline(__always)
  fileprivate mutating func compareGathered(_ graph: GraphLinks) {
    unsafe traversal.compareGathered(&pool)
    unsafe pool.prefetchUpcoming(Traversal<Scorer>.width, graph.links, graph.slots)
  }
}

/// Walks through one graph that one thread takes by turns.
///
/// A walk reads the links of a row, and then the rows that they lead to: each time it waits for memory, and the turns of
/// the others fill these times.
enum WalkGroup {
  /// Walks at a time; what more of them have visited is too much for the second-level cache.
  static let countMax = 4

  /// Goes on with some walks until one of them ends or pauses.
  ///
  /// - Parameter walking: bit `i` for `walks[i]`
  /// - Returns: the bits of those that are still under way; none where it was a single one
  static func expand<Scorer: RowScorer>(
    _ walks: inout [Walk<Scorer>], _ graph: GraphLinks, walking: UInt32
  ) -> UInt32 {
    if walking & (walking &- 1) == 0 {
      unsafe walks[walking.trailingZeroBitCount].expand(graph)
      return 0
    }
    var left = walking
    while left == walking {
      for index in unsafe walks.indices where walking >> index & 1 != 0 {
        if unsafe !walks[index].gather(graph) { left &= ~(1 << index) }
      }
      for index in unsafe walks.indices where left >> index & 1 != 0 {
        unsafe walks[index].compareGathered(graph)
      }
    }
    return left
  }
}
