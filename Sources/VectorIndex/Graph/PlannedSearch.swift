import VectorModel

/// How one target is searched in one part.
final class PlannedSearch: Sendable {
  let plan: SearchPlan
  /// What `explain` calls it.
  let name: SearchPlan
  /// Fitted to the part.
  let options: PartSearchOptions
  /// The links to walk, how many rows they lead to, and accepted rows that they do not lead to.
  let graph: GraphLinks?
  let linkedCount: Int
  let unlinked: [UInt32]
  /// The codes that are compared first; nil where rows are compared by their full vectors only.
  let codes: CodeTable?

  init(
    plan: SearchPlan, name: SearchPlan, options: PartSearchOptions, graph: GraphLinks?, linkedCount: Int,
    unlinked: [UInt32], codes: CodeTable?
  ) {
    self.plan = plan
    self.name = name
    self.options = options
    self.graph = graph
    self.linkedCount = linkedCount
    self.unlinked = unlinked
    self.codes = codes
  }

  /// Whether a search can take the same way through the same rows.
  func goes(with other: PlannedSearch) -> Bool {
    plan == other.plan && name == other.name && linkedCount == other.linkedCount
      && (codes == nil) == (other.codes == nil)
  }
}

extension VectorPart {
  /// - Parameters:
  ///   - options: as they were asked for
  ///   - accept: the rows that may be returned; nil: all
  func planned(
    _ target: SearchTarget, _ options: PartSearchOptions, _ accept: RowFilter?
  ) -> PlannedSearch {
    precondition(accept == nil || accept?.rows.count == count)
    var options = options
    options.limit = min(options.limit, count)
    if let codes, options.oversampling == nil {
      options.oversampling = codes.format.oversampling
      // Codes of a bit lead a walk so roughly that it keeps as many candidates as are rescored.
      if codes.format.bits == 1, !options.ignoresCodes { options.ef = max(options.ef, options.rescoredCount) }
    }
    let accepted = accept?.cardinality ?? count
    if case .discover = target { options.prepareForSteps(accepted: accepted) }
    options.ef = min(options.ef, count)
    var planner = SearchPlanner(part: self, options: options, accepted: accepted)
    let value = planner.looksForValue ? accept.flatMap { valueGraph(of: $0) } : nil
    if let value { planner.linkedCount = value.graph.cardinality }
    let plan = planner.plan
    let walks = plan == .traversal || plan == .twoHopTraversal
    let usesVectors = plan == .exactScan || options.ignoresCodes
    return PlannedSearch(
      plan: plan, name: value != nil && walks ? .valueTraversal : plan, options: options,
      graph: value?.graph.graph ?? graph, linkedCount: planner.linkedCount, unlinked: value?.unlinked ?? [],
      codes: usesVectors || codes == nil ? nil : value?.graph.codes ?? codes)
  }
}
