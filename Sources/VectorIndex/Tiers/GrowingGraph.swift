import CKernels
import Synchronization
import VectorModel

/// The graph of a tier that grows: rows are linked in the background in their order, while searches walk those that
/// have links already.
///
/// One thread at a time links, any number walk. A walk is bound to the first rows, as many as were linked when it began
/// (`linkedCount`): links to later rows, which their insertion puts into older rows' lists, are passed over. Words are
/// written one by one, so that a walk may meet a list that is half replaced; it then misses some links and nothing else.
///
/// As against a part's graph, the entries are rows at equal steps, free slots are not filled, and what no walk reaches is
/// not looked for: a merge builds anew of these rows.
@safe final class GrowingGraph: Sendable {
  /// One row in so many is an entry.
  private static let entriesStep = 128
  /// Candidates kept while a row is linked, relative to a part's and at least: these links last until the next merge, for
  /// which fewer serve as well. With 48 instead of 64 a row takes 22 instead of 28 µs, and recall@10 of half of debian50k
  /// behind a part of the other half is .981 instead of .986.
  private static let candidatesPercent = 48
  private static let candidatesMin = 48
  /// Rows that are linked before searches see them.
  private static let batchRowsCount = 1024

  let parameters: GraphParameters
  private let countMax: Int
  private let links: MemorySlice
  private let entries: MemorySlice
  private let linked = Atomic(0)

  /// Room for the links of `countMax` rows; the system gives pages as they are written.
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(parameters: GraphParameters, countMax: Int) throws(RequestError) {
    precondition(parameters.m >= 1 && parameters.m <= GraphParameters.mMax && countMax >= 1)
    var parameters = parameters
    parameters.fullScanThresholdKilobytes = 0
    parameters.efConstruction = min(
      parameters.efConstruction,
      max(Self.candidatesMin, parameters.efConstruction * Self.candidatesPercent / 100))
    self.parameters = parameters
    self.countMax = countMax
    let byteCount = countMax * 2 * parameters.m * 4
    links = try AnonymousMemory(byteCount: byteCount).slice(count: byteCount)
    let rows = [UInt32](stride(from: 0, to: UInt32(countMax), by: Self.entriesStep))
    entries = MemorySlice(MemoryRegion(copying: unsafe rows.withUnsafeBytes { unsafe [UInt8]($0) }))
  }

  /// How many rows, from the first on, have links.
  var linkedCount: Int { linked.load(ordering: .acquiring) }

  /// The links of the first rows.
  private func links(count: Int) -> GraphLinks {
    let entriesCount = (count + Self.entriesStep - 1) / Self.entriesStep
    return GraphLinks(
      m: parameters.m, count: count, linkBytes: links,
      entryBytes: MemorySlice(entries.region, offset: 0, count: entriesCount * 4))
  }

  /// The linked ones of some rows as a search takes them; nil where there are none.
  func part(_ rows: DeltaRows) -> VectorPart? {
    let count = min(linkedCount, rows.count)
    guard count > 0 else { return nil }
    let tables = rows.tables(count: count)
    return VectorPart(
      vectors: tables.vectors, distance: rows.distance, parameters: parameters, codes: tables.codes,
      growing: links(count: count))
  }

  /// Links the rows that have no links yet.
  ///
  /// - Parameters:
  ///   - rows: the tier's, as many as there are by now.
  ///   - threads: threads that share the work; they inherit the caller's priority.
  ///   - isCancelled: asked every thousand rows.
  /// - Complexity: O(new rows × log rows) distances.
  func link(_ rows: DeltaRows, threads: Int, isCancelled: () -> Bool) {
    precondition(rows.count <= countMax)
    while linkedCount < rows.count, !isCancelled() {
      let first = linkedCount
      let count = min(rows.count, first + Self.batchRowsCount)
      let graph = links(count: count)
      for slot in (first * graph.slots)..<(count * graph.slots) {
        unsafe nt_store(graph.links + slot, NT_NO_NODE)
      }
      let tables = rows.tables(count: count)
      // Where the system has no memory for a query, the rows are compared in full.
      if let codes = try? tables.codes?.comparable() {
        unsafe insert(codes, rows.distance, graph, from: first, threads)
      } else {
        unsafe insert(tables.vectors, rows.distance, graph, from: first, threads)
      }
      linked.store(count, ordering: .releasing)
    }
  }

  private func insert(
    _ table: some RowTable, _ distance: Distance, _ graph: GraphLinks, from first: Int, _ threads: Int
  ) {
    GraphBuilder(table: table, distance: distance, parameters: parameters, growing: graph)
      .insert(from: first, threads: threads)
  }
}
