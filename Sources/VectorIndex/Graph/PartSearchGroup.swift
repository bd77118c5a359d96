/// Searches of one part for single vectors, by one plan and with one filter, that a thread has under way together: they
/// wait for memory together, and what they read is read once.
@unsafe struct PartSearchGroup<Coarse: RowScorer> {
  private let part: VectorPart
  private let targets: [SearchTarget]
  private let planned: [PlannedSearch]
  private let accept: RowFilter?
  private let scratch: SearchScratch
  private let coarse: (PreparedTarget) -> Coarse

  /// - Parameters:
  ///   - planned: of each target; they go with each other, and none is empty
  ///   - coarse: what compares rows with a target first
  init(
    _ part: VectorPart, _ targets: [SearchTarget], _ planned: [PlannedSearch], _ accept: RowFilter?,
    _ scratch: SearchScratch, coarse: @escaping (PreparedTarget) -> Coarse
  ) {
    unsafe self.part = part
    unsafe self.targets = targets
    unsafe self.planned = planned
    unsafe self.accept = accept
    unsafe self.scratch = scratch
    unsafe self.coarse = coarse
  }

  /// A search that is under way, in a lane of the scratch that is its own.
  @unsafe private final class Lane {
    let index: Int
    var search: PartSearch
    let coarse: Coarse
    let fine: VectorScorer

    init(index: Int, search: PartSearch, coarse: Coarse, fine: VectorScorer) {
      unsafe self.index = index
      unsafe self.search = search
      unsafe self.coarse = coarse
      unsafe self.fine = fine
    }
  }

  private func lane(_ number: Int, for index: Int) -> Lane {
    let scratch = unsafe scratch.lane(number)
    let prepared = unsafe PreparedTarget(
      targets[index], over: part, codes: planned[index].codes, scratch: scratch)
    return unsafe Lane(
      index: index, search: PartSearch(part: part, planned[index], accept, scratch: scratch),
      coarse: coarse(prepared), fine: prepared.vectorScorer(over: part.table))
  }

  /// The neighbours that each search finds, as it would alone.
  /// - Parameter statistics: what each cost is added
  func nearest(_ statistics: inout [SearchStatistics]) -> [[Neighbor]] {
    switch unsafe planned[0].plan {
    case .codeScan, .exactScan: return unsafe scanned(&statistics)
    case .traversal, .twoHopTraversal, .valueTraversal, .empty: break
    }
    var first = unsafe lane(0, for: 0)
    if let graph = unsafe planned[0].graph, unsafe first.search.beginsWithWalk {
      return unsafe walked(graph, first, &statistics)
    }
    return unsafe targets.indices.map { index in
      if index > 0 { unsafe first = lane(0, for: index) }
      defer { unsafe statistics[index].add(first.search.statistics) }
      return unsafe first.search.nearest(coarse: first.coarse, fine: first.fine)
    }
  }

  /// Walks take turns; where one ends, the next target's begins.
  private func walked(
    _ graph: GraphLinks, _ first: Lane, _ statistics: inout [SearchStatistics]
  ) -> [[Neighbor]] {
    var found = [[Neighbor]](repeating: [], count: unsafe targets.count)
    var next = unsafe min(WalkGroup.countMax, targets.count)
    var lanes = unsafe [first] + (1..<next).map { unsafe lane($0, for: $0) }
    var walks = unsafe lanes.map { unsafe $0.search.begin($0.coarse, graph) }
    var walking: UInt32 = (1 << next) - 1
    while walking != 0 {
      let left = unsafe WalkGroup.expand(&walks, graph, walking: walking)
      for number in unsafe lanes.indices where (walking & ~left) >> number & 1 != 0 {
        if unsafe lanes[number].search.judge(&walks[number]) { continue }
        let index = unsafe lanes[number].index
        found[index] = unsafe lanes[number].search.end(
          &walks[number], lanes[number].coarse, lanes[number].fine)
        unsafe statistics[index].add(lanes[number].search.statistics)
        if unsafe next == targets.count {
          walking &= ~(1 << number)
        } else {
          unsafe lanes[number] = lane(number, for: next)
          unsafe walks[number] = lanes[number].search.begin(lanes[number].coarse, graph)
          next += 1
        }
      }
    }
    return found
  }

  /// Rows are read once for as many as there are lanes.
  private func scanned(_ statistics: inout [SearchStatistics]) -> [[Neighbor]] {
    var found: [[Neighbor]] = []
    while unsafe found.count < targets.count {
      let indices = unsafe found.count..<min(found.count + SearchScratch.lanesMax, targets.count)
      let lanes = unsafe indices.map { unsafe lane($0 - indices.lowerBound, for: $0) }
      var scans = unsafe lanes.map { unsafe RowScan(scorer: $0.coarse, scratch: $0.search.scratch) }
      var pools = unsafe lanes.map { unsafe $0.search.scanPool($0.coarse) }
      unsafe RowBlocks.forEach(0..<part.count, accepted: accept?.rows, scratch) { rows, first, count in
        for number in unsafe scans.indices {
          unsafe scans[number].offer(rows, first: first, count: count, numbering: 0, into: &pools[number])
        }
      }
      for number in unsafe lanes.indices {
        unsafe lanes[number].search.record(
          lanes[number].coarse, visited: 0, compared: scans[number].comparedCount)
        found.append(
          unsafe lanes[number].search.neighbours(
            among: pools[number], lanes[number].coarse, lanes[number].fine))
        unsafe statistics[lanes[number].index].add(lanes[number].search.statistics)
      }
    }
    return found
  }
}
