package import VectorModel

extension PayloadIndexes {
  /// How many of some points have each value of a field, most frequent first, then in the order of the values.
  ///
  /// A point counts once for each distinct value that the index keeps.
  /// - Returns: nil where the field has no complete keyword, integer, bool or uuid index.
  /// - Complexity: O(rows + distinct values · log distinct values).
  package func facet(_ path: PayloadPath, among slots: Bitset) -> [FacetHit]? {
    guard let field = field(at: path) else { return nil }
    switch field.type {
    case .keyword, .integer, .bool, .uuid: break
    case .float, .datetime, .geo, .text: return nil
    }
    var sealed = slots
    if overlay.liveCount > 0 { sealed.formAndNot(overlay.coveredSlots(slotCount: slots.count)) }
    if sealed.onesCount(from: field.part?.slotCount ?? 0) > 0 { return nil }
    var tally = FacetTally()
    if let numbers = field.part?.numbers { tally.add(numbers, among: sealed) }
    if let terms = field.part?.terms { tally.add(terms, among: sealed) }
    if let view = overlayView(path) { tally.add(view, among: slots) }
    return tally.hits(type: field.type)
  }

  /// The strings that some points have in a keyword field, in the order of `slots`.
  /// - Returns: nil where the field has no keyword index, or it does not know all of the slots.
  /// - Complexity: O(distinct values · slots).
  package func keywords(_ path: PayloadPath, of slots: [UInt32]) -> [[String]]? {
    guard let field = field(at: path), field.type == .keyword else { return nil }
    var found = [[String]](repeating: [], count: slots.count)
    var sealed: [(slot: UInt32, place: Int)] = []
    for (place, slot) in slots.enumerated() where !overlay.covers(slot) { sealed.append((slot, place)) }
    guard let highest = sealed.map(\.slot).max() else { return overlayKeywords(path, slots, into: found) }
    guard let part = field.part, let terms = part.terms, Int(highest) < part.slotCount else { return nil }
    for index in 0..<terms.count {
      for (slot, place) in sealed where terms.contains(slot, at: index) {
        found[place].append(part.text(index, of: terms))
      }
    }
    return overlayKeywords(path, slots, into: found)
  }

  private func overlayKeywords(_ path: PayloadPath, _ slots: [UInt32], into found: [[String]]) -> [[String]] {
    guard let view = overlayView(path) else { return found }
    var found = found
    for (place, slot) in slots.enumerated() {
      guard let row = overlay.row(of: slot) else { continue }
      for term in view.field.terms(ofRow: row) { found[place].append(String(decoding: term, as: UTF8.self)) }
    }
    return found
  }
}

/// Counts by value, while they are gathered from the part and the overlay.
private struct FacetTally {
  private var numberCounts: [Int64: Int] = [:]
  private var termCounts: [[UInt8]: Int] = [:]

  mutating func add(_ numbers: NumberColumn, among slots: Bitset) {
    for index in 0..<numbers.keys.count {
      var count = 0
      numbers.slots.forEach(in: numbers.rows(of: index)) { slot in
        if slot < slots.count, slots[Int(slot)] { count += 1 }
      }
      if count > 0 { numberCounts[numbers.keys[index], default: 0] += count }
    }
  }

  mutating func add(_ terms: TermPostings, among slots: Bitset) {
    for index in 0..<terms.count {
      var count = 0
      terms.forEachSlot(index) { slot in
        if slot < slots.count, slots[Int(slot)] { count += 1 }
      }
      if count > 0 { termCounts[terms.term(index), default: 0] += count }
    }
  }

  mutating func add(_ view: OverlayView, among slots: Bitset) {
    var row = UInt32.max
    var keys: Set<Int64> = []
    for (entry, key) in view.field.keys.enumerated() {
      let entryRow = view.field.rows[entry]
      if entryRow != row {
        row = entryRow
        keys.removeAll(keepingCapacity: true)
      }
      let slot = view.slots[Int(row)]
      guard slot != PayloadOverlay.dead, Int(slot) < slots.count, slots[Int(slot)], keys.insert(key).inserted
      else {
        continue
      }
      if IndexedValue.isNumeric(view.type) {
        numberCounts[key, default: 0] += 1
      } else {
        termCounts[view.field.term(Int(key)), default: 0] += 1
      }
    }
  }

  func hits(type: PayloadFieldType) -> [FacetHit] {
    let numbers = numberCounts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let terms = termCounts.sorted { left, right in
      left.value != right.value ? left.value > right.value : left.key.lexicographicallyPrecedes(right.key)
    }
    return numbers.map { FacetHit(value: .integer($0.key), count: $0.value) }
      + terms.map { FacetHit(value: Self.value($0.key, type), count: $0.value) }
  }

  private static func value(_ term: [UInt8], _ type: PayloadFieldType) -> JSONValue {
    type == .bool ? .bool(term == [1]) : .string(PayloadIndexPart.text(of: term, type: type))
  }
}
