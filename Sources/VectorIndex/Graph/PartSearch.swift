/// One search of one part: finds candidates with a coarse scorer, and scores the best of them with a fine one.
@unsafe struct PartSearch {
  let part: VectorPart
  let plan: SearchPlan
  let options: PartSearchOptions
  let accept: RowFilter?
  let scratch: SearchScratch
  var statistics: SearchStatistics

  /// Accepted rows that a walk over accepted rows begins from, besides where the descent ends.
  private static var seedsCount: Int { 16 }

  mutating func nearest<Coarse: RowScorer, Fine: RowScorer>(coarse: Coarse, fine: Fine) -> [Neighbor] {
    let limit = unsafe min(options.limit, accept?.cardinality ?? part.count)
    var pool = unsafe candidates(coarse, limit: limit)
    if !coarse.usesCodes || fine.usesCodes { return unsafe Self.neighbours(pool, limit: limit) }
    return unsafe rescore(&pool, fine, limit: limit)
  }

  private mutating func candidates<Scorer: RowScorer>(_ scorer: Scorer, limit: Int) -> CandidatePool {
    switch unsafe plan {
    case .empty, .exactScan, .codeScan: return unsafe scan(scorer, limit: limit)
    case .traversal, .twoHopTraversal: break
    }
    guard let graph = unsafe part.graph else { return unsafe scan(scorer, limit: limit) }
    let layer = graph.layers[0]
    let capacity = unsafe min(max(options.ef, limit), part.count)
    var traversal = unsafe Traversal(scorer: scorer, scratch: scratch)
    unsafe scratch.beginVisiting(count: layer.count)
    var pool = unsafe scratch.candidates(capacity: capacity)
    guard let accept = unsafe accept else {
      unsafe scorer.begin(&traversal, graph, &pool)
      unsafe traversal.expand(layer, &pool)
      unsafe record(scorer, visited: traversal.visitedCount, compared: traversal.comparedCount)
      return unsafe pool
    }
    let found = unsafe filtered(&traversal, graph, accept: accept, pool: &pool)
    unsafe record(scorer, visited: traversal.visitedCount, compared: traversal.comparedCount)
    if let found = unsafe found { return unsafe found }
    unsafe statistics.plans.append(.codeScan)
    return unsafe scan(scorer, limit: limit)
  }

  /// Walks with a filter; nil when it costs more than to scan.
  private func filtered<Scorer: RowScorer>(
    _ traversal: inout Traversal<Scorer>, _ graph: GraphLinks, accept: RowFilter, pool: inout CandidatePool
  ) -> CandidatePool? {
    let layer = graph.layers[0]
    let comparedMax = accept.cardinality / 2
    return unsafe accept.rows.words.withUnsafeBufferPointer { words -> CandidatePool? in
      guard let accepted = words.baseAddress else { return nil }
      var candidates = unsafe scratch.results(capacity: 16 * pool.capacity)
      unsafe traversal.scorer.begin(&traversal, graph, &candidates)
      for index in unsafe 0..<candidates.count {
        let entry = unsafe candidates.entries[index]
        let row = unsafe CandidatePool.node(entry)
        if accept.rows[Int(row)] {
          unsafe pool.offer(row, CandidatePool.distance(entry))
        } else if unsafe plan == .twoHopTraversal {
          unsafe traversal.lookThrough(layer, row, &pool, accepted: accepted)
        }
      }
      if unsafe plan == .twoHopTraversal {
        unsafe seed(&traversal, &pool, accept.rows)
        return unsafe traversal.expandAccepted(layer, &pool, accepted: accepted, comparedMax: comparedMax)
          ? pool : nil
      }
      return unsafe traversal.collect(
        layer, candidates: &candidates, results: &pool, accepted: accepted, comparedMax: comparedMax)
        ? pool : nil
    }
  }

  /// Offers accepted rows spread over the part, so that a walk begins somewhere even when nothing near is accepted.
  private func seed<Scorer: RowScorer>(
    _ traversal: inout Traversal<Scorer>, _ pool: inout CandidatePool, _ accepted: Bitset
  ) {
    let wordsCount = accepted.words.count
    for seed in unsafe 0..<Self.seedsCount {
      let start = unsafe wordsCount * seed / Self.seedsCount
      guard let word = accepted.words[start...].prefix(64).firstIndex(where: { $0 != 0 }) else { continue }
      let row = UInt32(word * 64 + accepted.words[word].trailingZeroBitCount)
      if unsafe scratch.visited[Int(row)] == scratch.epoch { continue }
      unsafe scratch.visited[Int(row)] = scratch.epoch
      let distance = unsafe traversal.distance(ofRow: row)
      unsafe pool.offer(row, distance)
    }
  }

  private mutating func scan<Scorer: RowScorer>(_ scorer: Scorer, limit: Int) -> CandidatePool {
    let capacity =
      unsafe scorer.usesCodes
      ? rescoredCount(limit: limit, oversampling: max(options.oversampling, 4)) : limit
    var pool = unsafe scratch.candidates(capacity: capacity)
    var scan = unsafe RowScan(scorer: scorer, scratch: scratch)
    unsafe scan.run(0..<part.count, accepted: accept?.rows, into: &pool)
    unsafe record(scorer, visited: 0, compared: scan.comparedCount)
    return unsafe pool
  }

  /// Scores the best candidates again.
  private mutating func rescore<Fine: RowScorer>(
    _ pool: inout CandidatePool, _ fine: Fine, limit: Int
  ) -> [Neighbor] {
    let oversampling: Float = unsafe plan == .codeScan ? max(options.oversampling, 4) : options.oversampling
    let count = unsafe min(pool.count, rescoredCount(limit: limit, oversampling: oversampling))
    var results = unsafe scratch.results(capacity: limit)
    var scan = unsafe RowScan(scorer: fine, scratch: scratch)
    var done = 0
    while done < count {
      let part = min(count - done, SearchScratch.batchMax)
      for index in 0..<part {
        unsafe scratch.batchRows[index] = CandidatePool.node(pool.entries[done + index])
      }
      unsafe scan.offer(scratch.batchRows, first: 0, count: part, numbering: 0, into: &results)
      done += part
    }
    unsafe record(fine, visited: 0, compared: scan.comparedCount)
    return unsafe Self.neighbours(results, limit: limit)
  }

  private func rescoredCount(limit: Int, oversampling: Float) -> Int {
    let wanted = Double(limit) * Double(max(oversampling, 1))
    return unsafe min(part.count, wanted < 1e9 ? Int(wanted.rounded(.up)) : part.count)
  }

  private mutating func record<Scorer: RowScorer>(_ scorer: Scorer, visited: Int, compared: Int) {
    let distances = compared * scorer.distancesPerRow
    unsafe statistics.visitedNodesCount += visited
    if scorer.usesCodes {
      unsafe statistics.codeDistancesCount += distances
    } else {
      unsafe statistics.floatDistancesCount += distances
    }
  }

  static func neighbours(_ pool: CandidatePool, limit: Int) -> [Neighbor] {
    let count = unsafe min(pool.count, limit)
    return unsafe [Neighbor](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        let entry = unsafe pool.entries[index]
        unsafe buffer.initializeElement(
          at: index, to: Neighbor(row: CandidatePool.node(entry), distance: CandidatePool.distance(entry)))
      }
      initialized = count
    }
  }
}
