import CScheduling
package import VectorModel

/// The rows of one named vector, in tiers: a generation's, frozen ones that came after it, and those that no part has
/// yet, which have links or are scanned.
///
/// A row is live while it is its slot's newest. Copies share their memory.
package struct VectorRows: Sendable {
  package static let noRow = UInt32.max
  /// Rows at which the last tier is closed and another begins; of long vectors it has fewer.
  package static let tierRowsMax = 65_536

  package let dimension: Int
  /// What the numbers of rows are kept as.
  package let element: VectorElement
  package let distance: Distance
  /// The same in all values that one vector's rows ever were.
  package let lineage: Lineage
  /// Oldest first; the last one is flat and grows.
  package private(set) var tiers: [RowTier]
  private var nextTierID: UInt64
  /// How rows that come are encoded: as the generation's, or those of the first part where there is none.
  private var encoding: RowEncoding?
  /// The slot of each row.
  private var slots: ChunkedArray<UInt32>
  /// The live row of each slot, or `noRow`; slots beyond its end have none.
  private var rows: ChunkedArray<UInt32>
  package private(set) var liveCount: Int
  /// The slots that have a live row; its count is the number of slots.
  package private(set) var present: Bitset

  /// Tells the rows of a vector from those of one that was added again under its name.
  package final class Lineage: Sendable {}

  /// No rows yet, in a collection that has `slotCount` slots.
  package init(dimension: Int, element: VectorElement = .float32, distance: Distance, slotCount: Int = 0) {
    self.dimension = dimension
    self.element = element
    self.distance = distance
    lineage = Lineage()
    tiers = [
      RowTier(
        id: 0, firstRow: 0,
        delta: DeltaRows(dimension: dimension, element: element, distance: distance, encoding: nil))
    ]
    nextTierID = 1
    slots = ChunkedArray()
    rows = ChunkedArray()
    liveCount = 0
    present = Bitset(count: slotCount)
  }

  /// The rows of a generation's part.
  /// - Parameter slotOfRow: the slot of each of the part's rows; distinct and below `slotCount`.
  package init(
    part: VectorPart, dimension: Int, distance: Distance, slotOfRow: PackedArray<UInt32>, slotCount: Int
  ) {
    precondition(part.count == slotOfRow.count)
    self.dimension = dimension
    element = part.element
    self.distance = distance
    lineage = Lineage()
    let isIdentity =
      slotOfRow.count == slotCount && (0..<slotCount).allSatisfy { slotOfRow[$0] == UInt32($0) }
    encoding = part.rowEncoding
    tiers = [
      RowTier(
        id: 0, isGeneration: true, firstRow: 0, part: part, firstSlot: isIdentity ? 0 : nil),
      RowTier(
        id: 1, firstRow: part.count,
        delta: DeltaRows(dimension: dimension, element: element, distance: distance, encoding: encoding)),
    ]
    nextTierID = 2
    liveCount = slotOfRow.count
    if isIdentity {
      slots = ChunkedArray(count: slotCount) { UInt32($0) }
      rows = slots
      present = Bitset(count: slotCount, repeating: true)
      return
    }
    let slots = slotOfRow.elements(in: 0..<slotOfRow.count)
    self.slots = ChunkedArray(slots)
    var rowOfSlot = [UInt32](repeating: Self.noRow, count: slotCount)
    present = Bitset(count: slotCount)
    for (row, slot) in slots.enumerated() {
      rowOfSlot[Int(slot)] = UInt32(row)
      present[Int(slot)] = true
    }
    rows = ChunkedArray(rowOfSlot)
  }

  /// Whether a value is of the element and the dimension of these rows.
  package func hasShape(of value: VectorValue) -> Bool {
    guard let shape = value.denseShape else { return false }
    return shape == (element, dimension)
  }

  /// How many rows there are, dead ones included.
  package var rowCount: Int { slots.count }

  /// The generation's part; absent where there is none or it is being rebuilt.
  package var part: VectorPart? { tiers.first { $0.isGeneration }?.part }

  /// Rows behind those of the generation.
  package var deltaCount: Int { rowCount - (tiers.first { $0.isGeneration }?.count ?? 0) }

  /// How many live rows searches need not scan.
  package var indexedCount: Int { tiers.reduce(0) { $0 + $1.indexedLiveCount } }

  /// How many tiers a search goes through.
  package var searchedTiersCount: Int { tiers.count { $0.count > 0 } }

  /// How many rows searches scan.
  package var unindexedCount: Int { tiers.reduce(0) { $0 + $1.count - $1.indexedCount } }

  /// Bytes that a search scans: of the codes of these rows, or of the rows where they have none.
  package var scannedByteCount: Int { tiers.reduce(0) { $0 + $1.scannedByteCount } }

  /// Tells that the collection has slots up to `count`.
  package mutating func extendSlots(to count: Int) {
    while present.count < count { present.append(false) }
  }

  /// Gives a slot its newest row, of numbers that the element can hold.
  package mutating func put(_ values: [Float], slot: UInt32) {
    remove(slot: slot)
    extendSlots(to: Int(slot) + 1)
    while rows.count <= Int(slot) { rows.append(Self.noRow) }
    if !tiers[tiers.count - 1].hasRoom { closeTier() }
    tiers[tiers.count - 1].append(values, slot: slot)
    rows[Int(slot)] = UInt32(slots.count)
    slots.append(slot)
    liveCount += 1
    present[Int(slot)] = true
  }

  /// Takes a slot's row away, if it has one.
  package mutating func remove(slot: UInt32) {
    guard let row = row(of: slot) else { return }
    kill(row)
    rows[Int(slot)] = Self.noRow
    present[Int(slot)] = false
  }

  private mutating func kill(_ row: UInt32) {
    let tier = tierIndex(of: row)
    tiers[tier].kill(Int(row) - tiers[tier].firstRow)
    liveCount -= 1
  }

  /// Begins a new tier, unless the last one has no rows.
  package mutating func closeTier() {
    guard tiers[tiers.count - 1].count > 0 else { return }
    tiers[tiers.count - 1].giveBackRoom()
    appendTier()
  }

  private mutating func appendTier() {
    tiers.append(
      RowTier(
        id: nextTierID, firstRow: rowCount,
        delta: DeltaRows(dimension: dimension, element: element, distance: distance, encoding: encoding)))
    nextTierID += 1
  }

  /// Gives the rows of a tier without a part a graph, unless they have one.
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  package mutating func beginGraph(tier: Int, _ parameters: GraphParameters) throws(RequestError) {
    try tiers[tier].beginGraph(parameters)
  }

  /// Puts a part in the place of the tiers that it was built from.
  /// - Parameter ids: the tiers' ids, in their order.
  /// - Returns: false, and nothing has changed, where these tiers are gone.
  package mutating func install(_ part: VectorPart, replacing ids: [UInt64]) -> Bool {
    guard let first = tiers.firstIndex(where: { $0.id == ids.first }),
      tiers[first...].prefix(ids.count).map(\.id) == ids
    else { return false }
    let range = first..<(first + ids.count)
    let tier = RowTier(id: nextTierID, part: part, replacing: tiers[range])
    nextTierID += 1
    tiers.replaceSubrange(range, with: [tier])
    if encoding == nil { encoding = part.rowEncoding }
    if tiers.last?.part != nil { appendTier() }
    return true
  }

  /// The live row of a slot.
  package func row(of slot: UInt32) -> UInt32? {
    guard Int(slot) < rows.count else { return nil }
    let row = rows[Int(slot)]
    return row == Self.noRow ? nil : row
  }

  package func slot(of row: UInt32) -> UInt32 { slots[Int(row)] }

  /// The bytes of a row, valid as long as this value lives.
  private func bytes(ofRow row: UInt32) -> UnsafeRawPointer {
    let tier = tierIndex(of: row)
    return unsafe tiers[tier].bytes(Int(row) - tiers[tier].firstRow)
  }

  /// The numbers of a slot's live row: `[dimension]`, or nil where it has none.
  package func values(of slot: UInt32) -> [Float]? {
    guard let row = row(of: slot) else { return nil }
    return unsafe [Float](unsafeUninitializedCapacity: dimension) { buffer, count in
      count = dimension
      guard let target = buffer.baseAddress else { return }
      unsafe element.decode(bytes(ofRow: row), count: dimension, into: target)
    }
  }

  /// A slot's live row as records and answers have it, or nil where it has none.
  package func value(of slot: UInt32) -> VectorValue? {
    values(of: slot).map { .dense($0, as: element) }
  }

  /// The last tier that does not begin behind the row; tiers are few, and new rows are asked for most.
  private func tierIndex(of row: UInt32) -> Int {
    var index = tiers.count - 1
    while tiers[index].firstRow > Int(row) { index -= 1 }
    return index
  }

  /// Lends the bytes of a row: `[dimension]` numbers of `element`.
  package func withBytes<Failure>(
    ofRow row: UInt32, _ body: (Span<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    let start = unsafe bytes(ofRow: row).assumingMemoryBound(to: UInt8.self)
    try unsafe body(UnsafeBufferPointer(start: start, count: element.byteCount(dimension: dimension)).span)
  }

  /// The given rows one after the other: `[rows.count × dimension]` numbers of `element`.
  /// - Throws: `insufficientStorage` when the system refuses memory.
  /// - Complexity: O(rows × dimension).
  package func gathered(_ rows: some Collection<UInt32>) throws(RequestError) -> MemorySlice {
    let rowByteCount = element.byteCount(dimension: dimension)
    let memory = try AnonymousMemory(byteCount: rows.count * rowByteCount)
    for (index, row) in rows.enumerated() {
      let target = unsafe UnsafeMutableRawBufferPointer(
        rebasing: memory.bytes[(index * rowByteCount)..<((index + 1) * rowByteCount)])
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: bytes(ofRow: row), count: rowByteCount))
      scheduling_give_way()
    }
    return memory.slice(count: rows.count * rowByteCount)
  }
}

extension VectorRows {
  /// The rows after a build: its part, and the tiers that came since its view.
  ///
  /// - Parameters:
  ///   - old: the rows now, of the same lineage as the view's.
  ///   - firstRow: how many rows the view had; a tier begins there.
  ///   - livingSlots: the old slot of each slot of the generation.
  ///   - oldSlotCount: how many slots the view had; those behind it follow on the generation's.
  /// - Precondition: `self` is the part's rows alone, and a slot without a live row in the view has none in it.
  package func followed(
    by old: VectorRows, from firstRow: Int, livingSlots: [UInt32], oldSlotCount: Int
  ) -> VectorRows {
    precondition(deltaCount == 0)
    var result = VectorRows(adopting: self, lineageOf: old)
    let base = rowCount
    var newSlots = [UInt32](repeating: Self.noRow, count: oldSlotCount)
    for (new, old) in livingSlots.enumerated() { newSlots[Int(old)] = UInt32(new) }
    let slotOf = { (slot: UInt32) -> UInt32 in
      Int(slot) < oldSlotCount ? newSlots[Int(slot)] : slot - UInt32(oldSlotCount) + UInt32(livingSlots.count)
    }
    for tier in old.tiers where tier.firstRow >= firstRow {
      let isMoved = tier.firstSlot.map { Int($0) >= oldSlotCount } ?? false
      result.tiers.append(
        tier.moved(
          toRow: tier.firstRow - firstRow + base, firstSlot: isMoved ? tier.firstSlot.map(slotOf) : nil))
    }
    for row in firstRow..<old.rowCount { result.slots.append(slotOf(old.slots[row])) }
    result.extendSlots(to: livingSlots.count + max(0, old.present.count - oldSlotCount))
    for (new, slot) in livingSlots.enumerated() {
      let row = old.row(of: slot)
      if let row, Int(row) < firstRow { continue }
      result.remove(slot: UInt32(new))
      if let row { result.adopt(row: UInt32(Int(row) - firstRow + base), slot: UInt32(new)) }
    }
    for slot in oldSlotCount..<max(oldSlotCount, old.present.count) {
      if let row = old.row(of: UInt32(slot)) {
        result.adopt(row: UInt32(Int(row) - firstRow + base), slot: slotOf(UInt32(slot)))
      }
    }
    return result
  }

  /// `part` without its empty last tier, ready for the tiers of `old`.
  private init(adopting part: VectorRows, lineageOf old: VectorRows) {
    dimension = part.dimension
    element = part.element
    distance = part.distance
    lineage = old.lineage
    nextTierID = old.nextTierID + 1
    encoding = part.encoding ?? old.encoding
    tiers = part.tiers.filter(\.isGeneration).map { $0.renamed(old.nextTierID) }
    slots = part.slots
    rows = part.rows
    liveCount = part.liveCount
    present = part.present
  }

  /// Makes a row that is live in its tier already the row of a slot that has none.
  private mutating func adopt(row: UInt32, slot: UInt32) {
    while rows.count <= Int(slot) { rows.append(Self.noRow) }
    rows[Int(slot)] = row
    present[Int(slot)] = true
    liveCount += 1
  }
}
