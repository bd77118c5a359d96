import CKernels

/// One thread's part in a build: searches the neighbours of a new node, selects, and links both ways.
@safe final class GraphInserter<Table: RowTable> {
  private let builder: GraphBuilder<Table>
  private let scratch = SearchScratch()
  private let selection: NeighborSelection<Table>
  private let nodeQuery: UnsafeMutableRawPointer
  private let neighbourQuery: UnsafeMutableRawPointer

  init(builder: GraphBuilder<Table>) {
    self.builder = builder
    selection = NeighborSelection(builder: builder)
    let byteCount = max(64, builder.table.queryByteCount)
    unsafe nodeQuery = .allocate(byteCount: byteCount, alignment: 64)
    unsafe neighbourQuery = .allocate(byteCount: byteCount, alignment: 64)
  }

  deinit {
    unsafe nodeQuery.deallocate()
    unsafe neighbourQuery.deallocate()
  }

  /// Algorithm 1 for one row whose highest level is `level`.
  func insert(_ row: UInt32, level: Int) {
    let graph = builder.graph
    let scorer = unsafe builder.table.scorer(ofRow: Int(row), memory: nodeQuery)
    var traversal = unsafe Traversal(scorer: scorer, scratch: scratch)
    let top = min(level, graph.layers.count - 1)
    var (node, distance) = unsafe traversal.descend(graph, to: top)
    var linked: [(level: Int, node: UInt32, neighbours: [Neighbor])] = []
    for level in stride(from: top, through: 0, by: -1) {
      let layer = graph.layers[level]
      scratch.beginVisiting(count: layer.count)
      let own = layer.node(ofRow: row)
      var pool = unsafe scratch.candidates(capacity: builder.parameters.efConstruction)
      unsafe scratch.visited[Int(node)] = scratch.epoch
      unsafe scratch.visited[Int(own)] = scratch.epoch
      if node != own { unsafe pool.insert(node, distance) }
      unsafe traversal.expand(layer, &pool)
      let neighbours = unsafe selection.select(
        from: pool, layer: layer, linksMax: builder.parameters.m, filledMax: builder.parameters.m)
      unsafe write(neighbours, to: layer.links + Int(own) * layer.slots, slots: layer.slots)
      linked.append((level, own, neighbours))
      guard let nearest = unsafe pool.count > 0 ? pool.entries[0] : nil else { continue }
      (node, distance) = unsafe (CandidatePool.node(nearest), CandidatePool.distance(nearest))
      if let down = unsafe layer.down { unsafe node = down[Int(node)] }
    }
    for (level, own, neighbours) in linked.reversed() {
      for neighbour in neighbours { link(neighbour.row, to: own, neighbour.distance, level: level) }
    }
  }

  /// Adds a link, and selects anew where the list is full.
  private func link(_ node: UInt32, to target: UInt32, _ distance: Float, level: Int) {
    let layer = builder.graph.layers[level]
    let list = unsafe layer.links + Int(node) * layer.slots
    builder.lock(node, level: level)
    defer { builder.unlock(node, level: level) }
    var count = 0
    while count < layer.slots, unsafe list[count] != NT_NO_NODE { count += 1 }
    if count < layer.slots {
      unsafe nt_store(list + count, target)
      return
    }
    let scorer = unsafe builder.table.scorer(ofRow: Int(layer.row(node)), memory: neighbourQuery)
    var pool = unsafe scratch.candidates(capacity: count + 1)
    unsafe pool.insert(target, distance)
    var done = 0
    while done < count {
      let part = min(count - done, SearchScratch.batchMax)
      for index in 0..<part { unsafe scratch.batchRows[index] = layer.row(list[done + index]) }
      unsafe scorer.score(scratch.batchRows, first: 0, count: part, into: scratch.batchDistances)
      for index in 0..<part { unsafe pool.insert(list[done + index], scratch.batchDistances[index]) }
      done += part
    }
    let neighbours = unsafe selection.select(from: pool, layer: layer, linksMax: layer.slots, filledMax: 0)
    unsafe write(neighbours, to: list, slots: layer.slots)
  }

  private func write(_ neighbours: [Neighbor], to list: UnsafeMutablePointer<UInt32>, slots: Int) {
    for (slot, neighbour) in neighbours.enumerated() { unsafe nt_store(list + slot, neighbour.row) }
    for slot in neighbours.count..<slots { unsafe nt_store(list + slot, NT_NO_NODE) }
  }
}
