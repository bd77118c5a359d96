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
    let plan = plan(options, accepted: accept?.cardinality ?? count, examples: target.examples.count)
    statistics.plans.append(plan)
    if plan == .empty { return [] }
    let prepared = unsafe PreparedTarget(target, dimension: dimension, codes: codes, scratch: scratch)
    let base = unsafe floats.row(0)
    var run = unsafe PartSearch(
      part: self, plan: plan, options: options, accept: accept, scratch: scratch, statistics: statistics)
    let neighbours: [Neighbor]
    if unsafe prepared.isSingle {
      let fine = unsafe prepared.floatScorer(base: base, distance: distance)
      neighbours =
        unsafe plan == .exactScan || codes == nil
        ? run.nearest(coarse: fine, fine: fine) : run.nearest(coarse: prepared.codeScorer, fine: fine)
    } else {
      let fine = unsafe prepared.floatExamples(base: base, distance: distance)
      neighbours =
        unsafe plan == .exactScan || codes == nil
        ? run.nearest(coarse: fine, fine: fine) : run.nearest(coarse: prepared.codeExamples, fine: fine)
    }
    statistics = unsafe run.statistics
    return neighbours
  }

  /// Chooses how to search, by the number of accepted rows.
  ///
  /// Scanning codes costs about the same for each accepted row; a traversal costs about the same whatever N is, and
  /// more the fewer of the rows it meets are accepted.
  func plan(_ options: PartSearchOptions, accepted: Int, examples: Int) -> SearchPlan {
    if accepted == 0 || count == 0 || options.limit <= 0 { return .empty }
    if options.exact { return .exactScan }
    let scan: SearchPlan = codes == nil ? .exactScan : .codeScan
    guard graph != nil else { return scan }
    if let forced = options.plan {
      return forced == .codeScan ? scan : forced
    }
    let ef = max(options.ef, options.limit)
    let fewRows = max(
      Self.fullScanRowsMax(dimension: dimension, parameters: parameters),
      ef * PlannerCosts.scannedRowsPerCandidate)
    if accepted <= fewRows { return scan }
    return accepted * 100 < count * PlannerCosts.twoHopBelowPercent ? .twoHopTraversal : .traversal
  }
}

/// Where the plans cross, measured on 50,000 × 384 (`Benchmarks/SearchCore`).
enum PlannerCosts {
  /// Rows whose codes can be scanned in the time that a traversal spends on one of its ef candidates.
  static let scannedRowsPerCandidate = 40
  /// Share of accepted rows below which walking over accepted rows only is faster than collecting them on the way.
  static let twoHopBelowPercent = 60
}
