package import VectorModel

extension PayloadIndexes {
  /// Calls `body` with points in the order of a field's values, each once with its first value in that order,
  /// until it returns false. Points with equal values come in the order of their slots.
  ///
  /// Only values that the index keeps count: integers of an integer field, any number of a float field.
  /// - Parameters:
  ///   - order: `startFrom` is the first value that is wanted
  ///   - slots: the points that are wanted
  /// - Returns: false where the field has no complete integer, float or datetime index.
  /// - Complexity: O(rows passed + overlay rows · log overlay rows).
  package func forEachOrdered(
    by order: OrderBy, among slots: Bitset, _ body: (UInt32, OrderValue) -> Bool
  ) -> Bool {
    guard let field = field(at: order.key), field.type != .geo,
      let numbers = field.part?.numbers ?? Self.noNumbers(field.type)
    else {
      return false
    }
    var sealed = slots
    if overlay.liveCount > 0 { sealed.formAndNot(overlay.coveredSlots(slotCount: slots.count)) }
    let unknown = sealed.onesCount(from: field.part?.slotCount ?? 0)
    if unknown > 0 { return false }
    let keys = ValueSelection.keys(of: order, type: field.type)
    let rows = overlayRows(order.key, keys, isDescending: order.isDescending, among: slots)
    var walk = OrderedWalk(
      numbers: numbers, keys: keys, isDescending: order.isDescending, sealed: sealed, overlay: rows)
    var seen = Bitset(count: slots.count)
    while let group = walk.next() {
      for slot in group.slots where !seen[Int(slot)] {
        seen[Int(slot)] = true
        if !body(slot, OrderValue(key: group.key, type: field.type)) { return true }
      }
    }
    return true
  }

  private static func noNumbers(_ type: PayloadFieldType) -> NumberColumn? {
    IndexedValue.isNumeric(type) ? NumberColumn([], slotCount: 0) : nil
  }

  /// The overlay's values of wanted points, in the wanted order.
  private func overlayRows(
    _ path: PayloadPath, _ keys: ClosedRange<Int64>?, isDescending: Bool, among slots: Bitset
  ) -> [(key: Int64, slot: UInt32)] {
    guard let keys, let view = overlayView(path) else { return [] }
    var rows: [(key: Int64, slot: UInt32)] = []
    for (entry, key) in view.field.keys.enumerated() where keys.contains(key) {
      let slot = view.slots[Int(view.field.rows[entry])]
      if slot != PayloadOverlay.dead, Int(slot) < slots.count, slots[Int(slot)] { rows.append((key, slot)) }
    }
    rows.sort { left, right in
      if left.key != right.key { return (left.key < right.key) != isDescending }
      return left.slot < right.slot
    }
    return rows
  }
}

/// Merges the sealed column with the overlay's sorted values, one distinct key after the other.
private struct OrderedWalk {
  let numbers: NumberColumn
  let isDescending: Bool
  let sealed: Bitset
  let overlay: [(key: Int64, slot: UInt32)]
  /// The keys of the column that are still to come.
  private var ahead: Range<Int>
  private var overlayIndex = 0

  init(
    numbers: NumberColumn, keys: ClosedRange<Int64>?, isDescending: Bool, sealed: Bitset,
    overlay: [(key: Int64, slot: UInt32)]
  ) {
    self.numbers = numbers
    self.isDescending = isDescending
    self.sealed = sealed
    self.overlay = overlay
    let low = keys.map { keys in numbers.keys.partition { $0 < keys.lowerBound } } ?? 0
    let high = keys.map { keys in numbers.keys.partition { $0 <= keys.upperBound } } ?? 0
    ahead = low..<max(low, high)
  }

  /// The next key and its wanted slots, ascending; nil at the end.
  mutating func next() -> (key: Int64, slots: [UInt32])? {
    let index = isDescending ? ahead.upperBound - 1 : ahead.lowerBound
    let sealedKey = ahead.isEmpty ? nil : numbers.keys[index]
    let overlayKey = overlayIndex < overlay.count ? overlay[overlayIndex].key : nil
    guard let key = isDescending ? later(sealedKey, overlayKey) : earlier(sealedKey, overlayKey) else {
      return nil
    }
    var slots: [UInt32] = []
    if key == sealedKey {
      numbers.slots.forEach(in: numbers.rows(of: index)) { slot in
        if slot < sealed.count, sealed[Int(slot)] { slots.append(slot) }
      }
      ahead = isDescending ? ahead.lowerBound..<index : (index + 1)..<ahead.upperBound
    }
    let sealedCount = slots.count
    while overlayIndex < overlay.count, overlay[overlayIndex].key == key {
      slots.append(overlay[overlayIndex].slot)
      overlayIndex += 1
    }
    if sealedCount > 0, slots.count > sealedCount { slots.sort() }
    return (key, slots)
  }

  private func earlier(_ left: Int64?, _ right: Int64?) -> Int64? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
  }

  private func later(_ left: Int64?, _ right: Int64?) -> Int64? {
    guard let left, let right else { return left ?? right }
    return max(left, right)
  }
}

extension OrderValue {
  fileprivate init(key: Int64, type: PayloadFieldType) {
    switch type {
    case .float: self = .float(IndexedValue.double(ordered: key))
    case .datetime: self = .datetime(key)
    default: self = .integer(key)
    }
  }
}

extension ValueSelection {
  /// The keys from `startFrom` on; nil where there are none.
  fileprivate static func keys(of order: OrderBy, type: PayloadFieldType) -> ClosedRange<Int64>? {
    guard let start = order.startFrom else { return .min ... .max }
    let range: RangeCondition
    switch (start, type) {
    case (.integer(let value), .integer), (.integer(let value), .datetime), (.datetime(let value), .integer),
      (.datetime(let value), .datetime):
      return order.isDescending ? .min...value : value ... .max
    case (.integer(let value), _), (.datetime(let value), _):
      range = Self.range(from: Double(value), isDescending: order.isDescending)
    case (.float(let value), .datetime), (.float(let value), .integer):
      range = Self.range(from: value, isDescending: order.isDescending)
      return Self.onlyRange(ValuePlan(range, type: .integer))
    case (.float(let value), _): range = Self.range(from: value, isDescending: order.isDescending)
    }
    return Self.onlyRange(ValuePlan(range, type: .float))
  }

  private static func range(from value: Double, isDescending: Bool) -> RangeCondition {
    .number(isDescending ? Bounds(lessThanOrEqual: value) : Bounds(greaterThanOrEqual: value))
  }

  private static func onlyRange(_ plan: ValuePlan) -> ClosedRange<Int64>? {
    if case .numbers(let ranges) = plan.definite { ranges.first } else { nil }
  }
}

extension Bitset {
  /// How many bits are set at and beyond `first`.
  func onesCount(from first: Int) -> Int {
    guard first < count else { return 0 }
    var total = 0
    for index in (first >> 6)..<words.count { total += words[index].nonzeroBitCount }
    let below: UInt64 = (1 << UInt64(first & 63)) - 1
    return total - (words[first >> 6] & below).nonzeroBitCount
  }
}
