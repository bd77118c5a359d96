import CKernels

/// The rows that a walk may return, and what it may cost.
@unsafe struct WalkFilter {
  /// One bit a row.
  let bits: UnsafePointer<UInt64>
  /// Rows after which a walk gives up, because a scan is cheaper.
  let comparedMax: Int
  private let share: Double

  init(bits: UnsafePointer<UInt64>, cardinality: Int, rowsCount: Int) {
    unsafe self.bits = bits
    unsafe comparedMax = cardinality / 3
    unsafe share = Double(cardinality) / Double(rowsCount)
  }

  @inline(__always)
  func accepts(_ row: UInt32) -> Bool {
    unsafe bits[Int(row >> 6)] >> UInt64(row & 63) & 1 != 0
  }

  /// Whether so many accepted ones among compared rows are too few.
  func isPoor(accepted: Int, compared: Int) -> Bool {
    unsafe compared >= DroppingWalk.judgedMin
      && Double(accepted) < DroppingWalk.richnessMin * share * Double(compared)
  }
}

extension Traversal {
  /// Walks through all rows and collects accepted ones, until every candidate is farther than the farthest result.
  ///
  /// - Parameter candidates: holds at least one row, marked as visited; larger than `results`, since it holds rejected
  ///   rows too
  /// - Returns: false when it gave up
  mutating func collect(
    _ graph: GraphLinks, candidates: inout CandidatePool, results: inout CandidatePool,
    _ filter: WalkFilter
  ) -> Bool {
    let visited = unsafe scratch.visited
    let rowsCount = UInt32(graph.count)
    let batch = unsafe rows
    let distances = unsafe distances
    var compared = 0
    var acceptedCount = 0
    var visitedNodes = 0
    defer { unsafe add(visited: visitedNodes, compared: compared) }
    while let entry = unsafe candidates.expandNearest() {
      if unsafe results.count == results.capacity, unsafe CandidatePool.distance(entry) > results.worst {
        break
      }
      let list = unsafe graph.links + Int(CandidatePool.node(entry)) &* graph.slots
      unsafe candidates.prefetchUpcoming(1, graph.links, graph.slots)
      var count = 0
      for slot in 0..<graph.slots {
        let neighbour = unsafe nt_load(list + slot)
        if neighbour >= rowsCount {
          if neighbour == NT_NO_NODE { break }
          continue
        }
        unsafe batch[count] = neighbour
        count &+= unsafe visited.mark(neighbour) ? 1 : 0
      }
      unsafe visited.note(batch, count: count)
      visitedNodes &+= 1
      compared &+= count
      unsafe scorer.score(batch, first: 0, count: count, into: distances)
      for index in 0..<count {
        let distance = unsafe distances[index]
        let row = unsafe batch[index]
        let isAccepted = unsafe filter.accepts(row)
        acceptedCount &+= isAccepted ? 1 : 0
        if unsafe results.count == results.capacity, unsafe distance > results.worst { continue }
        unsafe candidates.offer(row, distance)
        if isAccepted { unsafe results.offer(row, distance) }
      }
      if unsafe compared > filter.comparedMax || filter.isPoor(accepted: acceptedCount, compared: compared) {
        return false
      }
    }
    return true
  }

  /// Walks over accepted rows only; a rejected neighbour is replaced by its own accepted neighbours (ACORN-1, Patel et
  /// al. 2024, section 5.2; only rejected neighbours are looked through, as their lists are what the filter tore).
  ///
  /// - Parameter pool: holds accepted rows to begin from, marked as visited
  /// - Returns: false when it gave up
  mutating func expandAccepted(_ graph: GraphLinks, _ pool: inout CandidatePool, _ filter: WalkFilter) -> Bool
  {
    while let entry = unsafe pool.expandNearest() {
      unsafe pool.prefetchUpcoming(1, graph.links, graph.slots)
      unsafe lookThrough(graph, CandidatePool.node(entry), &pool, filter)
      if unsafe comparedCount > filter.comparedMax { return false }
    }
    return true
  }

  /// Offers a node's accepted neighbours, and the accepted neighbours of its rejected ones until there are as many as a
  /// node has slots.
  mutating func lookThrough(
    _ graph: GraphLinks, _ node: UInt32, _ pool: inout CandidatePool, _ filter: WalkFilter
  ) {
    let visited = unsafe scratch.visited
    let rowsCount = UInt32(graph.count)
    let batch = unsafe rows
    let slots = graph.slots
    let list = unsafe graph.links + Int(node) &* slots
    unsafe add(visited: 1, compared: 0)
    var count = 0
    var found = 0
    for slot in 0..<slots {
      let neighbour = unsafe nt_load(list + slot)
      if neighbour >= rowsCount {
        if neighbour == NT_NO_NODE { break }
        continue
      }
      if unsafe filter.accepts(neighbour) {
        unsafe batch[count] = neighbour
        count &+= unsafe visited.mark(neighbour) ? 1 : 0
        found &+= 1
      } else if unsafe !visited.contains(neighbour) {
        unsafe nt_prefetch(graph.links + Int(neighbour) &* slots)
      }
    }
    for slot in 0..<slots where found < slots {
      let neighbour = unsafe nt_load(list + slot)
      if neighbour >= rowsCount {
        if neighbour == NT_NO_NODE { break }
        continue
      }
      if unsafe visited.contains(neighbour) || filter.accepts(neighbour) { continue }
      unsafe add(visited: 1, compared: 0)
      let second = unsafe graph.links + Int(neighbour) &* slots
      for slot in 0..<slots where found < slots {
        let farther = unsafe nt_load(second + slot)
        if farther >= rowsCount {
          if farther == NT_NO_NODE { break }
          continue
        }
        if unsafe !filter.accepts(farther) { continue }
        unsafe batch[count] = farther
        count &+= unsafe visited.mark(farther) ? 1 : 0
        found &+= 1
      }
      if found < slots { unsafe visited.insert(neighbour) }
    }
    unsafe visited.note(batch, count: count)
    unsafe offerBatch(count, &pool)
  }

  private mutating func offerBatch(_ count: Int, _ pool: inout CandidatePool) {
    unsafe scorer.score(rows, first: 0, count: count, into: distances)
    unsafe add(visited: 0, compared: count)
    for index in 0..<count { unsafe pool.offer(rows[index], distances[index]) }
  }
}
