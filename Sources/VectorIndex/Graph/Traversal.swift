import CKernels

/// Walks one graph for one query: Algorithms 2 and 5 of Malkov & Yashunin (2018).
///
/// Deviations: candidates and results are one bounded sorted pool, so a candidate beyond the ef nearest is never
/// expanded; and all unvisited neighbours of a node are compared in one kernel call. Links beyond the graph's rows, which
/// a graph that grows may have, are passed over.
@unsafe struct Traversal<Scorer: RowScorer> {
  let scorer: Scorer
  let rows: UnsafeMutablePointer<UInt32>
  let distances: UnsafeMutablePointer<Float>
  let scratch: SearchScratch
  /// Nodes whose links were read, and rows that were compared.
  private(set) var visitedCount = 0
  private(set) var comparedCount = 0
  /// Rows that are gathered and not compared yet.
  private var gatheredCount = 0

  static var width: Int { 2 }
  /// Nearest entries that a walk begins from.
  static var startsCount: Int { 4 }

  init(scorer: Scorer, scratch: SearchScratch) {
    unsafe self.scorer = scorer
    unsafe self.scratch = scratch
    unsafe rows = scratch.batchRows
    unsafe distances = scratch.batchDistances
  }

  mutating func add(visited: Int, compared: Int) {
    unsafe visitedCount &+= visited
    unsafe comparedCount &+= compared
  }

  /// Offers a row to begin from, if it is not visited yet.
  func start(_ node: UInt32, _ distance: Float, _ pool: inout CandidatePool) {
    if unsafe scratch.visited.insert(node) { unsafe pool.offer(node, distance) }
  }

  /// The distance of one row.
  mutating func distance(ofRow row: UInt32) -> Float {
    unsafe rows[0] = row
    unsafe scorer.score(rows, first: 0, count: 1, into: distances)
    unsafe comparedCount &+= 1
    return unsafe distances[0]
  }

  /// Offers the nearest of the first `entriesCount` entries, and the first, from which all rows can be reached.
  mutating func begin(_ graph: GraphLinks, entriesCount: Int, _ pool: inout CandidatePool) {
    var starts = unsafe CandidatePool(entries: scratch.startEntries, capacity: Self.startsCount)
    let first = unsafe scorer.offerEntries(graph.entries, count: entriesCount, to: &starts, scratch)
    unsafe comparedCount &+= entriesCount
    for index in unsafe 0..<starts.count {
      let entry = unsafe starts.entries[index]
      unsafe start(CandidatePool.node(entry), CandidatePool.distance(entry), &pool)
    }
    unsafe start(graph.entries[0], first, &pool)
  }

  /// Offers rows to begin from, at most `SearchScratch.batchMax`.
  mutating func begin(at nodes: [UInt32], _ pool: inout CandidatePool) {
    for index in nodes.indices { unsafe rows[index] = nodes[index] }
    unsafe scorer.score(rows, first: 0, count: nodes.count, into: distances)
    unsafe comparedCount &+= nodes.count
    for index in nodes.indices { unsafe start(nodes[index], distances[index], &pool) }
  }

  /// The `pool.capacity` nearest rows that the walk from the pool's nodes finds, or fewer where it is in vain to go on.
  ///
  /// - Parameters:
  ///   - pool: holds at least one node, marked as visited
  ///   - comparedMax: rows compared in all after which the walk pauses
  mutating func expand(_ graph: GraphLinks, _ pool: inout CandidatePool, comparedMax: Int = .max) {
    while unsafe comparedCount < comparedMax, unsafe gather(graph, &pool) {
      unsafe pool.prefetchUpcoming(Self.width, graph.links, graph.slots)
      unsafe compareGathered(&pool)
    }
  }

  /// The first half of a step: expands the nearest candidates and gathers the rows that they lead to.
  ///
  /// - Returns: false when the walk has ended
  @inline(__always)
  mutating func gather(_ graph: GraphLinks, _ pool: inout CandidatePool) -> Bool {
    let visited = unsafe scratch.visited
    let links = unsafe graph.links
    let slots = graph.slots
    let rowsCount = UInt32(graph.count)
    let batch = unsafe rows
    var count = 0
    while count == 0 {
      var round = 0
      while unsafe round < Self.width, let entry = unsafe pool.expandNearest() {
        round &+= 1
        let list = unsafe links + Int(CandidatePool.node(entry)) &* slots
        var slot = 0
        while slot < slots {
          let neighbour = unsafe nt_load(list + slot)
          slot &+= 1
          if neighbour >= rowsCount {
            if neighbour == NT_NO_NODE { break }
            continue
          }
          unsafe batch[count] = neighbour
          count &+= unsafe visited.mark(neighbour) ? 1 : 0
        }
      }
      unsafe visited.note(batch, count: count)
      if unsafe round == 0 || pool.isInVain(expanded: round) { return false }
      unsafe visitedCount &+= round
    }
    unsafe gatheredCount = count
    return true
  }

  /// Fetches the gathered rows.
  @inline(__always)
  func fetchGathered() { unsafe scorer.fetch(rows, count: gatheredCount) }

  /// The second half of a step: compares the gathered rows and offers them.
  @inline(__always)
  mutating func compareGathered(_ pool: inout CandidatePool) {
    unsafe comparedCount &+= gatheredCount
    unsafe scorer.score(rows, first: 0, count: gatheredCount, into: distances)
    unsafe pool.offer(rows, distances, count: gatheredCount)
  }
}
