/// One search of one part: finds candidates with a coarse scorer, and scores the best of them with a fine one.
@unsafe struct PartSearch {
  let part: VectorPart
  let planned: PlannedSearch
  let accept: RowFilter?
  let scratch: SearchScratch
  var statistics = SearchStatistics()

  /// Accepted rows that a walk over accepted rows begins from, besides where the descent ends.
  private static var seedsCount: Int { 16 }
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

  init(part: VectorPart, _ planned: PlannedSearch, _ accept: RowFilter?, scratch: SearchScratch) {
    unsafe self.part = part
    unsafe self.planned = planned
    unsafe self.accept = accept
    unsafe self.scratch = scratch
    unsafe statistics.plans.append(planned.name)
  }

  private var plan: SearchPlan { unsafe planned.plan }
  private var options: PartSearchOptions { unsafe planned.options }
  private var graph: GraphLinks? { unsafe planned.graph }
  private var linkedCount: Int { unsafe planned.linkedCount }

  mutating func nearest<Coarse: RowScorer, Fine: RowScorer>(coarse: Coarse, fine: Fine) -> [Neighbor] {
    guard unsafe beginsWithWalk, let graph = unsafe graph else {
      return unsafe neighbours(among: candidates(coarse), coarse, fine)
    }
    var walk = unsafe begin(coarse, graph)
    unsafe walk.expand(graph)
    if unsafe judge(&walk) { unsafe walk.expand(graph) }
    return unsafe end(&walk, coarse, fine)
  }

  /// Whether the search begins with a walk that takes no notice of a filter.
  var beginsWithWalk: Bool {
    guard unsafe graph != nil else { return false }
    switch unsafe plan {
    case .empty, .exactScan, .codeScan: return false
    case .traversal, .twoHopTraversal, .valueTraversal: return unsafe accept == nil || droppingWalk != nil
    }
  }

  /// Where such a walk begins.
  func begin<Scorer: RowScorer>(_ scorer: Scorer, _ graph: GraphLinks) -> Walk<Scorer> {
    var traversal = unsafe Traversal(scorer: scorer, scratch: scratch)
    unsafe scratch.beginVisiting(count: graph.count)
    var pool: CandidatePool
    if let dropping = unsafe droppingWalk {
      unsafe pool = scratch.candidates(capacity: dropping.capacity(ofShare: dropping.poorest))
      unsafe pool.resize(capacity: dropping.capacity(ofShare: dropping.share))
    } else {
      unsafe pool = scratch.candidates(capacity: min(walkCapacity, part.count))
    }
    unsafe scorer.begin(&traversal, graph, &pool)
    var walk = unsafe Walk(traversal: traversal, pool: pool)
    if unsafe accept == nil {
      unsafe watch(&walk.pool, options.rescoredCount)
    } else {
      unsafe walk.comparedMax = traversal.comparedCount + DroppingWalk.judgedMin
    }
    return unsafe walk
  }

  /// Fits what a walk keeps to how many of the rows near the query are accepted, and lets it go on; where those are too few
  /// it is better ended, and stays as it is.
  ///
  /// - Returns: whether the walk goes on
  func judge<Scorer: RowScorer>(_ walk: inout Walk<Scorer>) -> Bool {
    guard unsafe walk.comparedMax < .max, let accept = unsafe accept, let dropping = unsafe droppingWalk
    else { return false }
    let near = unsafe Double(walk.pool.acceptedCount(of: accept.rows)) / Double(walk.pool.count)
    if near < dropping.poorest { return false }
    unsafe walk.pool.resize(capacity: dropping.capacity(ofShare: near))
    unsafe watch(&walk.pool, Int(Double(options.rescoredCount) / near) + 1)
    unsafe walk.comparedMax = .max
    return true
  }

  private func watch(_ pool: inout CandidatePool, _ count: Int) {
    let percent = unsafe options.bound == nil ? Self.patiencePercent : Self.boundedPatiencePercent
    unsafe pool.watch(
      count, nearerThan: options.bound ?? .infinity,
      patience: max(Self.patienceMin, pool.capacity * percent / 100))
  }

  /// What came of a walk; where it met too few accepted rows, the search goes on in another way.
  mutating func end<Coarse: RowScorer, Fine: RowScorer>(
    _ walk: inout Walk<Coarse>, _ coarse: Coarse, _ fine: Fine
  ) -> [Neighbor] {
    if let accept = unsafe accept, let dropping = unsafe droppingWalk {
      unsafe walk.pool.keep(accept.rows)
      let isPoor = unsafe walk.comparedMax < .max
      if unsafe isPoor || !dropping.isEnough(walk.pool.count) {
        let near = unsafe isPoor ? walk.pool.list : nil
        return unsafe neighbours(among: filteredCandidates(&walk.traversal, near: near), coarse, fine)
      }
    }
    unsafe record(coarse, visited: walk.traversal.visitedCount, compared: walk.traversal.comparedCount)
    unsafe offerUnlinked(coarse, &walk.pool)
    return unsafe neighbours(among: walk.pool, coarse, fine)
  }

  /// The nearest of what a coarse scorer found.
  mutating func neighbours<Coarse: RowScorer, Fine: RowScorer>(
    among pool: CandidatePool, _ coarse: Coarse, _ fine: Fine
  ) -> [Neighbor] {
    let limit = unsafe min(options.limit, accept?.cardinality ?? part.count)
    if unsafe !coarse.usesCodes || fine.usesCodes || !options.rescores {
      return unsafe Self.neighbours(pool, limit: limit)
    }
    return unsafe rescore(pool, fine, limit: limit)
  }

  /// Candidates without a walk that leaves the filter aside.
  private mutating func candidates<Scorer: RowScorer>(_ scorer: Scorer) -> CandidatePool {
    switch unsafe plan {
    case .empty, .exactScan, .codeScan: return unsafe scan(scorer)
    case .traversal, .twoHopTraversal, .valueTraversal: break
    }
    if unsafe graph == nil { return unsafe scan(scorer) }
    var traversal = unsafe Traversal(scorer: scorer, scratch: scratch)
    return unsafe filteredCandidates(&traversal, near: nil)
  }

  private mutating func filteredCandidates<Scorer: RowScorer>(
    _ traversal: inout Traversal<Scorer>, near: [UInt64]?
  ) -> CandidatePool {
    let scorer = unsafe traversal.scorer
    guard let graph = unsafe graph, let accept = unsafe accept else { return unsafe scan(scorer) }
    unsafe scratch.beginVisiting(count: graph.count)
    var pool = unsafe scratch.candidates(capacity: min(walkCapacity, part.count))
    let isFound = unsafe filtered(&traversal, graph, accept, &pool, near: near)
    unsafe record(scorer, visited: traversal.visitedCount, compared: traversal.comparedCount)
    if isFound {
      unsafe offerUnlinked(scorer, &pool)
      return unsafe pool
    }
    unsafe statistics.plans.append(scorer.usesCodes ? .codeScan : .exactScan)
    return unsafe scan(scorer)
  }

  /// Compares the accepted rows that the links do not lead to.
  private mutating func offerUnlinked<Scorer: RowScorer>(_ scorer: Scorer, _ pool: inout CandidatePool) {
    if unsafe planned.unlinked.isEmpty { return }
    var scan = unsafe RowScan(scorer: scorer, scratch: scratch)
    unsafe scan.offer(planned.unlinked, into: &pool)
    unsafe record(scorer, visited: 0, compared: scan.comparedCount)
  }

  /// Walks as without a filter where that accepts enough.
  private var droppingWalk: DroppingWalk? {
    guard let accept = unsafe accept, unsafe plan == .traversal else { return nil }
    return unsafe DroppingWalk(
      options, wanted: planner(accept).resultsCount, accepted: accept.cardinality, rowsCount: linkedCount)
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
      let starts = unsafe candidates.list
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
    let entries = unsafe pool.list
    var wider = unsafe scratch.candidates(capacity: max(pool.capacity, twoHopCapacity))
    for entry in entries {
      unsafe scratch.visited.insert(CandidatePool.node(entry))
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
      if unsafe !scratch.visited.insert(row) { continue }
      let distance = unsafe traversal.distance(ofRow: row)
      unsafe pool.offer(row, distance)
    }
  }

  private mutating func scan<Scorer: RowScorer>(_ scorer: Scorer) -> CandidatePool {
    var pool = unsafe scanPool(scorer)
    var scan = unsafe RowScan(scorer: scorer, scratch: scratch)
    unsafe scan.run(0..<part.count, accepted: accept?.rows, into: &pool)
    unsafe record(scorer, visited: 0, compared: scan.comparedCount)
    return unsafe pool
  }

  /// Room for what a scan finds.
  func scanPool<Scorer: RowScorer>(_ scorer: Scorer) -> CandidatePool {
    let limit = unsafe min(options.limit, accept?.cardinality ?? part.count)
    return unsafe scratch.candidates(
      capacity: scorer.usesCodes ? min(options.scanRescoredCount, part.count) : limit)
  }

  /// Scores the best candidates again.
  private mutating func rescore<Fine: RowScorer>(
    _ pool: CandidatePool, _ fine: Fine, limit: Int
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
      unsafe fine.fetch(scratch.batchRows, count: part)
      unsafe scan.offer(scratch.batchRows, first: 0, count: part, numbering: 0, into: &results)
      done += part
    }
    unsafe record(fine, visited: 0, compared: scan.comparedCount)
    return unsafe Self.neighbours(results, limit: limit)
  }

  mutating func record<Scorer: RowScorer>(_ scorer: Scorer, visited: Int, compared: Int) {
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
