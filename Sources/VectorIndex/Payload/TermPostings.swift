import VectorModel

/// The terms of an index part in the order of their bytes, each with the slots that have it.
struct TermPostings: Sendable {
  /// Up to so many slots are written as they are; more are a `SlotSet`.
  private static let plainCountMax = 8

  private let termOffsets: PackedArray<UInt64>
  private let termBytes: PackedArray<UInt8>
  /// How many slots have each term.
  let cardinalities: PackedArray<UInt32>
  private let postingOffsets: PackedArray<UInt64>
  private let postings: MemorySlice

  /// How many distinct terms there are.
  var count: Int { cardinalities.count }

  /// The bytes of the term at `index`.
  func term(_ index: Int) -> [UInt8] { termBytes.elements(in: span(index)) }

  /// Where `term` stands.
  /// - Complexity: O(length · log count).
  func index(of term: [UInt8]) -> Int? {
    let index = lowerBound(of: term)
    return index < count && compare(index, term) == 0 ? index : nil
  }

  /// The first term that is not below `term`.
  func lowerBound(of term: [UInt8]) -> Int { partition { compare($0, term) < 0 } }

  /// The terms that start with `prefix`.
  func indices(withPrefix prefix: [UInt8]) -> Range<Int> {
    let low = lowerBound(of: prefix)
    let high = partition { compare($0, prefix) < 0 || hasPrefix($0, prefix) }
    return low..<max(low, high)
  }

  /// Adds the slots that have the term at `index` to a set.
  func insert(_ index: Int, into words: inout SlotWords) {
    if let slots = plainSlots(index) {
      slots.forEach(in: 0..<slots.count) { words.insert($0) }
    } else {
      SlotSet(posting(index)).insert(into: &words)
    }
  }

  /// Calls `body` with the slots that have the term at `index`, ascending.
  func forEachSlot(_ index: Int, _ body: (UInt32) -> Void) {
    if let slots = plainSlots(index) {
      slots.forEach(in: 0..<slots.count, body)
    } else {
      SlotSet(posting(index)).forEach(body)
    }
  }

  /// Whether a slot has the term at `index`.
  func contains(_ slot: UInt32, at index: Int) -> Bool {
    if let slots = plainSlots(index) {
      let place = slots.partition { $0 < slot }
      return place < slots.count && slots[place] == slot
    }
    return SlotSet(posting(index)).contains(slot)
  }

  private func plainSlots(_ index: Int) -> PackedArray<UInt32>? {
    cardinalities[index] <= Self.plainCountMax ? PackedArray(posting(index)) : nil
  }

  private func posting(_ index: Int) -> MemorySlice {
    let start = Int(postingOffsets[index])
    return MemorySlice(
      postings.region, offset: postings.offset + start, count: Int(postingOffsets[index + 1]) - start)
  }

  private func span(_ index: Int) -> Range<Int> { Int(termOffsets[index])..<Int(termOffsets[index + 1]) }

  private func partition(_ isBelow: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBelow(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Below, at or above zero, as the term at `index` is below, equal to or above `term`.
  private func compare(_ index: Int, _ term: [UInt8]) -> Int {
    let span = span(index)
    for position in 0..<min(span.count, term.count) {
      let byte = termBytes[span.lowerBound + position]
      if byte != term[position] { return byte < term[position] ? -1 : 1 }
    }
    return span.count - term.count
  }

  private func hasPrefix(_ index: Int, _ prefix: [UInt8]) -> Bool {
    let span = span(index)
    guard span.count >= prefix.count else { return false }
    for position in prefix.indices {
      if termBytes[span.lowerBound + position] != prefix[position] { return false }
    }
    return true
  }
}

// MARK: - Sections

extension TermPostings {
  /// Builds the postings of `terms`, in any order, whose slots ascend.
  init(_ terms: [(term: [UInt8], slots: [UInt32])]) {
    var bytes: [UInt8] = []
    var termOffsets: [UInt64] = [0]
    var cardinalities: [UInt32] = []
    var postings: [UInt8] = []
    var postingOffsets: [UInt64] = [0]
    for (term, slots) in terms.sorted(by: { $0.term.lexicographicallyPrecedes($1.term) }) {
      bytes += term
      termOffsets.append(UInt64(bytes.count))
      cardinalities.append(UInt32(slots.count))
      postings +=
        slots.count <= Self.plainCountMax ? PackedArray.bytes(of: slots) : SlotSet.serialized(slots)
      postingOffsets.append(UInt64(postings.count))
    }
    self.termOffsets = PackedArray(termOffsets)
    termBytes = PackedArray(bytes)
    self.cardinalities = PackedArray(cardinalities)
    self.postingOffsets = PackedArray(postingOffsets)
    self.postings = MemorySlice(MemoryRegion(copying: postings))
  }

  /// Adopts sections; nil where they are damaged.
  init?(
    termOffsets: MemorySlice, terms: MemorySlice, cardinalities: MemorySlice, postingOffsets: MemorySlice,
    postings: MemorySlice, slotCount: Int
  ) {
    guard let termOffsets = PackedArray<UInt64>(termOffsets),
      let termBytes = PackedArray<UInt8>(terms), let cardinalities = PackedArray<UInt32>(cardinalities),
      let postingOffsets = PackedArray<UInt64>(postingOffsets),
      termOffsets.areOffsets(of: terms.count, spans: cardinalities.count),
      postingOffsets.areOffsets(of: postings.count, spans: cardinalities.count)
    else { return nil }
    self.termOffsets = termOffsets
    self.termBytes = termBytes
    self.cardinalities = cardinalities
    self.postingOffsets = postingOffsets
    self.postings = postings
    guard isValid(slotCount: slotCount) else { return nil }
  }

  var sections: [(name: String, content: MemorySlice)] {
    [
      ("term-offsets", termOffsets.slice), ("terms", termBytes.slice), ("cardinalities", cardinalities.slice),
      ("posting-offsets", postingOffsets.slice), ("postings", postings),
    ]
  }

  private func isValid(slotCount: Int) -> Bool {
    for index in 0..<count {
      if index > 0, compare(index - 1, term(index)) >= 0 { return false }
      let cardinality = Int(cardinalities[index])
      if cardinality > Self.plainCountMax {
        guard SlotSet(posting(index)).isValid(slotCount: slotCount, cardinality: cardinality) else {
          return false
        }
      } else {
        guard cardinality > 0, let slots = plainSlots(index), slots.count == cardinality,
          slots.isStrictlyAscending, Int(slots[cardinality - 1]) < slotCount
        else { return false }
      }
    }
    return true
  }
}
