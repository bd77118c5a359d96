import VectorModel

/// The numbers of an index part in their order, each with the slots that have it.
///
/// Row ranges are answered by setting one bit a row; of long ranges the middle is answered by sets that were made
/// for aligned blocks of rows (1/16 of all rows, and 2, 4 and 8 of these), so that a range of half of all rows
/// costs a few flat unions instead.
struct NumberColumn: Sendable {
  /// Fewer rows have no blocks.
  static let blockedRowCountMin = 16_384
  private static let finestBlocksCount = 16
  private static let levelCount = 4

  /// Distinct, ascending.
  let keys: PackedArray<Int64>
  /// Where each key's rows start; one more than there are keys.
  let starts: PackedArray<UInt32>
  /// By row: ascending for one key.
  let slots: PackedArray<UInt32>
  /// Level by level, each from the first row on.
  private let blocks: [SlotSet]
  private let blockOffsets: PackedArray<UInt64>
  private let blockBytes: MemorySlice

  var rowCount: Int { slots.count }

  /// The rows of the keys in `range`.
  /// - Complexity: O(log keys).
  func rows(in range: ClosedRange<Int64>) -> Range<Int> {
    let low = keys.partition { $0 < range.lowerBound }
    let high = keys.partition { $0 <= range.upperBound }
    return Int(starts[low])..<Int(starts[max(low, high)])
  }

  /// The rows of the key at `index`.
  func rows(of index: Int) -> Range<Int> { Int(starts[index])..<Int(starts[index + 1]) }

  /// Adds the slots of a range of rows to a set.
  func insert(rows: Range<Int>, into words: inout SlotWords) {
    let base = Self.finestBlockRows(rowCount)
    var row = rows.lowerBound
    while row < rows.upperBound {
      if let (block, end) = block(startingAt: row, within: rows.upperBound) {
        blocks[block].insert(into: &words)
        row = end
      } else {
        let end = blocks.isEmpty ? rows.upperBound : min(rows.upperBound, (row / base + 1) * base)
        words.withWords { target in slots.forEach(in: row..<end) { target.insert(Int($0)) } }
        row = end
      }
    }
  }

  /// The largest block that starts at `row` and ends by `end`, and its end.
  private func block(startingAt row: Int, within end: Int) -> (block: Int, end: Int)? {
    if blocks.isEmpty { return nil }
    var found: (Int, Int)?
    for level in 0..<Self.levelCount {
      let size = Self.finestBlockRows(rowCount) << level
      let blockEnd = min(row + size, rowCount)
      guard row % size == 0, blockEnd <= end else { break }
      found = (Self.firstBlock(of: level, rowCount) + row / size, blockEnd)
    }
    return found
  }

  private static func finestBlockRows(_ rowCount: Int) -> Int {
    (rowCount + finestBlocksCount - 1) / finestBlocksCount
  }

  private static func blockRanges(_ rowCount: Int) -> [Range<Int>] {
    if rowCount < blockedRowCountMin { return [] }
    return (0..<levelCount).flatMap { level in
      let size = finestBlockRows(rowCount) << level
      return stride(from: 0, to: rowCount, by: size).map { $0..<min($0 + size, rowCount) }
    }
  }

  private static func firstBlock(of level: Int, _ rowCount: Int) -> Int {
    (0..<level).reduce(0) { total, level in
      let size = finestBlockRows(rowCount) << level
      return total + (rowCount + size - 1) / size
    }
  }
}

// MARK: - Sections

extension NumberColumn {
  /// Builds the column of `rows`, in any order; equal rows count once.
  /// - Complexity: O(rows · log rows).
  init(_ rows: consuming [(key: Int64, slot: UInt32)]) {
    var sorted = rows
    sorted.sort { ($0.key, $0.slot) < ($1.key, $1.slot) }
    var keys: [Int64] = []
    var starts: [UInt32] = []
    var slots: [UInt32] = []
    slots.reserveCapacity(sorted.count)
    for row in sorted {
      if keys.last != row.key {
        keys.append(row.key)
        starts.append(UInt32(slots.count))
      } else if slots.last == row.slot {
        continue
      }
      slots.append(row.slot)
    }
    starts.append(UInt32(slots.count))
    var bytes: [UInt8] = []
    var offsets: [UInt64] = [0]
    for range in Self.blockRanges(slots.count) {
      bytes += SlotSet.serialized(Self.distinctAscending(slots[range]))
      offsets.append(UInt64(bytes.count))
    }
    self.keys = PackedArray(keys)
    self.starts = PackedArray(starts)
    self.slots = PackedArray(slots)
    blockOffsets = PackedArray(offsets)
    blockBytes = MemorySlice(MemoryRegion(copying: bytes))
    blocks = Self.blocks(blockOffsets, blockBytes)
  }

  /// Adopts sections that `isValid` accepts.
  init?(
    keys: MemorySlice, starts: MemorySlice, slots: MemorySlice, blockOffsets: MemorySlice,
    blocks: MemorySlice,
    slotCount: Int
  ) {
    guard let keys = PackedArray<Int64>(keys), let starts = PackedArray<UInt32>(starts),
      let slots = PackedArray<UInt32>(slots), let blockOffsets = PackedArray<UInt64>(blockOffsets),
      starts.areOffsets(of: slots.count, spans: keys.count),
      // Where there were fewer than 65,536 rows files had no blocks once.
      blockOffsets.areOffsets(
        of: blocks.count, spans: blockOffsets.count == 1 ? 0 : Self.blockRanges(slots.count).count)
    else { return nil }
    self.keys = keys
    self.starts = starts
    self.slots = slots
    self.blockOffsets = blockOffsets
    blockBytes = blocks
    self.blocks = Self.blocks(blockOffsets, blocks)
    guard isValid(slotCount: slotCount) else { return nil }
  }

  var sections: [(name: String, content: MemorySlice)] {
    [
      ("keys", keys.slice), ("starts", starts.slice), ("slots", slots.slice),
      ("block-offsets", blockOffsets.slice), ("blocks", blockBytes),
    ]
  }

  private static func blocks(_ offsets: PackedArray<UInt64>, _ bytes: MemorySlice) -> [SlotSet] {
    (0..<(offsets.count - 1)).map { index in
      let start = Int(offsets[index])
      let count = Int(offsets[index + 1]) - start
      return SlotSet(MemorySlice(bytes.region, offset: bytes.offset + start, count: count))
    }
  }

  private static func distinctAscending(_ slots: some Sequence<UInt32>) -> [UInt32] {
    var distinct: [UInt32] = []
    for slot in slots.sorted() where distinct.last != slot { distinct.append(slot) }
    return distinct
  }

  private func isValid(slotCount: Int) -> Bool {
    guard keys.isStrictlyAscending, blocks.allSatisfy({ $0.isValid(slotCount: slotCount) }) else {
      return false
    }
    for index in 0..<keys.count {
      let rows = rows(of: index)
      if rows.isEmpty { return false }
      var last = -1
      var isAscending = true
      slots.forEach(in: rows) { slot in
        if Int(slot) <= last { isAscending = false }
        last = Int(slot)
      }
      guard isAscending, last < slotCount else { return false }
    }
    return true
  }
}
