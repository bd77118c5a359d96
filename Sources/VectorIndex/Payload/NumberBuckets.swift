import VectorModel

/// Where in the order of its numbers each slot of a column stands, as a byte a slot: which of 254 equal parts of the
/// rows its row is in. A range of whole parts is answered by a comparison of all bytes, 64 at once where the
/// processor can, instead of by a bit set for each row.
///
/// A slot with several numbers has a byte in as many planes of bytes, as long as there are enough such slots.
struct NumberBuckets: Sendable {
  private static let bucketCountMax = 254
  private static let none = UInt8.max
  /// Fewer rows are faster set one by one.
  private static let rowCountMin = 1024
  private static let planeCountMax = 8
  /// A row that is set by itself costs as much as so many slots that are compared, and drive other things out of the cache.
  private static let slotsARow = 16
  /// A plane is kept where at least an eighth of the slots have a byte in it.
  private static let planeShareMin = 8

  let slotCount: Int
  private let rowCount: Int
  /// Plane by plane, `slotCount` each.
  let planes: PackedArray<UInt8>
  /// Rows of slots that all planes are taken of by earlier rows, ascending.
  let rest: PackedArray<UInt32>

  /// - Parameter slots: by row
  /// - Complexity: O(rows + slots).
  init(slots: PackedArray<UInt32>, slotCount: Int) {
    self.slotCount = slotCount
    rowCount = slots.count
    let planeCount = rowCount < Self.rowCountMin ? 0 : Self.planeCount(slots, slotCount: slotCount)
    guard planeCount > 0 else {
      planes = PackedArray([])
      rest = PackedArray([])
      return
    }
    let size = Self.bucketSize(rowCount)
    var taken = [UInt8](repeating: 0, count: slotCount)
    var planes = [UInt8](repeating: Self.none, count: planeCount * slotCount)
    var rest: [UInt32] = []
    var row = 0
    slots.forEach(in: 0..<rowCount) { slot in
      let slot = Int(slot)
      if taken[slot] < planeCount {
        planes[Int(taken[slot]) * slotCount + slot] = UInt8(row / size)
        taken[slot] += 1
      } else {
        rest.append(UInt32(row))
      }
      row += 1
    }
    self.planes = PackedArray(planes)
    self.rest = PackedArray(rest)
  }

  /// Adopts sections; nil where they are damaged.
  init?(planes: MemorySlice, rest: MemorySlice, rowCount: Int, slotCount: Int) {
    guard let planes = PackedArray<UInt8>(planes), let rest = PackedArray<UInt32>(rest),
      slotCount == 0 ? planes.count == 0 : planes.count % slotCount == 0,
      rest.isStrictlyAscending, rest.count == 0 || Int(rest[rest.count - 1]) < rowCount
    else { return nil }
    self.slotCount = slotCount
    self.rowCount = rowCount
    self.planes = planes
    self.rest = rest
  }

  /// Adds the slots of the whole buckets of a range of rows to a set, where that is faster than one by one.
  /// - Parameter slots: by row
  /// - Returns: the rows whose slots were added; those at both ends of the range, or all of it, are left.
  func insert(_ rows: Range<Int>, of slots: PackedArray<UInt32>, into words: inout SlotWords) -> Range<Int> {
    let nothing = rows.upperBound..<rows.upperBound
    guard planes.count > 0, rows.count > planes.count / Self.slotsARow else { return nothing }
    let size = Self.bucketSize(rowCount)
    let first = (rows.lowerBound + size - 1) / size
    let end = rows.upperBound == rowCount ? (rowCount + size - 1) / size : rows.upperBound / size
    guard first < end else { return nothing }
    let whole = first * size..<min(end * size, rowCount)
    let firstRest = rest.partition { $0 < whole.lowerBound }
    let endRest = rest.partition { $0 < whole.upperBound }
    words.withWords { target in
      for plane in stride(from: 0, to: planes.count, by: slotCount) {
        target.insert(bytes: planes, in: plane..<(plane + slotCount), between: UInt8(first), UInt8(end - 1))
      }
      rest.forEach(in: firstRest..<endRest) { target.insert(Int(slots[Int($0)])) }
    }
    return whole
  }

  private static func bucketSize(_ rowCount: Int) -> Int { (rowCount + bucketCountMax - 1) / bucketCountMax }

  /// As many as enough slots have numbers.
  private static func planeCount(_ slots: PackedArray<UInt32>, slotCount: Int) -> Int {
    var counts = [UInt8](repeating: 0, count: slotCount)
    var slotsWith = [Int](repeating: 0, count: planeCountMax)
    slots.forEach(in: 0..<slots.count) { slot in
      let count = Int(counts[Int(slot)])
      guard count < planeCountMax else { return }
      slotsWith[count] += 1
      counts[Int(slot)] += 1
    }
    return slotsWith.prefix { $0 * planeShareMin >= slotCount }.count
  }
}
