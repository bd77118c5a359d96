import VectorModel

/// The numbers of an index part in their order, each with the slots that have it.
///
/// Row ranges are answered by setting one bit a row, or of long ones all but the ends by `NumberBuckets`.
struct NumberColumn: Sendable {
  /// Distinct, ascending.
  let keys: PackedArray<Int64>
  /// Where each key's rows start; one more than there are keys.
  let starts: PackedArray<UInt32>
  /// By row: ascending for one key.
  let slots: PackedArray<UInt32>
  private let buckets: NumberBuckets

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
    let inserted = buckets.insert(rows, of: slots, into: &words)
    words.withWords { target in
      slots.forEach(in: rows.lowerBound..<inserted.lowerBound) { target.insert(Int($0)) }
      slots.forEach(in: inserted.upperBound..<rows.upperBound) { target.insert(Int($0)) }
    }
  }
}

// MARK: - Sections

extension NumberColumn {
  /// Builds the column of `rows`, in any order, of slots below `slotCount`; equal rows count once.
  /// - Complexity: O(rows · log rows).
  init(_ rows: consuming [(key: Int64, slot: UInt32)], slotCount: Int) {
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
    self.keys = PackedArray(keys)
    self.starts = PackedArray(starts)
    self.slots = PackedArray(slots)
    buckets = NumberBuckets(slots: self.slots, slotCount: slotCount)
  }

  /// Adopts sections; nil where they are damaged.
  /// - Parameter buckets: nil in files of version 1: they are made from the slots then
  init?(
    keys: MemorySlice, starts: MemorySlice, slots: MemorySlice,
    buckets: (planes: MemorySlice, rest: MemorySlice)?, slotCount: Int
  ) {
    guard let keys = PackedArray<Int64>(keys), let starts = PackedArray<UInt32>(starts),
      let slots = PackedArray<UInt32>(slots), starts.areOffsets(of: slots.count, spans: keys.count),
      Self.isValid(keys: keys, starts: starts, slots: slots, slotCount: slotCount)
    else { return nil }
    self.keys = keys
    self.starts = starts
    self.slots = slots
    guard let buckets else {
      self.buckets = NumberBuckets(slots: slots, slotCount: slotCount)
      return
    }
    let adopted = NumberBuckets(
      planes: buckets.planes, rest: buckets.rest, rowCount: slots.count, slotCount: slotCount)
    guard let adopted else { return nil }
    self.buckets = adopted
  }

  var sections: [(name: String, content: MemorySlice)] {
    [
      ("keys", keys.slice), ("starts", starts.slice), ("slots", slots.slice),
      ("buckets", buckets.planes.slice), ("bucket-rest", buckets.rest.slice),
    ]
  }

  private static func isValid(
    keys: PackedArray<Int64>, starts: PackedArray<UInt32>, slots: PackedArray<UInt32>, slotCount: Int
  ) -> Bool {
    guard keys.isStrictlyAscending else { return false }
    for index in 0..<keys.count {
      let rows = Int(starts[index])..<Int(starts[index + 1])
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
