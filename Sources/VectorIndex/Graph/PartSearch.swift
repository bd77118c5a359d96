/// One search of one part: finds candidates with a coarse scorer, and scores the best of them with a fine one.
@unsafe struct PartSearch {
  let part: VectorPart
  let plan: SearchPlan
  let options: PartSearchOptions
  let accept: RowFilter?
  /// The links to walk, how many rows they lead to, and accepted rows that they do not lead to.
  let graph: GraphLinks?
  let linkedCount: Int
  let unlinked: [UInt32]
  let scratch: SearchScratch
  var statistics: SearchStatistics

  /// Accepted rows that a walk over accepted rows begins from, besides where the descent ends.
  private static var seedsCount: Int { 16 }
  /// Share of accepted rows from which on a walk takes no notice of the filter.
  private static var droppedShareMin: Double { 0.12 }
  /// Candidates that a walk through all rows keeps for each accepted row that it collects.
  private static var candidatesPerResult: Int { 16 }
  /// What a walk over accepted rows keeps, relative to ef: the links between these are fewer and worse.
  private static var twoHopCapacityPercent: Int { 180 }
  /// Rows that a walk expands in vain before it ends, relative to ef: 8 % fewer comparisons at recall .99 of
  /// debian50k, and 16 % fewer at ef 100, whose recall falls from .988 to .987.
  private static var patiencePercent: Int { 50 }
  private static var patienceMin: Int { 16 }
  /// The same where as many neighbours as are wanted are known from elsewhere already.
  private static var boundedPatiencePercent: Int { 35 }

  mutating func nearest<Coarse: RowScorer, Fine: RowScorer>(coarse: Coarse, fine: Fine) -> [Neighbor] {
    let limit = unsafe min(options.limit, accept?.cardinality ?? part.count)
    var pool = unsafe candidates(coarse, limit: limit)
    if unsafe !coarse.usesCodes || fine.usesCodes || !options.rescores {
      return unsafe Self.neighbours(pool, limit: limit)
    }
    return unsafe rescore(&pool, fine, limit: limit)
  }

  private mutating func candidates<Scorer: RowScorer>(_ scorer: Scorer, limit: Int) -> CandidatePool {
    switch unsafe plan {
    case .empty, .exactScan, .codeScan: return unsafe scan(scorer, limit: limit)
    case .traversal, .twoHopTraversal, .valueTraversal: break
    }
    guard let graph = unsafe graph else { return unsafe scan(scorer, limit: limit) }
    let capacity = unsafe min(walkCapacity, part.count)
    var traversal = unsafe Traversal(scorer: scorer, scratch: scratch)
    unsafe scratch.beginVisiting(count: graph.count)
    var pool = unsafe scratch.candidates(capacity: capacity)
    guard let accept = unsafe accept else {
      unsafe walk(&traversal, graph, &pool, watched: options.rescoredCount)
      unsafe record(scorer, visited: traversal.visitedCount, compared: traversal.comparedCount)
      return unsafe pool
    }
    let walk = unsafe walkAndDrop(&traversal, graph, accept)
    if case .found(var found) = unsafe walk {
      unsafe record(scorer, visited: traversal.visitedCount, compared: traversal.comparedCount)
      unsafe offerUnlinked(scorer, &found)
      return unsafe found
    }
    unsafe scratch.beginVisiting(count: graph.count)
    unsafe pool = scratch.candidates(capacity: capacity)
    let near: [UInt64]? = if case .poor(let near) = unsafe walk { near } else { nil }
    let isFound = unsafe filtered(&traversal, graph, accept, &pool, near: near)
    unsafe record(scorer, visited: traversal.visitedCount, compared: traversal.comparedCount)
    if isFound {
      unsafe offerUnlinked(scorer, &pool)
      return unsafe pool
    }
    unsafe statistics.plans.append(scorer.usesCodes ? .codeScan : .exactScan)
    return unsafe scan(scorer, limit: limit)
  }

  /// Compares the accepted rows that the links do not lead to.
  private mutating func offerUnlinked<Scorer: RowScorer>(_ scorer: Scorer, _ pool: inout CandidatePool) {
    if unsafe unlinked.isEmpty { return }
    var scan = unsafe RowScan(scorer: scorer, scratch: scratch)
    unsafe scan.offer(unlinked, into: &pool)
    unsafe record(scorer, visited: 0, compared: scan.comparedCount)
  }

  private func walk<Scorer: RowScorer>(
    _ traversal: inout Traversal<Scorer>, _ graph: GraphLinks, _ pool: inout CandidatePool, watched: Int
  ) {
    unsafe traversal.scorer.begin(&traversal, graph, &pool)
    unsafe goOn(&traversal, graph, &pool, watched: watched)
  }

  private func goOn<Scorer: RowScorer>(
    _ traversal: inout Traversal<Scorer>, _ graph: GraphLinks, _ pool: inout CandidatePool, watched: Int
  ) {
    unsafe pool.watchedCount = watched
    if let bound = unsafe options.bound { unsafe pool.watchedMax = bound }
    let percent = unsafe options.bound == nil ? Self.patiencePercent : Self.boundedPatiencePercent
    let patience = unsafe max(Self.patienceMin, pool.capacity * percent / 100)
    unsafe traversal.expand(graph, &pool, patience: patience)
  }

  /// Walks as without a filter, and drops the rows that are not accepted: a row costs less than where candidates and
  /// results are two lists, and the walk ends early. How many rows are kept follows from how many are accepted near the
  /// query, of which the first ones compared tell; where that is more than their share had made expect, rows that fell out
  /// until then do not come back.
  ///
  /// - Returns: the accepted rows, where enough are, of all and of those near the query
  private mutating func walkAndDrop<Scorer: RowScorer>(
    _ traversal: inout Traversal<Scorer>, _ graph: GraphLinks, _ accept: RowFilter
  ) -> DroppingWalk {
    let rowsCount = unsafe linkedCount
    let share = min(1, Double(accept.cardinality) / Double(rowsCount))
    guard unsafe plan == .traversal && share >= Self.droppedShareMin else { return unsafe .tooFew }
    let wanted = unsafe Double(planner(accept).resultsCount)
    // So many are rarely fewer than are wanted.
    let drawn = wanted + 1.5 * (wanted * (1 - share)).squareRoot()
    let poorest = unsafe share * WalkFilter.richnessMin
    return unsafe accept.rows.words.withUnsafeBufferPointer { words -> DroppingWalk in
      guard let bits = words.baseAddress else { return unsafe .tooFew }
      let capacity = { (share: Double) in min(rowsCount, Int(drawn / share) + 1) }
      var pool = unsafe scratch.candidates(capacity: capacity(poorest))
      unsafe pool.resize(capacity: capacity(share))
      unsafe traversal.scorer.begin(&traversal, graph, &pool)
      unsafe traversal.expand(graph, &pool, comparedMax: traversal.comparedCount + WalkFilter.judgedMin)
      let near = unsafe Double(pool.acceptedCount(bits)) / Double(pool.count)
      if near < poorest {
        unsafe pool.keep(bits)
        return unsafe .poor(near: Array(UnsafeBufferPointer(start: pool.entries, count: pool.count)))
      }
      unsafe pool.resize(capacity: capacity(near))
      unsafe goOn(&traversal, graph, &pool, watched: Int(Double(options.rescoredCount) / near) + 1)
      unsafe pool.keep(bits)
      let isEnough = unsafe pool.count >= min(max(options.limit, Int(wanted * 0.75)), accept.cardinality)
      return unsafe isEnough ? .found(pool) : .tooFew
    }
  }

  /// What came of a walk that takes no notice of the filter.
  @unsafe private enum DroppingWalk {
    case found(CandidatePool)
    /// Few of the rows near the query are accepted: these entries.
    case poor(near: [UInt64])
    case tooFew
  }

  /// How many nodes a walk keeps.
  private var walkCapacity: Int {
    guard let accept = unsafe accept else { return unsafe max(options.ef, options.limit) }
    if unsafe plan == .twoHopTraversal { return unsafe twoHopCapacity }
    return unsafe planner(accept).resultsCount
  }

  private func planner(_ accept: RowFilter) -> SearchPlanner {
    unsafe SearchPlanner(
      part: part, options: options, accepted: accept.cardinality, linkedCount: linkedCount)
  }

  /// How many nodes a walk over accepted rows keeps.
  private var twoHopCapacity: Int {
    unsafe min(part.count, max(options.ef, options.limit) * Self.twoHopCapacityPercent / 100)
  }

  /// Walks with a filter; false when that costs more than to scan.
  ///
  /// Where the accepted rows are not near the query, a walk through all rows meets few of them; it is then continued
  /// over accepted rows only, or given up where a scan is cheaper than that.
  ///
  /// - Parameter near: what is known to be accepted near the query, where that is too little to walk through all rows
  private mutating func filtered<Scorer: RowScorer>(
    _ traversal: inout Traversal<Scorer>, _ graph: GraphLinks, _ accept: RowFilter,
    _ pool: inout CandidatePool, near: [UInt64]?
  ) -> Bool {
    let rowsCount = unsafe linkedCount
    let scanIsCheaper = unsafe planner(accept).scanIsCheaperThanTwoHops
    if near != nil, scanIsCheaper { return false }
    return unsafe accept.rows.words.withUnsafeBufferPointer { words -> Bool in
      guard let bits = words.baseAddress else { return false }
      let filter = unsafe WalkFilter(bits: bits, cardinality: accept.cardinality, rowsCount: rowsCount)
      var candidates = unsafe scratch.results(
        capacity: min(rowsCount, Self.candidatesPerResult * max(options.ef, pool.capacity)))
      unsafe traversal.scorer.begin(&traversal, graph, &candidates)
      let starts = unsafe (0..<candidates.count).map { unsafe candidates.entries[$0] }
      for entry in starts where unsafe filter.accepts(CandidatePool.node(entry)) {
        unsafe pool.offer(CandidatePool.node(entry), CandidatePool.distance(entry))
      }
      if unsafe plan == .traversal {
        if unsafe near == nil && traversal.collect(graph, candidates: &candidates, results: &pool, filter) {
          return true
        }
        if scanIsCheaper { return false }
        unsafe statistics.plans.append(.twoHopTraversal)
        unsafe scratch.beginVisiting(count: graph.count)
        unsafe pool = wider(pool)
        for entry in near ?? [] {
          unsafe traversal.start(CandidatePool.node(entry), CandidatePool.distance(entry), &pool)
        }
      }
      for entry in starts where unsafe !filter.accepts(CandidatePool.node(entry)) {
        unsafe traversal.lookThrough(graph, CandidatePool.node(entry), &pool, filter)
      }
      unsafe seed(&traversal, &pool, accept.rows)
      return unsafe traversal.expandAccepted(graph, &pool, filter)
    }
  }

  /// The same candidates in a pool of ef, marked as visited.
  private func wider(_ pool: CandidatePool) -> CandidatePool {
    let entries = unsafe (0..<pool.count).map { unsafe pool.entries[$0] }
    var wider = unsafe scratch.candidates(capacity: max(pool.capacity, twoHopCapacity))
    for entry in entries {
      unsafe scratch.visited[Int(CandidatePool.node(entry))] = scratch.epoch
      unsafe wider.insert(CandidatePool.node(entry), CandidatePool.distance(entry))
    }
    return unsafe wider
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
    let rescored = unsafe options.scanRescoredCount
    let capacity = unsafe scorer.usesCodes ? min(rescored, part.count) : limit
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
    let count = unsafe min(
      pool.count, plan == .codeScan ? options.scanRescoredCount : options.rescoredCount)
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
