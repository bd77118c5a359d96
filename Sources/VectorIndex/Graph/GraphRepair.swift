import CKernels

/// Connects rows that no walk from the first entry reaches.
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
      let reached = Reachability(graph: builder.graph)
      let missing = reached.unreached(of: builder.members)
      if missing.isEmpty { return true }
      var state = State(reached: reached, inDegrees: countLinksIn())
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: max(64, builder.table.queryByteCount), alignment: 64)
      defer { unsafe memory.deallocate() }
      for row in missing where !state.reached[row] {
        if isCancelled() { return false }
        unsafe connect(row, &state, memory)
      }
    }
    return true
  }

  private func countLinksIn() -> [UInt32] {
    let graph = builder.graph
    var counts = [UInt32](repeating: 0, count: graph.count)
    for slot in 0..<(graph.count * graph.slots) {
      let target = unsafe graph.links[slot]
      if target != NT_NO_NODE { counts[Int(target)] += 1 }
    }
    return counts
  }

  /// Links to a row from the nearest of the reached rows that can take a link.
  ///
  /// Among many equal vectors a search finds the same few, whose lists are soon full; there the row connected before is
  /// as near and has room.
  private func connect(_ row: Int, _ state: inout State, _ memory: UnsafeMutableRawPointer) {
    let graph = builder.graph
    let scorer = unsafe builder.table.scorer(ofRow: row, memory: memory)
    var traversal = unsafe Traversal(scorer: scorer, scratch: state.scratch)
    state.scratch.beginVisiting(count: graph.count)
    var pool = unsafe state.scratch.candidates(capacity: builder.parameters.efConstruction)
    unsafe traversal.begin(graph, entriesCount: graph.entriesCount, &pool)
    unsafe traversal.expand(graph, &pool)
    var near = unsafe (0..<pool.count).map { unsafe Int(CandidatePool.node(pool.entries[$0])) }
    if let last = state.lastConnected {
      let distance = unsafe traversal.distance(ofRow: UInt32(last))
      near.insert(last, at: unsafe distance <= pool.worst ? 0 : near.count)
    }
    near.removeAll { $0 == row || !state.reached[$0] }
    var slot: Int?
    for node in near where slot == nil { slot = freeSlot(node) }
    for node in near where slot == nil { slot = replaceableSlot(node, state) }
    guard let slot else { return }
    let replaced = unsafe graph.links[slot]
    if replaced != NT_NO_NODE { state.inDegrees[Int(replaced)] -= 1 }
    unsafe graph.links[slot] = UInt32(row)
    state.inDegrees[row] += 1
    state.lastConnected = row
    state.reached.spread(from: row)
  }

  private func freeSlot(_ node: Int) -> Int? {
    let graph = builder.graph
    return (node * graph.slots..<(node + 1) * graph.slots).first { unsafe graph.links[$0] == NT_NO_NODE }
  }

  /// The farthest link to a row that has another way in.
  private func replaceableSlot(_ node: Int, _ state: State) -> Int? {
    let graph = builder.graph
    return (node * graph.slots..<(node + 1) * graph.slots).last { slot in
      let target = unsafe graph.links[slot]
      return target != NT_NO_NODE && state.inDegrees[Int(target)] > 1
    }
  }

  /// What is known while rows are connected.
  private struct State {
    var reached: Reachability
    /// Links to each row.
    var inDegrees: [UInt32]
    var lastConnected: Int?
    let scratch = SearchScratch()
  }
}

/// What can be walked to from the first entry.
struct Reachability {
  private let graph: GraphLinks
  private var seen: [Bool]

  init(graph: GraphLinks) {
    self.graph = graph
    seen = [Bool](repeating: false, count: graph.count)
    unsafe spread(from: Int(graph.entries[0]))
  }

  subscript(row: Int) -> Bool { seen[row] }

  /// The rows that are not reached, ascending.
  /// - Parameter members: those that are asked for; nil: all
  func unreached(of members: [UInt32]? = nil) -> [Int] {
    members.map { members in members.lazy.map { Int($0) }.filter { !seen[$0] } }
      ?? seen.indices.filter { !seen[$0] }
  }

  /// Adds a row and all that it leads to.
  mutating func spread(from row: Int) {
    if seen[row] { return }
    seen[row] = true
    var waiting = [UInt32(row)]
    while let node = waiting.popLast().map({ Int($0) }) {
      for slot in (node * graph.slots)..<((node + 1) * graph.slots) {
        let target = unsafe graph.links[slot]
        if target == NT_NO_NODE { break }
        if !seen[Int(target)] {
          seen[Int(target)] = true
          waiting.append(target)
        }
      }
    }
  }
}
