import CKernels

/// A graph that was built before, of which some rows are in a new one again.
@safe struct OlderGraph: Sendable {
  let graph: GraphLinks
  /// The old row of each new row, or `PreviousPart.noRow`.
  let oldRows: OldRows
  /// The new row of each old row, or `NT_NO_NODE`.
  let newRows: [UInt32]

  init(_ graph: GraphLinks, oldRows: OldRows) {
    self.graph = graph
    self.oldRows = oldRows
    var newRows = [UInt32](repeating: NT_NO_NODE, count: graph.count)
    for new in 0..<oldRows.count {
      let row = Int(oldRows[new])
      if row < newRows.count { newRows[row] = UInt32(new) }
    }
    self.newRows = newRows
  }

  func contains(_ row: UInt32) -> Bool { oldRows[Int(row)] != PreviousPart.noRow }

  /// The entries that are there again, in their order.
  var entries: [UInt32] { graph.entryRows.map { newRows[Int($0)] }.filter { $0 != NT_NO_NODE } }

  /// The given entries, those first that have links already; at least one has.
  func ordered(_ entries: [UInt32]) -> [UInt32] {
    let linked = entries.filter { contains($0) }
    let others = entries.filter { !contains($0) }
    guard linked.isEmpty, let row = (0..<oldRows.count).first(where: { contains(UInt32($0)) }) else {
      return linked + others
    }
    return [UInt32(row)] + others
  }

  /// The old rows that an old row leads to; of a graph that grows, those that it had when its links were taken.
  func forEachTarget(of oldRow: UInt32, _ body: (UInt32) -> Void) {
    for slot in 0..<graph.slots {
      let target = unsafe nt_load(graph.links + Int(oldRow) * graph.slots + slot)
      if target == NT_NO_NODE { return }
      if target < graph.count { body(target) }
    }
  }

  /// Appends the new rows that a new row leads to in the older graph.
  func appendNeighbours(of row: UInt32, to found: inout [UInt32]) {
    let oldRow = oldRows[Int(row)]
    guard oldRow < graph.count else { return }
    forEachTarget(of: oldRow) { target in
      let new = newRows[Int(target)]
      if new != NT_NO_NODE { found.append(new) }
    }
  }
}
