package import VectorModel

/// The index of one payload field over the slots `0..<slotCount`, immutable and readable from any thread.
///
/// Beside the values it keeps what makes every condition on the key answerable: the slots whose value is null,
/// missing or empty, the slots with a value of another type, and how many values there are where it is not one.
package final class PayloadIndexPart: Sendable {
  package let path: PayloadPath
  package let type: PayloadFieldType
  /// Slots that the part speaks of; those without a point are as if their payload were empty.
  package let slotCount: Int
  /// Of a numeric type (integer, float, datetime, geo).
  let numbers: NumberColumn?
  /// Of any other type (keyword, uuid, bool).
  let terms: TermPostings?
  /// In the order of `FieldValues.Facts.each`.
  let facts: [SlotSet]
  /// Slots whose value is an array of several elements, and how many.
  let counts: SlotCounts
  /// Slots with several distinct values in the index, and how many.
  let distinctCounts: SlotCounts

  /// Whether fields of this type can have an index.
  package static func isSupported(_ type: PayloadFieldType) -> Bool {
    switch type {
    case .keyword, .integer, .float, .bool, .datetime, .uuid, .geo: true
    case .text: false
    }
  }

  init(
    path: PayloadPath, type: PayloadFieldType, slotCount: Int, numbers: NumberColumn?, terms: TermPostings?,
    facts: [SlotSet], counts: SlotCounts, distinctCounts: SlotCounts
  ) {
    precondition((numbers == nil) != (terms == nil) && facts.count == FieldValues.Facts.each.count)
    self.path = path
    self.type = type
    self.slotCount = slotCount
    self.numbers = numbers
    self.terms = terms
    self.facts = facts
    self.counts = counts
    self.distinctCounts = distinctCounts
  }

  /// The slots of one fact.
  func slots(_ fact: FieldValues.Facts) -> SlotSet {
    facts[fact.rawValue.trailingZeroBitCount]
  }

  /// The text of the term at `index`, for tests of text.
  func text(_ index: Int, of terms: TermPostings) -> String {
    Self.text(of: terms.term(index), type: type)
  }

  /// What a term of an index of `type` stands for.
  static func text(of term: [UInt8], type: PayloadFieldType) -> String {
    type == .uuid ? UUID128(bytes: term).description : String(decoding: term, as: UTF8.self)
  }
}

/// Slots, ascending, and a number for each.
struct SlotCounts: Sendable {
  let slots: PackedArray<UInt32>
  let counts: PackedArray<UInt32>

  init(_ pairs: [(slot: UInt32, count: UInt32)]) {
    slots = PackedArray(pairs.map(\.slot))
    counts = PackedArray(pairs.map(\.count))
  }

  /// Adopts sections; nil where they are damaged.
  init?(slots: MemorySlice, counts: MemorySlice, slotCount: Int) {
    guard let slots = PackedArray<UInt32>(slots), let counts = PackedArray<UInt32>(counts),
      slots.count == counts.count, slots.isStrictlyAscending,
      slots.count == 0 || Int(slots[slots.count - 1]) < slotCount
    else { return nil }
    self.slots = slots
    self.counts = counts
  }

  /// The number of a slot.
  /// - Complexity: O(log count).
  subscript(slot: UInt32) -> Int? {
    let index = slots.partition { $0 < slot }
    return index < slots.count && slots[index] == slot ? Int(counts[index]) : nil
  }
}
