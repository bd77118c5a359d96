/// Which points a request means. The four clauses are joined by *and*; an absent clause matches everything.
package struct Filter: Hashable, Sendable {
  /// All of these hold.
  package var must: [Condition] = []
  /// None of these holds.
  package var mustNot: [Condition] = []
  /// At least one of these holds; an empty list holds.
  package var should: [Condition] = []
  /// At least `minimumCount` of these hold.
  package var minShould: MinShould?

  package struct MinShould: Hashable, Sendable {
    package var conditions: [Condition]
    /// At least 1.
    package var minimumCount: Int

    package init(conditions: [Condition], minimumCount: Int) {
      self.conditions = conditions
      self.minimumCount = minimumCount
    }
  }

  package init(
    must: [Condition] = [], mustNot: [Condition] = [], should: [Condition] = [], minShould: MinShould? = nil
  ) {
    self.must = must
    self.mustNot = mustNot
    self.should = should
    self.minShould = minShould
  }

  /// Whether the filter matches every point.
  package var isEmpty: Bool { must.isEmpty && mustNot.isEmpty && should.isEmpty && minShould == nil }

  /// How deep filters may stand inside each other.
  package static let depthMax = 32
  /// How many conditions one filter may hold in all.
  package static let conditionsMax = 10_000
}

/// One statement about a point.
package indirect enum Condition: Hashable, Sendable {
  case filter(Filter)
  /// The value is missing, null or `[]`.
  case isEmpty(PayloadPath)
  /// The value is null.
  case isNull(PayloadPath)
  case hasID(Set<PointID>)
  /// The point has a vector of this name (`""` is the unnamed one).
  case hasVector(String)
  /// SipHash-2-4 with a zero key of the id, modulo `total`, is `index`.
  case slice(total: UInt64, index: UInt64)
  /// The filter holds within one single element of the array at the path.
  case nested(PayloadPath, Filter)
  case field(FieldCondition)
}

/// Statements about the values at one path; it holds when any of those that are given holds.
package struct FieldCondition: Hashable, Sendable {
  package var key: PayloadPath
  package var match: Match?
  package var range: RangeCondition?
  package var geo: [GeoCondition] = []
  package var valuesCount: ValuesCount?
  package var isEmpty: Bool?
  package var isNull: Bool?

  package init(
    _ key: PayloadPath, match: Match? = nil, range: RangeCondition? = nil, valuesCount: ValuesCount? = nil,
    isEmpty: Bool? = nil, isNull: Bool? = nil
  ) {
    self.key = key
    self.match = match
    self.range = range
    self.valuesCount = valuesCount
    self.isEmpty = isEmpty
    self.isNull = isNull
  }
}

/// What one value must equal. Integers match integers only, never `1.0`.
package enum Match: Hashable, Sendable {
  case string(String)
  case integer(Int64)
  case bool(Bool)
  case anyString(Set<ExactString>)
  case anyInteger(Set<Int64>)
  /// Present, not null, and outside the list; a value of another type is outside.
  case exceptStrings(Set<ExactString>)
  case exceptIntegers(Set<Int64>)
  /// All tokens with a text index; a substring without one.
  case text(String)
  case textAny(String)
  case phrase(String)
  case prefix(String)
}

/// Bounds of one value, compared as float64, or as instants.
package enum RangeCondition: Hashable, Sendable {
  case number(Bounds<Double>)
  /// Microseconds since 1970-01-01T00:00:00Z.
  case datetime(Bounds<Int64>)
}

/// Up to four bounds that all hold.
package struct Bounds<Value: Comparable & Hashable & Sendable>: Hashable, Sendable {
  package var lessThan: Value?
  package var lessThanOrEqual: Value?
  package var greaterThan: Value?
  package var greaterThanOrEqual: Value?

  package init(
    lessThan: Value? = nil, lessThanOrEqual: Value? = nil, greaterThan: Value? = nil,
    greaterThanOrEqual: Value? = nil
  ) {
    self.lessThan = lessThan
    self.lessThanOrEqual = lessThanOrEqual
    self.greaterThan = greaterThan
    self.greaterThanOrEqual = greaterThanOrEqual
  }

  package func contains(_ value: Value) -> Bool {
    if let lessThan, !(value < lessThan) { return false }
    if let lessThanOrEqual, !(value <= lessThanOrEqual) { return false }
    if let greaterThan, !(value > greaterThan) { return false }
    if let greaterThanOrEqual, !(value >= greaterThanOrEqual) { return false }
    return true
  }
}

/// Bounds of how many values stand at a path.
package typealias ValuesCount = Bounds<Int>
