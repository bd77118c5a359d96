import CScheduling

/// The order in which a build inserts rows: those near the same entry one after the other, so that a walk finds in the
/// processor's caches what the walk before it brought there.
///
/// That is done in rounds, each of half as many rows as are linked already, so that the graph grows everywhere at once.
/// In a single round recall@10 of 350,000 copies of 50,000 rows fell from .926 to .898.
struct InsertionOrder<Table: RowTable> {
  /// Fewer rows lie in the caches wherever they are.
  private static var rowsMin: Int { 65_536 }
  /// Rows of a round, in percent of those that are linked already, and at least.
  private static var roundPercent: Int { 50 }
  private static var roundMin: Int { 1024 }

  let table: Table
  let graph: GraphLinks
  /// Rows that the graph will have.
  let count: Int

  /// How many of the rows the next round has.
  func roundCount(linkedCount: Int) -> Int {
    count < Self.rowsMin ? .max : max(Self.roundMin, linkedCount * Self.roundPercent / 100)
  }

  /// The rows of one round in their order.
  /// - Complexity: O(rows × entries) distances.
  func sorted(_ rows: ArraySlice<UInt32>, threads: Int) -> [UInt32] {
    if count < Self.rowsMin { return Array(rows) }
    // The nearest entry, then the row.
    nonisolated(unsafe) let keys = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, rows.count))
    defer { unsafe keys.deallocate() }
    WorkerThreads.run(over: rows.count, threads: threads) { indices in
      let scratch = SearchScratch()
      let memory = UnsafeMutableRawPointer.allocate(byteCount: max(64, table.queryByteCount), alignment: 64)
      defer { unsafe memory.deallocate() }
      for index in indices {
        let row = rows[rows.startIndex + index]
        let scorer = unsafe table.scorer(ofRow: Int(row), memory: memory)
        var nearest = unsafe CandidatePool(entries: scratch.startEntries, capacity: 1)
        _ = unsafe scorer.offerEntries(graph.entries, count: graph.entriesCount, to: &nearest, scratch)
        // Distances that are no numbers leave it empty.
        let entry = unsafe nearest.count > 0 ? CandidatePool.node(nearest.entries[0]) : 0
        unsafe (keys + index).initialize(to: UInt64(entry) << 32 | UInt64(row))
        scheduling_give_way()
      }
    }
    var buffer = unsafe UnsafeMutableBufferPointer(start: keys, count: rows.count)
    unsafe buffer.sort()
    return unsafe buffer.map { UInt32(truncatingIfNeeded: $0) }
  }
}
