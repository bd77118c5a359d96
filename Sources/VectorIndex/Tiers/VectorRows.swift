package import VectorModel

/// The rows of one named vector: those of the generation's part, then those of the delta.
///
/// Rows below `sealedCount` belong to the part. A row is live while it is its slot's newest. Copies share
/// their memory.
package struct VectorRows: Sendable {
  package static let noRow = UInt32.max

  package let dimension: Int
  package let distance: Distance
  /// The generation's part; absent where there is none or it is being rebuilt.
  package let part: VectorPart?
  package let sealedCount: Int
  private(set) var delta: DeltaRows
  /// The slot of each row.
  private(set) var slots: ChunkedArray<UInt32>
  /// The live row of each slot, or `noRow`; slots beyond its end have none.
  private var rows: ChunkedArray<UInt32>
  /// The rows of the part, and of the delta, that are live.
  private var sealedLive: Bitset
  private var deltaLive = Bitset(count: 0)
  package private(set) var liveCount = 0
  /// The slots that have a live row; its count is the number of slots.
  package private(set) var present: Bitset
  /// Whether every sealed row stands for the slot of the same number.
  private let sealedIsIdentity: Bool

  /// No rows yet, in a collection that has `slotCount` slots.
  package init(dimension: Int, distance: Distance, slotCount: Int = 0) {
    self.dimension = dimension
    self.distance = distance
    part = nil
    sealedCount = 0
    delta = DeltaRows(dimension: dimension)
    slots = ChunkedArray()
    rows = ChunkedArray()
    sealedLive = Bitset(count: 0)
    present = Bitset(count: slotCount)
    sealedIsIdentity = true
  }

  /// The rows of a generation's part.
  /// - Parameter slotOfRow: the slot of each of the part's rows; distinct and below `slotCount`.
  package init(
    part: VectorPart, dimension: Int, distance: Distance, slotOfRow: [UInt32], slotCount: Int
  ) {
    precondition(part.count == slotOfRow.count)
    self.dimension = dimension
    self.distance = distance
    self.part = part
    sealedCount = slotOfRow.count
    delta = DeltaRows(dimension: dimension)
    slots = ChunkedArray(slotOfRow)
    var rowOfSlot = [UInt32](repeating: Self.noRow, count: slotCount)
    var present = Bitset(count: slotCount)
    for (row, slot) in slotOfRow.enumerated() {
      rowOfSlot[Int(slot)] = UInt32(row)
      present[Int(slot)] = true
    }
    rows = ChunkedArray(rowOfSlot)
    self.present = present
    sealedLive = Bitset(count: slotOfRow.count, repeating: true)
    liveCount = slotOfRow.count
    sealedIsIdentity =
      slotOfRow.count == slotCount && slotOfRow.enumerated().allSatisfy { $0.element == $0.offset }
  }

  /// How many rows there are, dead ones included.
  package var rowCount: Int { slots.count }
  package var deltaCount: Int { delta.count }

  /// Tells that the collection has slots up to `count`.
  package mutating func extendSlots(to count: Int) {
    while present.count < count { present.append(false) }
  }

  /// Gives a slot its newest row.
  package mutating func put(_ values: [Float], slot: UInt32) {
    remove(slot: slot)
    extendSlots(to: Int(slot) + 1)
    while rows.count <= Int(slot) { rows.append(Self.noRow) }
    let row = UInt32(slots.count)
    delta.append(values)
    slots.append(slot)
    rows[Int(slot)] = row
    deltaLive.append(true)
    liveCount += 1
    present[Int(slot)] = true
  }

  /// Takes a slot's row away, if it has one.
  package mutating func remove(slot: UInt32) {
    guard let row = row(of: slot) else { return }
    if Int(row) < sealedCount {
      sealedLive[Int(row)] = false
    } else {
      deltaLive[Int(row) - sealedCount] = false
    }
    liveCount -= 1
    rows[Int(slot)] = Self.noRow
    present[Int(slot)] = false
  }

  /// The live row of a slot.
  package func row(of slot: UInt32) -> UInt32? {
    guard Int(slot) < rows.count else { return nil }
    let row = rows[Int(slot)]
    return row == Self.noRow ? nil : row
  }

  package func slot(of row: UInt32) -> UInt32 { slots[Int(row)] }

  /// The numbers of a row, valid as long as this value lives.
  package func values(ofRow row: UInt32) -> UnsafePointer<Float> {
    if Int(row) < sealedCount, let part { return unsafe part.floats.row(Int(row)) }
    return unsafe delta.row(Int(row) - sealedCount)
  }

  /// The numbers of a slot's live row: `[dimension]`, or nil where it has none.
  package func values(of slot: UInt32) -> [Float]? {
    guard let row = row(of: slot) else { return nil }
    return unsafe Array(UnsafeBufferPointer(start: values(ofRow: row), count: dimension))
  }

  /// The part's live rows of the given slots, or nil where that is every row.
  /// - Parameter slots: absent means all; its count is the number of slots.
  func sealedRows(of slots: Bitset?) -> RowFilter? {
    guard let slots else {
      return liveCount == rowCount ? nil : RowFilter(rows: sealedLive)
    }
    var result = sealedLive
    if sealedIsIdentity {
      result.formAndPrefix(slots, count: sealedCount)
    } else {
      for row in 0..<sealedCount where result[row] && !slots[Int(self.slots[row])] { result[row] = false }
    }
    return RowFilter(rows: result)
  }

  /// The delta's live rows of the given slots, counted from its first, or nil where that is every row.
  func deltaRows(of slots: Bitset?) -> Bitset? {
    guard let slots else { return liveCount == rowCount ? nil : deltaLive }
    var result = deltaLive
    for row in 0..<delta.count where result[row] && !slots[Int(self.slots[sealedCount + row])] {
      result[row] = false
    }
    return result
  }
}

extension VectorRows {
  /// The numbers of the given rows one after the other: `[rows.count × dimension]` float32.
  /// - Throws: `insufficientStorage` when the system refuses memory.
  /// - Complexity: O(rows × dimension).
  package func gathered(_ rows: [UInt32]) throws(RequestError) -> MemorySlice {
    let rowByteCount = dimension * 4
    let memory = try AnonymousMemory(byteCount: rows.count * rowByteCount)
    for (index, row) in rows.enumerated() {
      let target = unsafe UnsafeMutableRawBufferPointer(
        rebasing: memory.bytes[(index * rowByteCount)..<((index + 1) * rowByteCount)])
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: values(ofRow: row), count: rowByteCount))
    }
    return memory.slice(count: rows.count * rowByteCount)
  }

  /// How many live rows a generation's part holds.
  package var indexedCount: Int { sealedRows(of: nil)?.cardinality ?? sealedCount }
}
