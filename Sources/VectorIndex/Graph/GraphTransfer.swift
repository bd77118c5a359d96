import CKernels

/// Takes the links of an older graph over to one that some of its rows are in again.
///
/// Links to rows that have gone are replaced as in FreshDiskANN (Singh et al. 2021, Algorithm 4): what these led to
/// becomes a candidate, and neighbours are selected anew.
@safe struct GraphTransfer: Sendable {
  let old: GraphLinks
  /// The old row of each new row, or `PreviousPart.noRow`; one at least is there.
  let oldRows: [UInt32]
  /// The new row of each old row, or `NT_NO_NODE`.
  private let newRows: [UInt32]

  init(old: GraphLinks, oldRows: [UInt32]) {
    self.old = old
    self.oldRows = oldRows
    var newRows = [UInt32](repeating: NT_NO_NODE, count: old.count)
    for (new, row) in oldRows.enumerated() where row != PreviousPart.noRow { newRows[Int(row)] = UInt32(new) }
    self.newRows = newRows
  }

  func contains(_ row: UInt32) -> Bool { oldRows[Int(row)] != PreviousPart.noRow }

  /// The entries, those first that have links already; at least one has.
  func ordered(_ entries: [UInt32]) -> [UInt32] {
    let linked = entries.filter { contains($0) }
    let others = entries.filter { !contains($0) }
    guard linked.isEmpty, let row = oldRows.firstIndex(where: { $0 != PreviousPart.noRow }) else {
      return linked + others
    }
    return [UInt32(row)] + others
  }

  /// The part of one thread: writes the lists of the rows in `range` that the older graph has.
  func run<Table: RowTable>(_ builder: GraphBuilder<Table>, rows range: Range<Int>) {
    let worker = Worker(transfer: self, builder: builder)
    for row in range where contains(UInt32(row)) { worker.transfer(row) }
  }

  @safe private final class Worker<Table: RowTable> {
    private let transfer: GraphTransfer
    private let builder: GraphBuilder<Table>
    private let scratch = SearchScratch()
    private let selection: NeighborSelection<Table>
    private let query: UnsafeMutableRawPointer
    /// New rows that an old list leads to.
    private var found: [UInt32] = []
    /// Old rows that have gone.
    private var gone: [UInt32] = []

    init(transfer: GraphTransfer, builder: GraphBuilder<Table>) {
      self.transfer = transfer
      self.builder = builder
      selection = NeighborSelection(builder: builder)
      unsafe query = .allocate(byteCount: max(64, builder.table.queryByteCount), alignment: 64)
    }

    deinit { unsafe query.deallocate() }

    func transfer(_ row: Int) {
      found.removeAll(keepingCapacity: true)
      gone.removeAll(keepingCapacity: true)
      collect(transfer.oldRows[row], notesGone: true)
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
      let neighbours = unsafe selection.select(from: pool, linksMax: slots, filledMax: 0)
      for (slot, neighbour) in neighbours.enumerated() { unsafe list[slot] = neighbour.row }
    }

    /// Appends what an old row leads to.
    private func collect(_ row: UInt32, notesGone: Bool) {
      let old = transfer.old
      for slot in 0..<old.slots {
        let target = unsafe old.links[Int(row) * old.slots + slot]
        if target == NT_NO_NODE { break }
        let row = transfer.newRows[Int(target)]
        if row != NT_NO_NODE {
          found.append(row)
        } else if notesGone {
          gone.append(target)
        }
      }
    }
  }
}
