/// How one part is searched.
package struct PartSearchOptions: Sendable {
  /// Neighbours wanted.
  package var limit: Int
  /// Candidates kept while the graph is traversed; at least `limit` are.
  package var ef: Int
  /// Compare every accepted row by its full vector.
  package var exact: Bool
  /// Candidates by code that are rescored by their full vectors, as a multiple of `limit`; nil: what the codes need.
  package var oversampling: Float?
  /// Compare by full vectors wherever codes would do.
  package var ignoresCodes = false
  /// Whether the best candidates by code are compared by their full vectors; otherwise codes' distances are answered.
  package var rescores = true
  /// Takes this plan instead of the planner's, where the part allows it.
  package var plan: SearchPlan?

  /// What neighbours are nearer than; others may be found or missed. Nil: as near as there are.
  package var bound: Float?

  package init(
    limit: Int, ef: Int = 100, exact: Bool = false, oversampling: Float? = nil, plan: SearchPlan? = nil
  ) {
    self.limit = limit
    self.ef = ef
    self.exact = exact
    self.oversampling = oversampling
    self.plan = plan
  }

  /// Accepted rows up to which a score of steps is scanned for.
  private static let steppedScanRowsMax = 1 << 17

  /// Provides for a score that is the same on either side of a step but for a trifle: walks see no way up from there,
  /// and missed one of six of the best ten with an ef of 120.
  mutating func prepareForSteps(accepted: Int) {
    if plan == nil, !exact, accepted <= Self.steppedScanRowsMax { plan = .codeScan }
    ef = 4 * max(ef, limit)
  }
}
