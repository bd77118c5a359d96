import CKernels

extension Traversal {
  /// Walks through all rows and collects accepted ones, until every candidate is farther than the farthest result.
  ///
  /// - Parameters:
  ///   - candidates: holds at least one row, marked as visited; larger than `results`, since it holds rejected rows too
  ///   - accepted: one bit a row
  ///   - comparedMax: rows after which the walk gives up
  /// - Returns: false when it gave up
  mutating func collect(
    _ layer: GraphLayer, candidates: inout CandidatePool, results: inout CandidatePool,
    accepted: UnsafePointer<UInt64>, comparedMax: Int
  ) -> Bool {
    let visited = unsafe scratch.visited
    let epoch = unsafe scratch.epoch
    let batch = unsafe rows
    let distances = unsafe distances
    var compared = 0
    var visitedNodes = 0
    defer { unsafe add(visited: visitedNodes, compared: compared) }
    while let entry = unsafe candidates.expandNearest() {
      if unsafe results.count == results.capacity, unsafe CandidatePool.distance(entry) > results.worst {
        break
      }
      let list = unsafe layer.links + Int(CandidatePool.node(entry)) &* layer.slots
      unsafe candidates.prefetchUpcoming(1, layer.links, layer.slots)
      var count = 0
      for slot in 0..<layer.slots {
        let neighbour = unsafe nt_load(list + slot)
        if neighbour == NT_NO_NODE { break }
        let seen = unsafe visited[Int(neighbour)] == epoch
        unsafe visited[Int(neighbour)] = epoch
        unsafe batch[count] = neighbour
        count &+= seen ? 0 : 1
      }
      visitedNodes &+= 1
      compared &+= count
      unsafe scorer.score(batch, first: 0, count: count, into: distances)
      for index in 0..<count {
        let distance = unsafe distances[index]
        let row = unsafe batch[index]
        if unsafe results.count == results.capacity, unsafe distance > results.worst { continue }
        unsafe candidates.offer(row, distance)
        if unsafe isAccepted(row, accepted) { unsafe results.offer(row, distance) }
      }
      if compared > comparedMax { return false }
    }
    return true
  }

  /// Walks over accepted rows only; a rejected neighbour is replaced by its own accepted neighbours (ACORN-1, Patel et
  /// al. 2024, section 5.2; only rejected neighbours are looked through, as their lists are what the filter tore).
  ///
  /// - Parameter pool: holds accepted rows to begin from, marked as visited
  /// - Returns: false when it gave up after comparing `comparedMax` rows
  mutating func expandAccepted(
    _ layer: GraphLayer, _ pool: inout CandidatePool, accepted: UnsafePointer<UInt64>, comparedMax: Int
  ) -> Bool {
    while let entry = unsafe pool.expandNearest() {
      unsafe lookThrough(layer, CandidatePool.node(entry), &pool, accepted: accepted)
      if unsafe comparedCount > comparedMax { return false }
    }
    return true
  }

  /// Offers the accepted rows within two steps of `node`.
  mutating func lookThrough(
    _ layer: GraphLayer, _ node: UInt32, _ pool: inout CandidatePool, accepted: UnsafePointer<UInt64>
  ) {
    let visited = unsafe scratch.visited
    let epoch = unsafe scratch.epoch
    let batch = unsafe rows
    let slots = layer.slots
    let list = unsafe layer.links + Int(node) &* slots
    unsafe add(visited: 1, compared: 0)
    var count = 0
    for slot in 0..<slots {
      let neighbour = unsafe nt_load(list + slot)
      if neighbour == NT_NO_NODE { break }
      if unsafe visited[Int(neighbour)] != epoch, unsafe !isAccepted(neighbour, accepted) {
        unsafe nt_prefetch(layer.links + Int(neighbour) &* slots)
      }
    }
    for slot in 0..<slots {
      let neighbour = unsafe nt_load(list + slot)
      if neighbour == NT_NO_NODE { break }
      if unsafe visited[Int(neighbour)] == epoch { continue }
      unsafe visited[Int(neighbour)] = epoch
      if unsafe isAccepted(neighbour, accepted) {
        unsafe batch[count] = neighbour
        count &+= 1
        continue
      }
      if count &+ 2 &* slots > SearchScratch.batchMax {
        unsafe offerBatch(count, &pool)
        count = 0
      }
      unsafe add(visited: 1, compared: 0)
      let second = unsafe layer.links + Int(neighbour) &* slots
      for slot in 0..<slots {
        let farther = unsafe nt_load(second + slot)
        if farther == NT_NO_NODE { break }
        let taken = unsafe visited[Int(farther)] != epoch && isAccepted(farther, accepted)
        if taken { unsafe visited[Int(farther)] = epoch }
        unsafe batch[count] = farther
        count &+= taken ? 1 : 0
      }
    }
    unsafe offerBatch(count, &pool)
  }

  private mutating func offerBatch(_ count: Int, _ pool: inout CandidatePool) {
    unsafe scorer.score(rows, first: 0, count: count, into: distances)
    unsafe add(visited: 0, compared: count)
    for index in 0..<count { unsafe pool.offer(rows[index], distances[index]) }
  }

  @inline(__always)
  private func isAccepted(_ row: UInt32, _ accepted: UnsafePointer<UInt64>) -> Bool {
    unsafe accepted[Int(row >> 6)] >> UInt64(row & 63) & 1 != 0
  }
}
