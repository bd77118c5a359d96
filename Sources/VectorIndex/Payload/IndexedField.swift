import VectorModel

/// One field's index over some slots, sealed or not: what conditions are answered from.
protocol IndexedField {
  var type: PayloadFieldType { get }

  /// Adds the slots that have a selected value.
  func insert(_ selection: ValueSelection, into words: inout SlotWords)
  /// Adds the slots that any of `facts` is true of.
  func insert(_ facts: FieldValues.Facts, into words: inout SlotWords)
  /// Adds the slots whose one value is an array of several elements, as many as `bounds` say.
  func insert(counts bounds: ValuesCount, into words: inout SlotWords)
  /// Adds all slots that the index speaks of.
  func insertAll(into words: inout SlotWords)
  /// Whether `fact` is true of no slot.
  func isNever(_ fact: FieldValues.Facts) -> Bool
}

extension IndexedField {
  /// The answer to a condition on the field; slots that the index does not speak of are false.
  func verdict(_ condition: FieldCondition, slotCount: Int) -> Verdict {
    var definite = SlotWords(count: slotCount)
    var maybe = MaybeWords(count: slotCount)
    if let match = condition.match { apply(ValuePlan(match, type: type), &definite, &maybe) }
    if let range = condition.range { apply(ValuePlan(range, type: type), &definite, &maybe) }
    for geo in condition.geo { apply(ValuePlan(geo, type: type), &definite, &maybe) }
    if let bounds = condition.valuesCount {
      insert(counts: bounds, into: &definite)
      if bounds.contains(0) { insert([.null, .absent], into: &definite) }
      if bounds.contains(1) { insertOnes(into: &definite) }
      open(.several, &maybe)
    }
    if let isEmpty = condition.isEmpty {
      insert([.null, .absent], isTrue: isEmpty, into: &definite)
      open(.several, &maybe)
    }
    if let isNull = condition.isNull {
      insert([.null, .nullInside], isTrue: isNull, into: &definite)
      open(.several, &maybe)
    }
    return Verdict(definite: definite.bitset(), maybe: maybe.bitset())
  }

  func verdictOfIsEmpty(slotCount: Int) -> Verdict { verdict(of: [.null, .absent], slotCount: slotCount) }

  func verdictOfIsNull(slotCount: Int) -> Verdict { verdict(of: .null, slotCount: slotCount) }

  private func verdict(of facts: FieldValues.Facts, slotCount: Int) -> Verdict {
    var definite = SlotWords(count: slotCount)
    var maybe = MaybeWords(count: slotCount)
    insert(facts, into: &definite)
    open(.several, &maybe)
    return Verdict(definite: definite.bitset(), maybe: maybe.bitset())
  }

  private func apply(_ plan: ValuePlan, _ definite: inout SlotWords, _ maybe: inout MaybeWords) {
    insert(plan.definite, into: &definite)
    switch plan.open {
    case .none: break
    default: maybe.change { insert(plan.open, into: &$0) }
    }
    switch plan.other {
    case .isFalse: break
    case .isTrue: insert(.other, into: &definite)
    case .isOpen: open(.other, &maybe)
    }
  }

  private func open(_ fact: FieldValues.Facts, _ maybe: inout MaybeWords) {
    if !isNever(fact) { maybe.change { insert(fact, into: &$0) } }
  }

  /// Adds the slots that `facts` are true of, or those that they are not true of; several values stay out.
  private func insert(_ facts: FieldValues.Facts, isTrue: Bool, into words: inout SlotWords) {
    if isTrue { return insert(facts, into: &words) }
    var rest = SlotWords(count: words.count)
    insertAll(into: &rest)
    var excluded = SlotWords(count: words.count)
    insert(facts.union(.several), into: &excluded)
    rest.remove(excluded)
    words.formUnion(rest)
  }

  /// Adds the slots with exactly one value: not empty, and not known to have more.
  private func insertOnes(into words: inout SlotWords) {
    var rest = SlotWords(count: words.count)
    insertAll(into: &rest)
    var excluded = SlotWords(count: words.count)
    insert([.null, .absent, .several], into: &excluded)
    insert(counts: ValuesCount(), into: &excluded)
    rest.remove(excluded)
    words.formUnion(rest)
  }
}

/// Slots that stay open; memory is taken only where there are any.
private struct MaybeWords {
  let count: Int
  private var words: SlotWords?

  init(count: Int) { self.count = count }

  mutating func change(_ body: (inout SlotWords) -> Void) {
    var changed = words ?? SlotWords(count: count)
    words = nil
    body(&changed)
    words = changed
  }

  consuming func bitset() -> Bitset? { words?.bitset() }
}
