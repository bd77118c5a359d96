import VectorModel

/// The indexed values of points that no part knows yet: new points, and points whose payload has changed since.
///
/// One row for each time that a payload was put; a row is dead once its slot has a newer one. Copies share their
/// memory in chunks, so that a view costs nothing and a change after it some chunks. Rows are scanned, not
/// searched: meant for some 10⁵ of them.
struct PayloadOverlay: Sendable {
  /// The slot of a dead row.
  static let dead = UInt32.max
  /// Fewer rows are never compacted.
  private static let compactedRowCountMin = 1024

  private(set) var fields: [OverlayField] = []
  /// By row.
  private(set) var slots = ChunkedArray<UInt32>()
  /// By row: how many rows had been put before it, ever.
  private var ordinals = ChunkedArray<UInt64>()
  private var rowOfSlot = SlotRows()
  private var extractor = FieldExtractor([])
  /// Rows ever put.
  private(set) var mark: UInt64 = 0

  /// How many points are here.
  var liveCount: Int { rowOfSlot.count }
  var rowCount: Int { slots.count }

  /// Whether a slot is answered here and not by a part.
  func covers(_ slot: UInt32) -> Bool { rowOfSlot[slot] != nil }

  /// The row of a slot that is answered here.
  func row(of slot: UInt32) -> Int? { rowOfSlot[slot].map { Int($0) } }

  /// The slots that are answered here.
  /// - Complexity: O(rows).
  func coveredSlots(slotCount: Int) -> Bitset {
    var words = SlotWords(count: slotCount)
    words.withWords { target in
      slots.forEachChunk { chunk, _ in
        for slot in chunk where slot != Self.dead { target.insert(Int(slot)) }
      }
    }
    return words.bitset()
  }

  /// - Throws: where the payload is no JSON object; then nothing has changed.
  /// - Complexity: O(payload + fields), and some chunks for the first change after a copy.
  mutating func put(_ slot: UInt32, payload: [UInt8]) throws(RequestError) {
    precondition(slot != Self.dead)
    try extractor.extract(payload)
    remove(slot)
    let row = slots.count
    rowOfSlot.set(slot, to: UInt32(row))
    slots.append(slot)
    ordinals.append(mark)
    mark += 1
    for index in fields.indices { fields[index].append(extractor.fields[index], row: row) }
    if slots.count >= Self.compactedRowCountMin, slots.count > 4 * liveCount { compact { _ in true } }
  }

  /// Forgets a slot, if it is here.
  mutating func remove(_ slot: UInt32) {
    guard let row = rowOfSlot.remove(slot) else { return }
    slots[Int(row)] = Self.dead
  }

  /// Adds a field and reads its values of the points that are here.
  /// - Throws: what `payload` throws; then nothing has changed.
  /// - Complexity: O(rows · payload).
  mutating func declare(
    _ path: PayloadPath, _ type: PayloadFieldType, payload: (UInt32) throws(RequestError) -> [UInt8]
  ) throws(RequestError) {
    var field = OverlayField(path: path, type: type)
    var single = FieldExtractor([(path, type)])
    for (row, slot) in slots.enumerated() {
      try single.extract(slot == Self.dead ? [] : try payload(slot))
      field.append(single.fields[0], row: row)
    }
    fields.append(field)
    resetExtractor()
  }

  mutating func drop(_ path: PayloadPath) {
    fields.removeAll { $0.path == path }
    resetExtractor()
  }

  /// Forgets the points that were put before `mark` was reached and not since, where `isKnown` says so.
  mutating func discard(before mark: UInt64, where isKnown: (UInt32) -> Bool) {
    let (ordinals, slots) = (ordinals, slots)
    compact { row in ordinals[row] >= mark || !isKnown(slots[row]) }
  }

  private mutating func resetExtractor() {
    extractor = FieldExtractor(fields.map { ($0.path, $0.type) })
  }

  /// Keeps the living rows that `isKept`, in their order.
  private mutating func compact(where isKept: (Int) -> Bool) {
    var newRows = [Int?](repeating: nil, count: slots.count)
    var keptSlots = ChunkedArray<UInt32>()
    var keptOrdinals = ChunkedArray<UInt64>()
    var keptRowOfSlot = SlotRows()
    for row in slots.indices where slots[row] != Self.dead && isKept(row) {
      newRows[row] = keptSlots.count
      keptRowOfSlot.set(slots[row], to: UInt32(keptSlots.count))
      keptSlots.append(slots[row])
      keptOrdinals.append(ordinals[row])
    }
    for index in fields.indices { fields[index].renumber(newRows) }
    slots = keptSlots
    ordinals = keptOrdinals
    rowOfSlot = keptRowOfSlot
  }
}
