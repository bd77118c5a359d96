import CKernels

/// One thread's part in a build: searches the neighbours of a new node, selects, and links both ways.
@safe final class GraphInserter<Table: RowTable> {
  /// Rows that are known to be near from which a walk needs no entries, and the candidates, in percent, that it then
  /// expands: it begins where others end.
  private static var knownMin: Int { 2 }
  private static var knownExpandedPercent: Int { 64 }

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

  /// Algorithm 1 for one row: its neighbours are searched from rows that are known to be near, or else from the first
  /// `entriesCount` entries.
  func insert(_ row: UInt32, entriesCount: Int) {
    let graph = builder.graph
    let scorer = unsafe builder.table.scorer(ofRow: Int(row), memory: nodeQuery)
    var traversal = unsafe Traversal(scorer: scorer, scratch: scratch)
    scratch.beginVisiting(count: graph.count)
    unsafe scratch.visited.insert(row)
    let efConstruction = builder.parameters.efConstruction
    var pool = unsafe scratch.candidates(capacity: efConstruction)
    let known = builder.knownNeighbours(of: row)
    if known.count >= Self.knownMin {
      unsafe pool.expandedMax = max(1, efConstruction * Self.knownExpandedPercent / 100)
      unsafe traversal.begin(at: known, &pool)
    } else {
      unsafe traversal.begin(graph, entriesCount: entriesCount, &pool)
    }
    unsafe traversal.expand(graph, &pool)
    let neighbours = unsafe selection.select(
      from: pool, linksMax: builder.parameters.m, filledMax: builder.parameters.m)
    let filled = unsafe filled(neighbours, from: pool)
    unsafe write(filled, to: graph.links + Int(row) * graph.slots, slots: graph.slots)
    for neighbour in neighbours { link(neighbour.row, to: row, neighbour.distance) }
  }

  /// The neighbours and the nearest others of the pool, up to where lists are filled again. Where links are taken over
  /// `GraphFill` would look for the same ones later, and few links to a new row are yet to come.
  private func filled(_ neighbours: [Neighbor], from pool: CandidatePool) -> [Neighbor] {
    var filled = neighbours
    var index = 0
    while filled.count < builder.refilledLinksMax, unsafe index < pool.count {
      let entry = unsafe pool.entries[index]
      let (node, distance) = unsafe (CandidatePool.node(entry), CandidatePool.distance(entry))
      if !neighbours.contains(where: { $0.row == node }) {
        filled.append(Neighbor(row: node, distance: distance))
      }
      index += 1
    }
    return filled
  }

  /// Adds a link, and selects anew where the list is full.
  private func link(_ row: UInt32, to target: UInt32, _ distance: Float) {
    let slots = builder.graph.slots
    let list = unsafe builder.graph.links + Int(row) * slots
    builder.lock(row)
    defer { builder.unlock(row) }
    var count = 0
    while count < slots, unsafe list[count] != NT_NO_NODE { count += 1 }
    if count < slots {
      unsafe nt_store(list + count, target)
      return
    }
    let scorer = unsafe builder.table.scorer(ofRow: Int(row), memory: neighbourQuery)
    var pool = unsafe scratch.candidates(capacity: count + 1)
    unsafe pool.insert(target, distance)
    unsafe scorer.score(list, first: 0, count: count, into: scratch.batchDistances)
    for index in 0..<count { unsafe pool.insert(list[index], scratch.batchDistances[index]) }
    let neighbours = unsafe selection.select(from: pool, linksMax: slots, filledMax: builder.refilledLinksMax)
    unsafe write(neighbours, to: list, slots: slots)
  }

  private func write(_ neighbours: [Neighbor], to list: UnsafeMutablePointer<UInt32>, slots: Int) {
    for (slot, neighbour) in neighbours.enumerated() { unsafe nt_store(list + slot, neighbour.row) }
    for slot in neighbours.count..<slots { unsafe nt_store(list + slot, NT_NO_NODE) }
  }
}
