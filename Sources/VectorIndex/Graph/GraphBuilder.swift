import CKernels
import CScheduling
import VectorModel

/// Builds a graph by inserting all rows, on several threads: Algorithm 1 of Malkov & Yashunin (2018) on one level.
///
/// Deviations: the entry rows are inserted first, one after the other, and each other row is searched for from the
/// nearest of them; a row's own links are written before any link to it, so that no thread meets a row that leads
/// nowhere.
///
/// Threads share the links: each list has a lock for writers, and readers take single words as they come.
@safe final class GraphBuilder<Table: RowTable>: Sendable {
  let table: Table
  let parameters: GraphParameters
  /// Added to ordering values before they are compared under α, so that 0 is the distance of equal vectors.
  let heuristicOffset: Float
  /// α for ordering values: squared where these are squares.
  let heuristicFactor: Float
  let graph: GraphLinks
  /// Whether a row is an entry.
  private let isEntry: Bitset
  /// The graph whose links are taken over.
  private let older: OlderGraph?
  /// Graphs that tell which rows are near each other.
  private let known: [OlderGraph]
  /// The rows that are linked, ascending; nil: all.
  let members: [UInt32]?
  /// [2]: the next row to insert, whether to stop.
  nonisolated(unsafe) private let shared: UnsafeMutablePointer<UInt64>
  /// One lock a row.
  nonisolated(unsafe) private let locks: UnsafeMutablePointer<UInt8>

  /// - Parameters:
  ///   - vectors: the same rows in full
  ///   - older: a graph whose rows keep their links
  ///   - known: graphs whose rows are inserted near those that they lead to, each row in one at most and none in `older`
  ///   - members: the rows to link, ascending, at least one; nil: all
  ///   - links: unused lists of all rows of the table, of which those of members are written; nil: new ones
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(
    table: Table, vectors: VectorTable, distance: Distance, parameters: GraphParameters,
    older: OlderGraph? = nil, known: [OlderGraph] = [], members: [UInt32]? = nil, links: MemorySlice? = nil
  ) throws(RequestError) {
    precondition(parameters.m >= 1 && parameters.m <= GraphParameters.mMax && table.count >= 1)
    self.members = members
    self.parameters = parameters
    heuristicOffset = Self.heuristicOffset(distance)
    heuristicFactor = Self.heuristicFactor(distance, parameters)
    let selection = EntrySelection(
      table: table, members: members, offset: distance == .dot ? nil : heuristicOffset, seed: parameters.seed)
    self.older = older
    self.known = known
    let kept = older.flatMap { older in selection.kept(older.entries) { !older.contains($0) } }
    let chosen = kept ?? selection.choose()
    let entries = older?.ordered(chosen) ?? chosen
    var isEntry = Bitset(count: table.count)
    for row in entries { isEntry[Int(row)] = true }
    self.isEntry = isEntry
    self.table = try table.gatheringEntries(entries, of: vectors)
    graph =
      if let links {
        GraphLinks(m: parameters.m, count: table.count, linkBytes: links, entries: entries)
      } else {
        try GraphLinks(m: parameters.m, count: table.count, entries: entries)
      }
    unsafe shared = .allocate(capacity: 2)
    unsafe shared.initialize(repeating: 0, count: 2)
    unsafe locks = .allocate(capacity: table.count)
    unsafe locks.initialize(repeating: 0, count: table.count)
  }

  /// Takes more rows into a graph that grows.
  /// - Parameter graph: its links, with free lists for the rows that come; entries are numbered upwards.
  init(table: Table, distance: Distance, parameters: GraphParameters, growing graph: GraphLinks) {
    precondition(graph.count == table.count)
    self.table = table
    self.parameters = parameters
    self.graph = graph
    heuristicOffset = Self.heuristicOffset(distance)
    heuristicFactor = Self.heuristicFactor(distance, parameters)
    isEntry = Bitset(count: 0)
    older = nil
    known = []
    members = nil
    unsafe shared = .allocate(capacity: 2)
    unsafe shared.initialize(repeating: 0, count: 2)
    unsafe locks = .allocate(capacity: table.count)
    unsafe locks.initialize(repeating: 0, count: table.count)
  }

  private static func heuristicOffset(_ distance: Distance) -> Float { distance == .cosine ? 1 : 0 }

  private static func heuristicFactor(_ distance: Distance, _ parameters: GraphParameters) -> Float {
    switch distance {
    case .cosine, .euclid: parameters.alpha * parameters.alpha
    case .manhattan, .hamming, .jaccard: parameters.alpha
    case .dot: 1
    }
  }

  deinit {
    unsafe shared.deallocate()
    unsafe locks.deallocate()
  }

  /// How many rows are linked.
  private var membersCount: Int { members?.count ?? table.count }

  private func member(_ index: Int) -> Int { members.map { Int($0[index]) } ?? index }

  /// Inserts all members and connects those that no walk would reach.
  ///
  /// - Returns: nil when `isCancelled` said so; it is asked between insertions, on any of the threads
  func build(threads: Int, isCancelled: @escaping @Sendable () -> Bool) -> GraphLinks? {
    if let older { takeOver(older, threads: threads) }
    insertEntries()
    let order = InsertionOrder(table: table, graph: graph, count: membersCount)
    var rows = rowsToInsert[...]
    while !rows.isEmpty {
      let round = rows.prefix(order.roundCount(linkedCount: membersCount - rows.count))
      insert(order.sorted(round, threads: threads), threads: threads, isCancelled: isCancelled)
      if isStopped { return nil }
      rows = rows.dropFirst(round.count)
    }
    if parameters.keepsPruned { fillFreeSlots(threads: threads) }
    let repair = GraphRepair(builder: self)
    return repair.run(isCancelled: isCancelled) ? graph : nil
  }

  /// The members that have no links yet, ascending.
  private var rowsToInsert: [UInt32] {
    (0..<membersCount).lazy.map { UInt32(self.member($0)) }
      .filter { !self.isEntry[Int($0)] && !(self.older?.contains($0) ?? false) }
  }

  private func insert(_ rows: [UInt32], threads: Int, isCancelled: @escaping @Sendable () -> Bool) {
    unsafe shared[0] = 0
    WorkerThreads.run(count: max(1, min(threads, rows.count / 64))) { [self] _ in
      let inserter = GraphInserter(builder: self)
      while true {
        let index = unsafe Int(nt_next(shared))
        if index >= rows.count || isStopped { return }
        if index % 32 == 0, isCancelled() {
          stop()
          return
        }
        inserter.insert(rows[index], entriesCount: graph.entriesCount)
        scheduling_give_way()
      }
    }
  }

  /// Inserts the rows from `first` on into a graph that has those before: its new entries one after the other, then
  /// the others.
  func insert(from first: Int, threads: Int) {
    let inserter = GraphInserter(builder: self)
    let entries = graph.entryRows
    for (index, row) in entries.enumerated() where row >= first && index > 0 {
      inserter.insert(row, entriesCount: index)
    }
    let newEntries = Set(entries.drop { $0 < first })
    let others = (UInt32(first)..<UInt32(table.count)).filter { !newEntries.contains($0) }
    insert(others, threads: threads) { false }
  }

  private func insertEntries() {
    let inserter = GraphInserter(builder: self)
    for index in 1..<max(1, graph.entriesCount) {
      let row = unsafe graph.entries[index]
      if !(older?.contains(row) ?? false) { inserter.insert(row, entriesCount: index) }
    }
  }

  private func takeOver(_ older: OlderGraph, threads: Int) {
    WorkerThreads.run(over: table.count, threads: threads) { [self] rows in
      let transfer = GraphTransfer(older, to: self)
      for row in rows where older.contains(UInt32(row)) {
        transfer.transfer(row)
        scheduling_give_way()
      }
    }
  }

  /// Links up to which near rows fill a list.
  private var filledLinksMax: Int { parameters.baseLinksMax * GraphFill<Table>.filledPercent / 100 }

  /// Links up to which near rows fill a list that was full when it got another link. Where links are taken over few more
  /// will come; a list of a new graph needs room for many.
  var refilledLinksMax: Int { older == nil || !parameters.keepsPruned ? 0 : filledLinksMax }

  /// The inserted rows that are known to be near a row.
  func knownNeighbours(of row: UInt32) -> [UInt32] {
    var found: [UInt32] = []
    for graph in known { graph.appendNeighbours(of: row, to: &found) }
    found.removeAll { unsafe nt_load(graph.links + Int($0) * graph.slots) == NT_NO_NODE }
    return found
  }

  private func fillFreeSlots(threads: Int) {
    let linksMax = filledLinksMax
    WorkerThreads.run(over: membersCount, threads: threads) { [self] indices in
      let fill = GraphFill(builder: self)
      for index in indices {
        fill.fill(member(index), linksMax: linksMax)
        scheduling_give_way()
      }
    }
  }

  private var isStopped: Bool { unsafe nt_load(stopWord) != 0 }

  private func stop() { unsafe nt_store(stopWord, 1) }

  private var stopWord: UnsafeMutablePointer<UInt32> {
    unsafe UnsafeMutableRawPointer(shared + 1).assumingMemoryBound(to: UInt32.self)
  }

  func lock(_ row: UInt32) { unsafe nt_lock(locks + Int(row)) }

  func unlock(_ row: UInt32) { unsafe nt_unlock(locks + Int(row)) }
}

/// A small generator with a seed (Steele, Lea & Flood 2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
