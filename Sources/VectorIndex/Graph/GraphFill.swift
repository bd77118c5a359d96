import CKernels

/// Fills free slots with the nearest rows within two steps.
///
/// More links to near rows lead a walk to the nearest in fewer steps. They are added when all rows are in, so that they
/// take no room from the links between far regions that insertions make. Where links are taken over, `GraphInserter` fills
/// the lists of new rows from their own walks.
@safe final class GraphFill<Table: RowTable> {
  /// How full a list gets: what is left is for whoever repairs or extends the graph, and fuller lists found no more.
  static var filledPercent: Int { 75 }

  private let builder: GraphBuilder<Table>
  private let scratch = SearchScratch()
  private let memory: UnsafeMutableRawPointer

  init(builder: GraphBuilder<Table>) {
    self.builder = builder
    unsafe memory = .allocate(byteCount: max(64, builder.table.queryByteCount), alignment: 64)
  }

  deinit { unsafe memory.deallocate() }

  /// Fills the list of one row.
  func fill(_ row: Int, linksMax: Int) {
    let graph = builder.graph
    let list = unsafe graph.links + row * graph.slots
    var count = 0
    while count < graph.slots, unsafe nt_load(list + count) != NT_NO_NODE { count += 1 }
    if count >= linksMax { return }
    scratch.beginVisiting(count: graph.count)
    let visited = unsafe scratch.visited
    let batch = unsafe scratch.batchRows
    unsafe visited.insert(UInt32(row))
    for slot in 0..<count { unsafe visited.insert(nt_load(list + slot)) }
    let scorer = unsafe builder.table.scorer(ofRow: row, memory: memory)
    var pool = unsafe scratch.candidates(capacity: linksMax - count)
    for slot in 0..<count {
      let second = unsafe graph.links + Int(nt_load(list + slot)) * graph.slots
      var found = 0
      for slot in 0..<graph.slots {
        let node = unsafe nt_load(second + slot)
        if node == NT_NO_NODE { break }
        unsafe batch[found] = node
        found &+= unsafe visited.mark(node) ? 1 : 0
      }
      unsafe visited.note(batch, count: found)
      unsafe scorer.score(batch, first: 0, count: found, into: scratch.batchDistances)
      for index in 0..<found { unsafe pool.offer(batch[index], scratch.batchDistances[index]) }
    }
    for index in unsafe 0..<pool.count {
      unsafe nt_store(list + count + index, CandidatePool.node(pool.entries[index]))
    }
  }
}
