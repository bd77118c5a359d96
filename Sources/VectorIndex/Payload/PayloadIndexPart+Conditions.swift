import VectorModel

extension PayloadIndexPart: IndexedField {
  func insert(_ selection: ValueSelection, into words: inout SlotWords) {
    switch selection {
    case .none: break
    case .all: insert(.indexed, into: &words)
    case .numbers(let ranges):
      guard let numbers else { return }
      for range in ranges { numbers.insert(rows: numbers.rows(in: range), into: &words) }
    case .cells(let ranges, let test, let answer):
      guard let numbers else { return }
      for range in ranges {
        let first = numbers.keys.partition { $0 < range.lowerBound }
        let end = numbers.keys.partition { $0 <= range.upperBound }
        for index in first..<max(first, end) where test.answer(numbers.keys[index]) == answer {
          numbers.insert(rows: numbers.rows(of: index), into: &words)
        }
      }
    case .numbersExcept(let keys):
      guard let numbers else { return }
      insertAllBut(into: &words) { body in
        for key in keys { numbers.slots.forEach(in: numbers.rows(in: key...key), body) }
      }
    case .terms(let list):
      guard let terms else { return }
      for term in list { if let index = terms.index(of: term) { terms.insert(index, into: &words) } }
    case .termsExcept(let list):
      guard let terms else { return }
      insertAllBut(into: &words) { body in
        for term in list { if let index = terms.index(of: term) { terms.forEachSlot(index, body) } }
      }
    case .termsWithPrefix(let prefix):
      guard let terms else { return }
      for index in terms.indices(withPrefix: prefix) { terms.insert(index, into: &words) }
    case .termsWhere(let test):
      guard let terms else { return }
      for index in 0..<terms.count where test.holds(for: text(index, of: terms)) {
        terms.insert(index, into: &words)
      }
    }
  }

  func insert(_ facts: FieldValues.Facts, into words: inout SlotWords) {
    for fact in FieldValues.Facts.each where facts.contains(fact) { slots(fact).insert(into: &words) }
  }

  func insert(counts bounds: ValuesCount, into words: inout SlotWords) {
    for index in 0..<counts.slots.count where bounds.contains(Int(counts.counts[index])) {
      words.insert(counts.slots[index])
    }
  }

  func insertAll(into words: inout SlotWords) {
    words.withWords { $0.insert(0..<slotCount) }
  }

  func isNever(_ fact: FieldValues.Facts) -> Bool { slots(fact).isEmpty }

  /// Adds the slots that have a value beside excluded ones.
  /// - Parameter forEachExcluded: calls its argument with the slots of each excluded value
  private func insertAllBut(
    into words: inout SlotWords, _ forEachExcluded: ((UInt32) -> Void) -> Void
  ) {
    var excluded = SlotWords(count: words.count)
    var hits: [UInt32: Int] = [:]
    forEachExcluded { slot in
      excluded.insert(slot)
      if distinctCounts.slots.count > 0, distinctCounts[slot] != nil { hits[slot, default: 0] += 1 }
    }
    var rest = SlotWords(count: words.count)
    insert(.indexed, into: &rest)
    rest.remove(excluded)
    words.formUnion(rest)
    for (slot, hitCount) in hits where distinctCounts[slot].map({ $0 > hitCount }) ?? false {
      words.insert(slot)
    }
  }
}
