import VectorModel

/// One field of the overlay together with the slots of its rows.
struct OverlayView: IndexedField {
  let field: OverlayField
  let slots: ChunkedArray<UInt32>

  var type: PayloadFieldType { field.type }

  func insert(_ selection: ValueSelection, into words: inout SlotWords) {
    switch selection {
    case .none: break
    case .all: scan(&words) { _ in true }
    case .numbers(let ranges):
      if let range = ranges.first, ranges.count == 1 { return scan(&words) { range.contains($0) } }
      scan(&words) { Self.contains(ranges, $0) }
    case .cells(let ranges, let test, let answer):
      scan(&words) { Self.contains(ranges, $0) && test.answer($0) == answer }
    case .numbersExcept(let keys):
      let ranges = keys.map { $0...$0 }
      scan(&words) { !Self.contains(ranges, $0) }
    case .terms(let list):
      let indices = list.compactMap { field.index(of: $0).map { Int64($0) } }
      if indices.isEmpty { return }
      if let index = indices.first, indices.count == 1 { return scan(&words) { $0 == index } }
      scan(&words, terms: places(indices))
    case .termsExcept(let list):
      let excluded = places(list.compactMap { field.index(of: $0).map { Int64($0) } })
      scan(&words, terms: excluded.map { !$0 })
    case .termsWithPrefix(let prefix):
      scan(&words, terms: (0..<field.termCount).map { field.term($0).starts(with: prefix) })
    case .termsWhere(let test):
      scan(
        &words,
        terms: (0..<field.termCount).map {
          test.holds(for: PayloadIndexPart.text(of: field.term($0), type: type))
        })
    }
  }

  func insert(_ facts: FieldValues.Facts, into words: inout SlotWords) {
    words.withWords { target in
      field.facts.forEachChunk { chunk, first in
        for (offset, found) in chunk.enumerated() where found & facts.rawValue != 0 {
          let slot = slots[first + offset]
          if slot != PayloadOverlay.dead { target.insert(Int(slot)) }
        }
      }
    }
  }

  func insert(counts bounds: ValuesCount, into words: inout SlotWords) {
    for entry in field.counts where bounds.contains(entry.count) {
      let slot = slots[Int(entry.row)]
      if slot != PayloadOverlay.dead { words.insert(slot) }
    }
  }

  func insertAll(into words: inout SlotWords) {
    words.withWords { target in
      slots.forEachChunk { chunk, _ in
        for slot in chunk where slot != PayloadOverlay.dead { target.insert(Int(slot)) }
      }
    }
  }

  func isNever(_ fact: FieldValues.Facts) -> Bool { !field.everFacts.contains(fact) }

  /// For each term whether its place is one of `indices`.
  private func places(_ indices: [Int64]) -> [Bool] {
    var places = [Bool](repeating: false, count: field.termCount)
    for index in indices { places[Int(index)] = true }
    return places
  }

  private func scan(_ words: inout SlotWords, terms isWanted: [Bool]) {
    scan(&words) { isWanted[Int($0)] }
  }

  @inline(__always) private func scan(_ words: inout SlotWords, where isWanted: (Int64) -> Bool) {
    words.withWords { target in
      field.forEachRow(where: isWanted) { row in
        let slot = slots[Int(row)]
        if slot != PayloadOverlay.dead { target.insert(Int(slot)) }
      }
    }
  }

  /// Whether a number is in one of the ranges, which ascend.
  private static func contains(_ ranges: [ClosedRange<Int64>], _ key: Int64) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < key { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(key)
  }
}
