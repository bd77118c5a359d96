import CKernels

/// Connects nodes of level 0 that no walk from the entry point reaches.
///
/// Displacing can cut the last link to a node. Each such node is searched for, and the nearest reachable node with a
/// free slot gets a link to it; where none has one, the farthest link of the nearest node whose target has another way
/// in is replaced. This is checked again, a few times.
struct GraphRepair<Table: RowTable> {
  private static var roundsMax: Int { 4 }

  let builder: GraphBuilder<Table>

  /// - Returns: false when cancelled
  func run(isCancelled: () -> Bool) -> Bool {
    for _ in 0..<Self.roundsMax {
      var reached = Reachability(graph: builder.graph)
      let missing = reached.unreached()
      if missing.isEmpty { return true }
      var inDegrees = countLinksIn()
      let scratch = SearchScratch()
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: max(64, builder.table.queryByteCount), alignment: 64)
      defer { unsafe memory.deallocate() }
      for row in missing where !reached[row] {
        if isCancelled() { return false }
        unsafe connect(row, &reached, &inDegrees, scratch, memory)
      }
    }
    return true
  }

  private func countLinksIn() -> [UInt32] {
    let layer = builder.graph.layers[0]
    var counts = [UInt32](repeating: 0, count: layer.count)
    for slot in 0..<(layer.count * layer.slots) {
      let target = unsafe layer.links[slot]
      if target != NT_NO_NODE { counts[Int(target)] += 1 }
    }
    return counts
  }

  private func connect(
    _ row: Int, _ reached: inout Reachability, _ inDegrees: inout [UInt32], _ scratch: SearchScratch,
    _ memory: UnsafeMutableRawPointer
  ) {
    let graph = builder.graph
    let layer = graph.layers[0]
    let scorer = unsafe builder.table.scorer(ofRow: row, memory: memory)
    var traversal = unsafe Traversal(scorer: scorer, scratch: scratch)
    let (node, distance) = unsafe traversal.descend(graph, to: 0)
    scratch.beginVisiting(count: layer.count)
    var pool = unsafe scratch.candidates(capacity: builder.parameters.efConstruction)
    unsafe scratch.visited[Int(node)] = scratch.epoch
    unsafe pool.insert(node, distance)
    unsafe traversal.expand(layer, &pool)
    var replaceable: Int?
    for index in unsafe 0..<pool.count {
      let candidate = unsafe Int(CandidatePool.node(pool.entries[index]))
      if candidate == row || !reached[candidate] { continue }
      let list = candidate * layer.slots
      for slot in list..<(list + layer.slots) {
        let target = unsafe layer.links[slot]
        if target == NT_NO_NODE {
          unsafe layer.links[slot] = UInt32(row)
          inDegrees[row] += 1
          return reached.spread(from: row)
        }
        if replaceable == nil || slot / layer.slots == (replaceable ?? 0) / layer.slots,
          inDegrees[Int(target)] > 1
        {
          replaceable = slot
        }
      }
    }
    guard let slot = replaceable else { return }
    unsafe inDegrees[Int(layer.links[slot])] -= 1
    unsafe layer.links[slot] = UInt32(row)
    inDegrees[row] += 1
    reached.spread(from: row)
  }
}

/// What can be walked to from the entry point on level 0.
struct Reachability {
  private let layer: GraphLayer
  private var seen: [Bool]

  init(graph: GraphLinks) {
    layer = graph.layers[0]
    seen = [Bool](repeating: false, count: layer.count)
    let top = graph.layers[graph.layers.count - 1]
    spread(from: Int(top.row(graph.entry)))
  }

  subscript(row: Int) -> Bool { seen[row] }

  /// The rows that are not reached, ascending.
  func unreached() -> [Int] { seen.indices.filter { !seen[$0] } }

  /// Adds a row and all that it leads to.
  mutating func spread(from row: Int) {
    if seen[row] { return }
    seen[row] = true
    var waiting = [row]
    while let node = waiting.popLast() {
      for slot in (node * layer.slots)..<((node + 1) * layer.slots) {
        let target = unsafe layer.links[slot]
        if target == NT_NO_NODE { break }
        if !seen[Int(target)] {
          seen[Int(target)] = true
          waiting.append(Int(target))
        }
      }
    }
  }
}
