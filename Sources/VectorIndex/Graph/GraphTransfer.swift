import CKernels

/// One thread's part in taking the links of an older graph over to one that some of its rows are in again.
///
/// Links to rows that have gone are replaced as in FreshDiskANN (Singh et al. 2021, Algorithm 4): what these led to
/// becomes a candidate, and neighbours are selected anew.
@safe final class GraphTransfer<Table: RowTable> {
  private let older: OlderGraph
  private let builder: GraphBuilder<Table>
  private let scratch = SearchScratch()
  private let selection: NeighborSelection<Table>
  private let query: UnsafeMutableRawPointer
  /// New rows that an old list leads to.
  private var found: [UInt32] = []
  /// Old rows that have gone.
  private var gone: [UInt32] = []

  init(_ older: OlderGraph, to builder: GraphBuilder<Table>) {
    self.older = older
    self.builder = builder
    selection = NeighborSelection(builder: builder)
    unsafe query = .allocate(byteCount: max(64, builder.table.queryByteCount), alignment: 64)
  }

  deinit { unsafe query.deallocate() }

  /// Writes the list of a row that the older graph has.
  func transfer(_ row: Int) {
    found.removeAll(keepingCapacity: true)
    gone.removeAll(keepingCapacity: true)
    collect(older.oldRows[row], notesGone: true)
    let slots = builder.graph.slots
    let list = unsafe builder.graph.links + row * slots
    if gone.isEmpty {
      for (slot, target) in found.enumerated() { unsafe list[slot] = target }
      return
    }
    for row in gone { collect(row, notesGone: false) }
    let candidates = Set(found).subtracting([UInt32(row)]).sorted()
    let scorer = unsafe builder.table.scorer(ofRow: row, memory: query)
    var pool = unsafe scratch.candidates(capacity: max(1, candidates.count))
    var done = 0
    while done < candidates.count {
      let count = min(candidates.count - done, SearchScratch.batchMax)
      for index in 0..<count { unsafe scratch.batchRows[index] = candidates[done + index] }
      unsafe scorer.score(scratch.batchRows, first: 0, count: count, into: scratch.batchDistances)
      for index in 0..<count { unsafe pool.insert(candidates[done + index], scratch.batchDistances[index]) }
      done += count
    }
    let neighbours = unsafe selection.select(from: pool, linksMax: slots, filledMax: builder.refilledLinksMax)
    for (slot, neighbour) in neighbours.enumerated() { unsafe list[slot] = neighbour.row }
  }

  /// Appends what an old row leads to.
  private func collect(_ row: UInt32, notesGone: Bool) {
    older.forEachTarget(of: row) { target in
      let row = older.newRows[Int(target)]
      if row != NT_NO_NODE {
        found.append(row)
      } else if notesGone {
        gone.append(target)
      }
    }
  }
}
