package import VectorModel

/// Builds the parts of several fields from payloads that are each read once.
package struct PayloadIndexBuilder {
  private var extractor: FieldExtractor
  private var fields: [FieldBuilder]
  private var slotCount = 0

  /// - Throws: `badRequest` for a path that cannot be read, `notImplemented` for a type that has no index.
  package init(_ fields: [PayloadField]) throws(RequestError) {
    self.fields = []
    for field in fields {
      guard PayloadIndexPart.isSupported(field.type) else {
        throw .notImplemented("a payload index of type \(field.type.name)")
      }
      self.fields.append(FieldBuilder(path: try PayloadPath(field.path), type: field.type))
    }
    extractor = FieldExtractor(self.fields.map { ($0.path, $0.type) })
  }

  /// Takes the payload of the next point.
  /// - Parameter slot: above all slots before; those passed over are as if their payload were empty
  /// - Throws: where the payload is no JSON object.
  package mutating func add(slot: UInt32, payload: [UInt8]) throws(RequestError) {
    precondition(slot >= slotCount, "slots ascend")
    try extractor.extract(payload)
    for index in fields.indices {
      fields[index].skip(to: slot)
      fields[index].add(slot, extractor.fields[index])
    }
    slotCount = Int(slot) + 1
  }

  /// The parts over `0..<slotCount`, in the order of the fields.
  /// - Complexity: O(values · log values).
  package consuming func finish(slotCount: Int) -> [PayloadIndexPart] {
    precondition(slotCount >= self.slotCount && slotCount <= Int(UInt32.max))
    var parts: [PayloadIndexPart] = []
    for index in fields.indices {
      fields[index].skip(to: UInt32(slotCount))
      parts.append(fields[index].finish(slotCount: slotCount))
    }
    return parts
  }
}

/// The rows of one field so far.
private struct FieldBuilder {
  let path: PayloadPath
  let type: PayloadFieldType
  private var rows: [(key: Int64, slot: UInt32)] = []
  private var termSlots: [[UInt32]] = []
  private var termIndices: [[UInt8]: Int] = [:]
  private var facts: [[UInt32]] = Array(repeating: [], count: FieldValues.Facts.each.count)
  private var counts: [(slot: UInt32, count: UInt32)] = []
  private var distinctCounts: [(slot: UInt32, count: UInt32)] = []
  private var nextSlot: UInt32 = 0

  init(path: PayloadPath, type: PayloadFieldType) {
    self.path = path
    self.type = type
  }

  /// Notes the slots before `slot` that have no point.
  mutating func skip(to slot: UInt32) {
    for empty in nextSlot..<slot { note(.absent, empty) }
    nextSlot = slot
  }

  mutating func add(_ slot: UInt32, _ values: FieldValues) {
    nextSlot = slot + 1
    note(values.facts, slot)
    if let count = values.countBeyondOne { counts.append((slot, UInt32(clamping: count))) }
    var keys: [Int64] = []
    var addedTermCount = 0
    for value in values.values {
      switch value {
      case .number(let key): keys.append(key)
      case .term(let term): if add(slot, term) { addedTermCount += 1 }
      }
    }
    let distinct = Set(keys)
    for key in distinct { rows.append((key, slot)) }
    let count = distinct.count + addedTermCount
    if count > 1 { distinctCounts.append((slot, UInt32(clamping: count))) }
  }

  /// Whether the slot did not have the term yet.
  private mutating func add(_ slot: UInt32, _ term: [UInt8]) -> Bool {
    let index: Int
    if let known = termIndices[term] {
      index = known
      if termSlots[index].last == slot { return false }
    } else {
      index = termSlots.count
      termIndices[term] = index
      termSlots.append([])
    }
    termSlots[index].append(slot)
    return true
  }

  private mutating func note(_ found: FieldValues.Facts, _ slot: UInt32) {
    for (index, fact) in FieldValues.Facts.each.enumerated() where found.contains(fact) {
      facts[index].append(slot)
    }
  }

  consuming func finish(slotCount: Int) -> PayloadIndexPart {
    let isNumeric = IndexedValue.isNumeric(type)
    return PayloadIndexPart(
      path: path, type: type, slotCount: slotCount,
      numbers: isNumeric ? NumberColumn(rows, slotCount: slotCount) : nil,
      terms: isNumeric ? nil : TermPostings(termIndices.map { ($0.key, termSlots[$0.value]) }),
      facts: facts.map { SlotSet($0) }, counts: SlotCounts(counts), distinctCounts: SlotCounts(distinctCounts)
    )
  }
}
