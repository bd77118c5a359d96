package import VectorModel

extension PayloadIndexes {
  /// The living points that match a filter, and those that are open until their payload is read.
  ///
  /// Open are the conditions without an index, those that an index cannot decide (values of another type than
  /// its own, several values at one path), and `nested` ones, which the indexes on their inner paths only narrow.
  package func candidates(for filter: Filter, _ context: FilterContext) -> Verdict {
    var solver = FilterSolver(indexes: self, context: context)
    var verdict = solver.solve(filter, among: context.alive)
    verdict.restrict(to: context.alive)
    return verdict
  }

  /// The living points that match a filter: candidates, and what is open asked one by one.
  /// - Parameter checkDeadline: called now and then while payloads are read; throws to give up
  /// - Throws: what `checkDeadline` and the context's `payload` throw, and for a payload that is no JSON object.
  package func resolve(
    _ filter: Filter, _ context: FilterContext, checkDeadline: () throws(RequestError) -> Void
  ) throws(RequestError) -> Bitset {
    let verdict = candidates(for: filter, context)
    guard let maybe = verdict.maybe else { return verdict.definite }
    var result = verdict.definite
    var evaluator = FilterEvaluator(filter)
    var checkedCount = 0
    try maybe.forEachOne { (slot) throws(RequestError) in
      if checkedCount % Self.payloadsPerCheck == 0 { try checkDeadline() }
      checkedCount += 1
      let payload = evaluator.needsPayload ? try context.payload(UInt32(slot)) : []
      let matches = try evaluator.matches(payload: payload, id: context.id(UInt32(slot))) { name in
        context.vectors(name)?[slot] ?? false
      }
      if matches { result[slot] = true }
    }
    return result
  }

  private static var payloadsPerCheck: Int { 64 }

  /// The paths of a filter that have no complete index, for an explanation of the plan.
  package func unindexedPaths(of filter: Filter) -> [PayloadPath] {
    var paths: [PayloadPath] = []
    func visit(_ filter: Filter, prefix: PayloadPath?) {
      for condition in filter.must + filter.mustNot + filter.should + (filter.minShould?.conditions ?? []) {
        switch condition {
        case .filter(let inner): visit(inner, prefix: prefix)
        case .nested(let path, let inner): visit(inner, prefix: FilterSolver.elements(of: path, in: prefix))
        case .isEmpty(let path), .isNull(let path): note(path, prefix)
        case .field(let condition): note(condition.key, prefix)
        case .hasID, .hasVector, .slice: break
        }
      }
    }
    func note(_ path: PayloadPath, _ prefix: PayloadPath?) {
      let path = prefix?.appending(path) ?? path
      if field(at: path)?.part == nil, !paths.contains(path) {
        paths.append(path)
      }
    }
    visit(filter, prefix: nil)
    return paths
  }
}

/// Evaluates one filter over all slots at once.
struct FilterSolver {
  let indexes: PayloadIndexes
  let context: FilterContext
  private let slotCount: Int
  /// The slots that the overlay answers; nil where there are none.
  private let covered: Bitset?

  init(indexes: PayloadIndexes, context: FilterContext) {
    self.indexes = indexes
    self.context = context
    slotCount = context.alive.count
    covered = indexes.overlay.liveCount == 0 ? nil : indexes.overlay.coveredSlots(slotCount: slotCount)
  }

  /// - Parameter scope: the slots that matter; answers outside of it may be anything
  mutating func solve(_ filter: Filter, among scope: Bitset) -> Verdict {
    if filter.isEmpty { return Verdict(definite: scope) }
    var result: Verdict?
    func meet(_ verdict: Verdict) {
      if result?.formAnd(verdict) == nil { result = verdict }
    }
    // Conditions that hash each id come last, when few slots are left.
    for condition in filter.must.sorted(by: { !$0.asksEachSlot && $1.asksEachSlot }) {
      if result?.isNever == true { return .none(slotCount: slotCount) }
      meet(solve(condition, among: result?.possible ?? scope))
    }
    if !filter.should.isEmpty { meet(solveAny(filter.should, among: result?.possible ?? scope)) }
    if let minShould = filter.minShould {
      let verdicts = minShould.conditions.map { solve($0, among: result?.possible ?? scope) }
      meet(.atLeast(minShould.minimumCount, of: verdicts, slotCount: slotCount))
    }
    if !filter.mustNot.isEmpty {
      var verdict = solveAny(filter.mustNot, among: result?.possible ?? scope)
      verdict.negate()
      meet(verdict)
    }
    return result ?? Verdict(definite: scope)
  }

  private mutating func solveAny(_ conditions: [Condition], among scope: Bitset) -> Verdict {
    var result = Verdict.none(slotCount: slotCount)
    for condition in conditions { result.formOr(solve(condition, among: scope)) }
    return result
  }

  private mutating func solve(_ condition: Condition, among scope: Bitset) -> Verdict {
    switch condition {
    case .filter(let filter): return solve(filter, among: scope)
    case .isEmpty(let path):
      return solve(path) { $0.verdictOfIsEmpty(slotCount: slotCount) }
    case .isNull(let path):
      return solve(path) { $0.verdictOfIsNull(slotCount: slotCount) }
    case .field(let condition):
      return solve(condition.key) { $0.verdict(condition, slotCount: slotCount) }
    case .nested(let path, let filter): return .open(possible(filter, in: Self.elements(of: path, in: nil)))
    case .hasID(let ids):
      var words = SlotWords(count: slotCount)
      for id in ids { if let slot = context.slot(id) { words.insert(slot) } }
      return Verdict(definite: words.bitset())
    case .hasVector(let name):
      return Verdict(definite: context.vectors(name) ?? Bitset(count: slotCount))
    case .slice(let total, let index):
      var words = SlotWords(count: slotCount)
      scope.forEachOne { slot in
        guard context.alive[slot] else { return }
        if SipHash.isIn(slice: index, of: total, context.id(UInt32(slot))) { words.insert(UInt32(slot)) }
      }
      return Verdict(definite: words.bitset())
    }
  }

  /// The answer of a field's index: the part's, the overlay's, and open where neither knows.
  private func solve(_ path: PayloadPath, _ ask: (any IndexedField) -> Verdict) -> Verdict {
    guard let field = indexes.field(at: path) else { return .open(context.alive) }
    var result = field.part.map { ask($0) } ?? .none(slotCount: slotCount)
    if let covered {
      result.exclude(covered)
      if let view = indexes.overlayView(path) { result.formOr(ask(view)) }
    }
    if let unknown = unknownSlots(from: field.part?.slotCount ?? 0) { result.formOr(.open(unknown)) }
    return result
  }

  /// The living slots from `first` on that the overlay does not answer; nil where there are none.
  private func unknownSlots(from first: Int) -> Bitset? {
    guard first < slotCount else { return nil }
    var unknown = Bitset(count: slotCount)
    unknown.insert(first..<slotCount)
    unknown.formAnd(context.alive)
    if let covered { unknown.formAndNot(covered) }
    return unknown.isEmpty ? nil : unknown
  }

  /// A superset of the slots with an element that a nested filter holds for: those that match each of its
  /// required matches and ranges with any element.
  private func possible(_ filter: Filter, in prefix: PayloadPath) -> Bitset {
    var result = context.alive
    for condition in filter.must {
      switch condition {
      case .field(let condition) where condition.isFalseForMissing:
        let path = prefix.appending(condition.key)
        guard indexes.field(at: path) != nil else { continue }
        result.formAnd(solve(path) { $0.verdict(condition, slotCount: slotCount) }.possible)
      case .filter(let inner): result.formAnd(possible(inner, in: prefix))
      case .nested(let path, let inner):
        result.formAnd(possible(inner, in: Self.elements(of: path, in: prefix)))
      default: continue
      }
    }
    return result
  }

  /// The path of each element of the array at `path`.
  static func elements(of path: PayloadPath, in prefix: PayloadPath?) -> PayloadPath {
    (prefix?.appending(path) ?? path).ofElements()
  }
}

extension Condition {
  /// Whether the answer is found slot by slot.
  fileprivate var asksEachSlot: Bool {
    if case .slice = self { true } else { false }
  }
}

extension FieldCondition {
  /// Whether only values can make it true, so that what holds for one of an element's values holds for one of all.
  fileprivate var isFalseForMissing: Bool {
    (match != nil || range != nil || !geo.isEmpty) && valuesCount == nil && isEmpty == nil && isNull == nil
  }
}
