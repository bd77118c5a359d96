import CKernels

/// Walks one graph for one query: Algorithms 2 and 5 of Malkov & Yashunin (2018).
///
/// Deviations: candidates and results are one bounded sorted pool, so a candidate beyond the ef nearest is never
/// expanded; and all unvisited neighbours of a node are compared in one kernel call.
@unsafe struct Traversal<Scorer: RowScorer> {
  let scorer: Scorer
  let rows: UnsafeMutablePointer<UInt32>
  let distances: UnsafeMutablePointer<Float>
  let scratch: SearchScratch
  /// Nodes whose links were read, and rows that were compared.
  private(set) var visitedCount = 0
  private(set) var comparedCount = 0

  static var width: Int { 2 }

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
    if unsafe scratch.visited[Int(node)] == scratch.epoch { return }
    unsafe scratch.visited[Int(node)] = scratch.epoch
    unsafe pool.offer(node, distance)
  }

  /// The distance of one row.
  mutating func distance(ofRow row: UInt32) -> Float {
    unsafe rows[0] = row
    unsafe scorer.score(rows, first: 0, count: 1, into: distances)
    unsafe comparedCount &+= 1
    return unsafe distances[0]
  }

  /// From the entry point down to `level`: on each level above, the nearest node that greedy steps reach.
  ///
  /// - Returns: the node on `level` to begin from, and its distance
  mutating func descend(_ graph: GraphLinks, to level: Int) -> (node: UInt32, distance: Float) {
    var node = graph.entry
    var top = graph.layers.count - 1
    var best = unsafe distance(ofRow: graph.layers[top].row(node))
    while top > level {
      let layer = graph.layers[top]
      unsafe greedy(layer, &node, &best)
      if let down = unsafe layer.down { unsafe node = down[Int(node)] }
      top -= 1
    }
    return (node, best)
  }

  private mutating func greedy(_ layer: GraphLayer, _ node: inout UInt32, _ best: inout Float) {
    guard let layerRows = unsafe layer.rows else { return }
    let nodes = unsafe rows + layer.slots
    var improved = true
    while improved {
      improved = false
      // A list is read once, because another thread's insertion may change it.
      let list = unsafe layer.links + Int(node) * layer.slots
      var count = 0
      while count < layer.slots {
        let neighbour = unsafe nt_load(list + count)
        if neighbour == NT_NO_NODE { break }
        unsafe nodes[count] = neighbour
        unsafe rows[count] = layerRows[Int(neighbour)]
        count &+= 1
      }
      unsafe scorer.score(rows, first: 0, count: count, into: distances)
      unsafe add(visited: 1, compared: count)
      for index in 0..<count where unsafe distances[index] < best {
        unsafe best = distances[index]
        unsafe node = nodes[index]
        improved = true
      }
    }
  }

  /// The `pool.capacity` nearest nodes of a level that the walk from the pool's nodes finds.
  ///
  /// - Parameter pool: holds at least one node, marked as visited
  mutating func expand(_ layer: GraphLayer, _ pool: inout CandidatePool) {
    let visited = unsafe scratch.visited
    let epoch = unsafe scratch.epoch
    let links = unsafe layer.links
    let slots = layer.slots
    let batch = unsafe rows
    let distances = unsafe distances
    var visitedNodes = 0
    var compared = 0
    while true {
      var count = 0
      var round = 0
      while unsafe round < Self.width, let entry = unsafe pool.expandNearest() {
        round &+= 1
        let list = unsafe links + Int(CandidatePool.node(entry)) &* slots
        var slot = 0
        while slot < slots {
          let neighbour = unsafe nt_load(list + slot)
          if neighbour == NT_NO_NODE { break }
          let seen = unsafe visited[Int(neighbour)] == epoch
          unsafe visited[Int(neighbour)] = epoch
          unsafe batch[count] = neighbour
          count &+= seen ? 0 : 1
          slot &+= 1
        }
      }
      if round == 0 { break }
      unsafe pool.prefetchUpcoming(Self.width, links, slots)
      visitedNodes &+= round
      if count == 0 { continue }
      compared &+= count
      if let layerRows = unsafe layer.rows {
        unsafe offerUpper(layerRows, count, &pool)
        continue
      }
      unsafe scorer.score(batch, first: 0, count: count, into: distances)
      for index in 0..<count {
        let distance = unsafe distances[index]
        unsafe pool.offer(batch[index], distance)
      }
    }
    unsafe add(visited: visitedNodes, compared: compared)
  }

  /// Compares `count` nodes of an upper level, whose rows are not their numbers.
  private mutating func offerUpper(
    _ layerRows: UnsafeMutablePointer<UInt32>, _ count: Int, _ pool: inout CandidatePool
  ) {
    let translated = unsafe rows + count
    for index in 0..<count { unsafe translated[index] = layerRows[Int(rows[index])] }
    unsafe scorer.score(translated, first: 0, count: count, into: distances)
    for index in 0..<count { unsafe pool.offer(rows[index], distances[index]) }
  }
}
