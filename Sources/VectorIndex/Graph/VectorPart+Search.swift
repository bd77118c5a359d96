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
    return search(target, planned(target, options, accept), accept, scratch, &statistics)
  }

  private func search(
    _ target: SearchTarget, _ planned: PlannedSearch, _ accept: RowFilter?, _ scratch: SearchScratch,
    _ statistics: inout SearchStatistics
  ) -> [Neighbor] {
    var run = unsafe PartSearch(part: self, planned, accept, scratch: scratch)
    defer { unsafe statistics.add(run.statistics) }
    if planned.plan == .empty { return [] }
    let prepared = unsafe PreparedTarget(target, over: self, codes: planned.codes, scratch: scratch)
    if unsafe prepared.isSingle {
      let fine = unsafe prepared.vectorScorer(over: table)
      return unsafe planned.codes == nil
        ? run.nearest(coarse: fine, fine: fine) : run.nearest(coarse: prepared.codeScorer, fine: fine)
    }
    let fine = unsafe prepared.vectorExamples(over: table)
    return unsafe planned.codes == nil
      ? run.nearest(coarse: fine, fine: fine) : run.nearest(coarse: prepared.codeExamples, fine: fine)
  }

  /// The same for several targets: those that are searched alike wait for memory together.
  ///
  /// - Parameters:
  ///   - options: as many as targets
  ///   - statistics: as many; what each search cost is added
  package func search(
    _ targets: [SearchTarget], options: [PartSearchOptions], accept: RowFilter? = nil, scratch: SearchScratch,
    statistics: inout [SearchStatistics]
  ) throws(RequestError) -> [[Neighbor]] {
    for target in targets { try target.check(dimension: dimension) }
    let planned = targets.indices.map { self.planned(targets[$0], options[$0], accept) }
    guard targets.count > 1, let first = planned.first, first.plan != .empty,
      planned.allSatisfy({ $0.goes(with: first) }), targets.allSatisfy({ $0.rule == nil })
    else {
      return targets.indices.map { search(targets[$0], planned[$0], accept, scratch, &statistics[$0]) }
    }
    if first.codes == nil {
      let table = table
      let group = unsafe PartSearchGroup(self, targets, planned, accept, scratch) {
        unsafe $0.vectorScorer(over: table)
      }
      return unsafe group.nearest(&statistics)
    }
    let group = unsafe PartSearchGroup(self, targets, planned, accept, scratch) { unsafe $0.codeScorer }
    return unsafe group.nearest(&statistics)
  }
}
