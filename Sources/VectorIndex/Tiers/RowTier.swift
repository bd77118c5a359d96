import VectorModel

/// Rows of one named vector that are searched together, in the order in which they came.
///
/// Tiers lie one after the other; the first may be the generation's, and only the last grows.
package struct RowTier: Sendable {
  package enum Rows: Sendable {
    /// Rows with codes, and a graph where there are many.
    case part(VectorPart)
    /// Rows that are scanned, but for those that the tier's graph has.
    case flat(DeltaRows)
  }

  /// Tells this tier from all others that its vector ever had.
  package let id: UInt64
  /// Whether the tier is a sealed generation's.
  package let isGeneration: Bool
  /// The number of its first row.
  package let firstRow: Int
  private(set) var rows: Rows
  /// The links of rows without a part, where there are some.
  private(set) var graph: GrowingGraph?
  /// The rows that are their slots' newest, counted from the first.
  private(set) var live: Bitset
  private(set) var liveCount: Int
  /// The slot of the first row, where the rows stand for consecutive slots.
  private(set) var firstSlot: UInt32?

  /// An empty tier that grows.
  init(id: UInt64, firstRow: Int, delta: DeltaRows) {
    self.id = id
    isGeneration = false
    self.firstRow = firstRow
    rows = .flat(delta)
    live = Bitset(count: 0)
    liveCount = 0
  }

  /// A tier of rows that are all live.
  init(id: UInt64, isGeneration: Bool, firstRow: Int, part: VectorPart, firstSlot: UInt32?) {
    self.id = id
    self.isGeneration = isGeneration
    self.firstRow = firstRow
    rows = .part(part)
    live = Bitset(count: part.count, repeating: true)
    liveCount = part.count
    self.firstSlot = firstSlot
  }

  /// A part in the place of the tiers that it was built from.
  /// - Precondition: they lie one after the other, and the part has all of their rows.
  init(id: UInt64, part: VectorPart, replacing tiers: ArraySlice<RowTier>) {
    guard let first = tiers.first else { preconditionFailure("no tiers are replaced") }
    self.id = id
    isGeneration = false
    firstRow = first.firstRow
    rows = .part(part)
    var joined = Bitset(count: 0)
    var firstSlot = first.firstSlot
    for tier in tiers {
      if let slot = firstSlot, slot + UInt32(joined.count) != tier.firstSlot { firstSlot = nil }
      for row in 0..<tier.count { joined.append(tier.live[row]) }
    }
    precondition(joined.count == part.count)
    live = joined
    self.firstSlot = firstSlot
    liveCount = tiers.reduce(0) { $0 + $1.liveCount }
  }

  /// How many rows there are, dead ones included.
  package var count: Int { live.count }

  package var part: VectorPart? { if case .part(let part) = rows { part } else { nil } }

  /// How many of the rows, from the first on, searches need not scan.
  package var indexedCount: Int { part == nil ? min(graph?.linkedCount ?? 0, count) : count }

  /// Whether some of these are so because they have links where they lie.
  package var hasGraph: Bool { graph != nil }

  /// The rows that have links: the part, or the linked ones of a tier without.
  package var linkedPart: VectorPart? {
    switch rows {
    case .part(let part): part
    case .flat(let delta): graph?.part(delta)
    }
  }

  /// How many of these live.
  var indexedLiveCount: Int {
    let indexed = indexedCount
    return indexed == count ? liveCount : live.prefix(indexed).onesCount
  }

  /// Whether another row fits.
  var hasRoom: Bool { if case .flat(let delta) = rows { count < delta.countMax } else { false } }

  /// Gives back the memory of rows that will not come.
  func giveBackRoom() { if case .flat(let delta) = rows { delta.giveBackRoom() } }

  /// Bytes of its rows that a search scans, where there is no part.
  var scannedByteCount: Int {
    guard case .flat(let delta) = rows else { return 0 }
    return (count - indexedCount) * (delta.encoding?.stride ?? delta.rowByteCount)
  }

  package var kind: TierSearch.Kind {
    if part == nil { return .delta }
    return isGeneration ? .generation : .frozen
  }

  /// The same rows behind others; their slots begin elsewhere, or are not known to be consecutive.
  func moved(toRow firstRow: Int, firstSlot: UInt32?) -> RowTier { RowTier(self, id, firstRow, firstSlot) }

  /// Gives rows without a part a graph, none of which is linked yet.
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  mutating func beginGraph(_ parameters: GraphParameters) throws(RequestError) {
    guard case .flat(let delta) = rows, graph == nil else { return }
    graph = try GrowingGraph(parameters: parameters, countMax: delta.countMax)
  }

  /// Links the rows that have no links yet; see `GrowingGraph.link`.
  package func link(threads: Int, isCancelled: () -> Bool) {
    if case .flat(let delta) = rows { graph?.link(delta, threads: threads, isCancelled: isCancelled) }
  }

  /// The same rows under another id.
  func renamed(_ id: UInt64) -> RowTier { RowTier(self, id, firstRow, firstSlot) }

  private init(_ tier: RowTier, _ id: UInt64, _ firstRow: Int, _ firstSlot: UInt32?) {
    self.id = id
    isGeneration = tier.isGeneration
    self.firstRow = firstRow
    rows = tier.rows
    graph = tier.graph
    live = tier.live
    liveCount = tier.liveCount
    self.firstSlot = firstSlot
  }

  /// Adds a live row.
  mutating func append(_ values: [Float], slot: UInt32) {
    guard case .flat(var delta) = rows else { preconditionFailure("parts do not grow") }
    // Only one copy of the rows may be there while they grow, or the list of chunks is copied.
    rows = .flat(
      DeltaRows(dimension: delta.dimension, element: delta.element, distance: delta.distance, encoding: nil))
    delta.append(values)
    rows = .flat(delta)
    if count == 0 {
      firstSlot = slot
    } else if let first = firstSlot, first + UInt32(count) != slot {
      firstSlot = nil
    }
    live.append(true)
    liveCount += 1
  }

  /// Ends the life of a row, counted from the first.
  mutating func kill(_ row: Int) {
    precondition(live[row])
    live[row] = false
    liveCount -= 1
  }

  /// The bytes of a row, counted from the first; valid as long as this value lives.
  func bytes(_ row: Int) -> UnsafeRawPointer {
    switch rows {
    case .part(let part): unsafe part.table.row(row)
    case .flat(let delta): unsafe delta.row(row)
    }
  }

  /// The live rows of the given slots, counted from the first; nil where that is every row.
  /// - Parameters:
  ///   - slots: absent means all; its count is the number of slots
  ///   - slot: the slot of a row, counted from the first
  func accepted(_ slots: Bitset?, slot: (Int) -> UInt32) -> RowFilter? {
    guard let slots else { return liveCount == count ? nil : RowFilter(rows: live, cardinality: liveCount) }
    if let firstSlot { return RowFilter(rows: live.intersection(slots, from: Int(firstSlot))) }
    var result = live
    live.forEachOne { row in
      if !slots[Int(slot(row))] { result[row] = false }
    }
    return RowFilter(rows: result)
  }
}

extension Bitset {
  /// What is also in `other`, whose bit `first` stands for bit 0.
  /// - Complexity: O(count / 64).
  func intersection(_ other: Bitset, from first: Int) -> Bitset {
    precondition(first >= 0 && first + count <= other.count)
    var result = words
    let (word, shift) = (first >> 6, UInt64(first & 63))
    for index in result.indices {
      var bits = other.words[word + index] >> shift
      if shift > 0, word + index + 1 < other.words.count {
        bits |= other.words[word + index + 1] << (64 - shift)
      }
      result[index] &= bits
    }
    return Bitset(count: count, words: result)
  }
}
