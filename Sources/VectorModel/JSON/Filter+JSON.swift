extension Filter {
  /// Reads a filter. Unlike elsewhere, a key that is not part of the grammar is an error, at any depth.
  ///
  /// - Throws: status 400 for what is no filter, 422 beyond the limits on depth and conditions.
  package init(json reader: inout JSONReader) throws(RequestError) {
    var budget = FilterBudget()
    self = try Filter(json: &reader, budget: &budget)
  }

  init(json reader: inout JSONReader, budget: inout FilterBudget) throws(RequestError) {
    self.init()
    try budget.enter()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      guard try readClause(key, json: &reader, budget: &budget) else {
        throw reader.unknownKey(
          key, in: "filter", expected: "one of `should`, `min_should`, `must`, `must_not`")
      }
    }
    budget.leave()
  }

  /// Reads one of the four clauses; false, with nothing read, for any other key.
  mutating func readClause(
    _ key: String, json reader: inout JSONReader, budget: inout FilterBudget
  ) throws(RequestError) -> Bool {
    switch key {
    case "must": must = try Self.conditions(json: &reader, budget: &budget)
    case "must_not": mustNot = try Self.conditions(json: &reader, budget: &budget)
    case "should": should = try Self.conditions(json: &reader, budget: &budget)
    case "min_should": minShould = try MinShould(json: &reader, budget: &budget)
    default: return false
    }
    return true
  }

  /// Reads one condition or a list of them.
  fileprivate static func conditions(
    json reader: inout JSONReader, budget: inout FilterBudget
  ) throws(RequestError) -> [Condition] {
    guard try reader.peek() == .array else { return [try Condition(json: &reader, budget: &budget)] }
    var list: [Condition] = []
    try reader.openArray()
    while try reader.nextElement() { list.append(try Condition(json: &reader, budget: &budget)) }
    return list
  }
}

/// What is left of a filter's limits while it is read.
struct FilterBudget {
  private var levels = Filter.depthMax
  private var conditions = Filter.conditionsMax

  mutating func enter() throws(RequestError) {
    guard levels > 0 else {
      throw .validation("[filter: filters nest deeper than \(Filter.depthMax) levels, the limit]")
    }
    levels -= 1
  }

  mutating func leave() { levels += 1 }

  mutating func addCondition() throws(RequestError) {
    guard conditions > 0 else {
      throw .validation("[filter: more than \(Filter.conditionsMax) conditions, the limit]")
    }
    conditions -= 1
  }
}

extension Filter.MinShould {
  fileprivate init(json reader: inout JSONReader, budget: inout FilterBudget) throws(RequestError) {
    var conditions: [Condition]?
    var count: Int?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "conditions": conditions = try Filter.conditions(json: &reader, budget: &budget)
      case "min_count": count = try reader.readInt("min_should.min_count", in: 1...Int.max)
      default:
        throw reader.unknownKey(key, in: "min_should", expected: "`conditions` or `min_count`")
      }
    }
    self.init(
      conditions: try reader.required("conditions", conditions),
      minimumCount: try reader.required("min_count", count))
  }
}
