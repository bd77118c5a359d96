package import VectorModel

extension VectorPart {
  /// The nearest accepted rows, best first, equal distances by row; distances are of full vectors.
  ///
  /// - Parameters:
  ///   - accept: rows that may be returned, one bit a row of this part; nil: all
  ///   - scratch: the calling thread's
  ///   - statistics: what this search cost is added
  /// - Throws: `badRequest` for a target of another dimension or without examples.
  package func search(
    _ target: SearchTarget, options: PartSearchOptions, accept: RowFilter? = nil, scratch: SearchScratch,
    statistics: inout SearchStatistics
  ) throws(RequestError) -> [Neighbor] {
    try target.check(dimension: dimension)
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
    statistics.plans.append(value != nil && walks ? .valueTraversal : plan)
    if plan == .empty { return [] }
    let usesFloats = plan == .exactScan || codes == nil || options.ignoresCodes
    let prepared = unsafe PreparedTarget(
      target, dimension: dimension, element: element, codes: usesFloats ? nil : value?.graph.codes ?? codes,
      scratch: scratch)
    var run = unsafe PartSearch(
      part: self, plan: plan, options: options, accept: accept, graph: value?.graph.graph ?? graph,
      linkedCount: planner.linkedCount, unlinked: value?.unlinked ?? [], scratch: scratch,
      statistics: statistics)
    let neighbours: [Neighbor]
    if unsafe prepared.isSingle {
      let fine = unsafe prepared.vectorScorer(over: table)
      neighbours =
        unsafe usesFloats
        ? run.nearest(coarse: fine, fine: fine) : run.nearest(coarse: prepared.codeScorer, fine: fine)
    } else {
      let fine = unsafe prepared.vectorExamples(over: table)
      neighbours =
        unsafe usesFloats
        ? run.nearest(coarse: fine, fine: fine) : run.nearest(coarse: prepared.codeExamples, fine: fine)
    }
    statistics = unsafe run.statistics
    return neighbours
  }
}
