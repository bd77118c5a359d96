package import VectorModel

extension PayloadIndexes {
  /// Between how many and how many points match a filter, from the counts that the indexes keep; no set is made.
  /// - Complexity: O(conditions · log values), and the number of points / 64.
  package func estimate(_ filter: Filter, _ context: FilterContext) -> ClosedRange<Int> {
    CardinalityEstimator(indexes: self, context: context).estimate(filter)
  }
}

/// Interval arithmetic over the cardinalities of one view.
private struct CardinalityEstimator {
  let indexes: PayloadIndexes
  let context: FilterContext
  /// The living points.
  private let total: Int

  init(indexes: PayloadIndexes, context: FilterContext) {
    self.indexes = indexes
    self.context = context
    total = context.alive.onesCount
  }

  func estimate(_ filter: Filter) -> ClosedRange<Int> {
    var result = total...total
    for condition in filter.must { result = both(result, estimate(condition)) }
    if !filter.should.isEmpty { result = both(result, any(filter.should)) }
    if let minShould = filter.minShould { result = both(result, atLeast(minShould)) }
    if !filter.mustNot.isEmpty {
      let excluded = any(filter.mustNot)
      result = both(result, (total - excluded.upperBound)...(total - excluded.lowerBound))
    }
    return result
  }

  private func both(_ left: ClosedRange<Int>, _ right: ClosedRange<Int>) -> ClosedRange<Int> {
    max(0, left.lowerBound + right.lowerBound - total)...min(left.upperBound, right.upperBound)
  }

  private func any(_ conditions: [Condition]) -> ClosedRange<Int> {
    var low = 0
    var high = 0
    for condition in conditions {
      let range = estimate(condition)
      low = max(low, range.lowerBound)
      high = min(total, high + range.upperBound)
    }
    return low...high
  }

  /// Each point that matches uses up `minimum` of the matches of all conditions together.
  private func atLeast(_ minShould: Filter.MinShould) -> ClosedRange<Int> {
    guard minShould.minimumCount > 0 else { return total...total }
    let ranges = minShould.conditions.map { estimate($0) }
    let matches = ranges.reduce(0) { $0 + $1.upperBound }
    let misses = ranges.reduce(0) { $0 + total - $1.lowerBound }
    let missesAllowed = ranges.count - minShould.minimumCount
    guard missesAllowed >= 0 else { return 0...0 }
    return max(0, total - misses / (missesAllowed + 1))...min(total, matches / minShould.minimumCount)
  }

  private func estimate(_ condition: Condition) -> ClosedRange<Int> {
    switch condition {
    case .filter(let filter): return estimate(filter)
    case .field(let condition): return estimate(condition)
    case .isEmpty(let path): return estimate(path) { $0.count(of: [.null, .absent]) }
    case .isNull(let path): return estimate(path) { $0.count(of: .null) }
    case .nested, .slice: return 0...total
    case .hasID(let ids): return ids.reduce(0) { $0 + (context.slot($1) == nil ? 0 : 1) }.asRange
    case .hasVector(let name):
      guard let slots = context.vectors(name) else { return 0...0 }
      return slots.onesCount.asRange.widened(below: slots.count - total, above: 0, to: total)
    }
  }

  private func estimate(_ condition: FieldCondition) -> ClosedRange<Int> {
    if condition.valuesCount != nil || condition.isEmpty != nil || condition.isNull != nil {
      return 0...total
    }
    return estimate(condition.key) { part in
      var plans: [ValuePlan] = []
      if let match = condition.match { plans.append(ValuePlan(match, type: part.type)) }
      if let range = condition.range { plans.append(ValuePlan(range, type: part.type)) }
      plans += condition.geo.map { ValuePlan($0, type: part.type) }
      let ranges = plans.map { part.count($0) }
      return (ranges.map(\.lowerBound).max() ?? 0)...ranges.reduce(0) { $0 + $1.upperBound }
    }
  }

  /// What a part counts, widened by the points that died, changed or came since.
  private func estimate(_ path: PayloadPath, _ count: (PayloadIndexPart) -> ClosedRange<Int>) -> ClosedRange<
    Int
  > {
    guard let part = indexes.field(at: path)?.part else { return 0...total }
    let alive = total - context.alive.onesCount(from: part.slotCount)
    let since = indexes.overlay.liveCount + total - alive
    let gone = part.slotCount - alive + indexes.overlay.liveCount
    return count(part).widened(below: gone, above: since, to: total)
  }
}

extension PayloadIndexPart {
  /// How many slots some facts are true of.
  fileprivate func count(of facts: FieldValues.Facts) -> ClosedRange<Int> {
    let counts = FieldValues.Facts.each.filter { facts.contains($0) }.map { slots($0).cardinality }
    return counts.reduce(0, +).asRange.widened(below: 0, above: slots(.several).cardinality, to: slotCount)
  }

  fileprivate func count(_ plan: ValuePlan) -> ClosedRange<Int> {
    let definite = count(plan.definite)
    let open = count(plan.open)
    let others = slots(.other).cardinality
    switch plan.other {
    case .isFalse: return definite.widened(below: 0, above: open.upperBound, to: slotCount)
    case .isOpen: return definite.widened(below: 0, above: open.upperBound + others, to: slotCount)
    case .isTrue:
      let low = max(definite.lowerBound, others)
      return low...max(low, min(slotCount, definite.upperBound + open.upperBound + others))
    }
  }

  private func count(_ selection: ValueSelection) -> ClosedRange<Int> {
    let indexed = slots(.indexed).cardinality
    switch selection {
    case .none: return 0...0
    case .all: return indexed.asRange
    case .numbers(let ranges): return slots(ofRows: rowCount(ranges))
    case .cells(let ranges, _, _): return 0...slots(ofRows: rowCount(ranges)).upperBound
    case .numbersExcept(let keys):
      return indexed.without(slots(ofRows: rowCount(keys.map { $0...$0 })).upperBound)
    case .terms(let list): return slots(ofRows: rowCount(list))
    case .termsExcept(let list): return indexed.without(slots(ofRows: rowCount(list)).upperBound)
    case .termsWithPrefix, .termsWhere: return 0...indexed
    }
  }

  private func rowCount(_ ranges: [ClosedRange<Int64>]) -> Int {
    numbers.map { numbers in ranges.reduce(0) { $0 + numbers.rows(in: $1).count } } ?? 0
  }

  private func rowCount(_ list: [[UInt8]]) -> Int {
    guard let terms else { return 0 }
    return list.reduce(0) { total, term in
      total + (terms.index(of: term).map { Int(terms.cardinalities[$0]) } ?? 0)
    }
  }

  /// How many slots so many rows can be of: fewer than rows, where slots have several.
  private func slots(ofRows rows: Int) -> ClosedRange<Int> {
    let indexed = slots(.indexed).cardinality
    var extra = 0
    distinctCounts.counts.forEach(in: 0..<distinctCounts.counts.count) { extra += Int($0) - 1 }
    return max(0, rows - extra)...min(rows, indexed)
  }
}

extension Int {
  fileprivate var asRange: ClosedRange<Int> { self...self }

  /// What is left when up to `count` go.
  fileprivate func without(_ count: Int) -> ClosedRange<Int> { Swift.max(0, self - count)...self }
}

extension ClosedRange<Int> {
  fileprivate func widened(below: Int, above: Int, to limit: Int) -> ClosedRange<Int> {
    let low = Swift.min(limit, Swift.max(0, lowerBound - below))
    return low...Swift.max(low, Swift.min(limit, upperBound + above))
  }
}
