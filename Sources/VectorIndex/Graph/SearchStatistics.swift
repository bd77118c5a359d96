/// How one part was searched.
package enum SearchPlan: String, Sendable {
  /// No row is accepted or the part has none.
  case empty
  /// Every accepted row was compared by its full vector.
  case exactScan = "exact_scan"
  /// Every accepted row was compared by its code, the nearest by their full vectors.
  case codeScan = "code_scan"
  /// The graph was traversed; where a filter was given, through all rows, collecting accepted ones.
  case traversal
  /// The graph was traversed over accepted rows, through rejected neighbours to their neighbours.
  case twoHopTraversal = "two_hop_traversal"
  /// The links among the rows with one value of a payload field were traversed.
  case valueTraversal = "value_traversal"
}

/// What searches cost; add up over parts and queries.
package struct SearchStatistics: Sendable, Equatable {
  /// Plans in the order in which parts were searched.
  package var plans: [SearchPlan] = []
  /// Nodes whose links were read.
  package var visitedNodesCount = 0
  /// Distances computed on 8-bit codes.
  package var codeDistancesCount = 0
  /// Distances computed on float32 vectors, rescoring included.
  package var floatDistancesCount = 0

  package init() {}

  /// Adds what another part's search cost.
  package mutating func add(_ other: SearchStatistics) {
    plans += other.plans
    visitedNodesCount += other.visitedNodesCount
    codeDistancesCount += other.codeDistancesCount
    floatDistancesCount += other.floatDistancesCount
  }
}
