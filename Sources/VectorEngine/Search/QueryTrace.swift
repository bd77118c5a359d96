import VectorIndex
import VectorModel

/// What is noted while one query is answered.
struct QueryTrace {
  /// The languages that the pre-filter kept.
  private(set) var languages: [String] = []
  /// How the query was answered; absent where it does not ask.
  private(set) var plan: QueryPlan?

  /// - Parameter request: explained where its own parameters ask for it.
  init(_ request: QueryRequest) {
    if request.parameters.explain { plan = QueryPlan() }
  }

  mutating func keep(languages kept: [String]) {
    if kept.isEmpty { return }
    languages = Set(languages + kept).sorted()
  }

  /// The moment that a stage begins; nil where no plan is kept.
  var now: ContinuousClock.Instant? { plan == nil ? nil : .now }

  mutating func add(_ stage: QueryPlan.Stage, since start: ContinuousClock.Instant?) {
    guard let start else { return }
    plan?.durations[stage.rawValue] += start.duration(to: .now)
  }

  mutating func begin(_ step: QueryPlan.Step) { plan?.steps.append(step) }

  mutating func setVector(_ name: String) {
    guard let step = plan?.steps.indices.last else { return }
    plan?.steps[step].vector = name
  }

  /// Notes the filter of the step at hand.
  mutating func note(_ filter: Filter, _ matches: Bitset, in view: View) {
    guard let plan, let step = plan.steps.indices.last else { return }
    self.plan?.steps[step].filter = QueryPlan.FilterFacts(
      estimate: view.state.payloads.estimate(filter, view.filterContext), matchedCount: matches.onesCount)
    for path in view.state.payloads.unindexedPaths(of: filter).map(\.description)
    where !plan.missingIndexes.contains(path) {
      self.plan?.missingIndexes.append(path)
    }
  }

  /// Notes the tiers of the step at hand.
  mutating func note(_ tiers: [TierSearch]) {
    guard let step = plan?.steps.indices.last else { return }
    plan?.steps[step].tiers += tiers
  }
}

/// How a query was answered: one step for each list of points that was ranked, prefetches first.
struct QueryPlan {
  enum Stage: Int, CaseIterable { case resolve, filter, search, fetch }

  struct Step {
    /// The kind of query.
    var query: String
    /// The named vector that was searched; nil where none was.
    var vector: String?
    var filter: FilterFacts?
    var tiers: [TierSearch] = []
  }

  struct FilterFacts {
    /// From the counts that the indexes keep.
    var estimate: ClosedRange<Int>
    /// Living points that match: exact.
    var matchedCount: Int
  }

  fileprivate(set) var steps: [Step] = []
  /// Paths of filters that no index answers.
  fileprivate(set) var missingIndexes: [String] = []
  fileprivate(set) var durations = [Duration](repeating: .zero, count: Stage.allCases.count)

  /// As the envelope shows it, and the frame carries it.
  var json: JSONValue {
    .object([
      ("steps", .array(steps.map(\.json))),
      ("missing_indexes", .array(missingIndexes.map { .string($0) })),
      (
        "microseconds",
        .object(Stage.allCases.map { ("\($0)", .double(durations[$0.rawValue].microseconds)) })
      ),
    ])
  }
}

extension QueryPlan.Step {
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [("query", .string(query))]
    if let vector { members.append(("vector", .string(vector))) }
    if let filter {
      let estimate: JSONValue = .object([
        ("min", .integer(Int64(filter.estimate.lowerBound))),
        ("max", .integer(Int64(filter.estimate.upperBound))),
      ])
      members.append(
        ("filter", .object([("estimated", estimate), ("matched", .integer(Int64(filter.matchedCount)))])))
    }
    if vector != nil { members.append(("tiers", .array(tiers.map(\.json)))) }
    return .object(members)
  }
}

extension TierSearch {
  fileprivate var json: JSONValue {
    let distances: JSONValue = .object([
      ("codes", .integer(Int64(statistics.codeDistancesCount))),
      ("float32", .integer(Int64(statistics.floatDistancesCount))),
    ])
    return .object([
      ("tier", .string(kind.rawValue)), ("rows", .integer(Int64(rowCount))),
      ("accepted", .integer(Int64(acceptedCount))),
      ("plans", .array(statistics.plans.map { .string($0.rawValue) })),
      ("visited_nodes", .integer(Int64(statistics.visitedNodesCount))), ("distances", distances),
    ])
  }
}

extension JSONValue {
  fileprivate static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(members.map { Member(key: $0.0, value: $0.1) })
  }
}

extension Duration {
  fileprivate var microseconds: Double {
    Double(components.seconds) * 1e6 + Double(components.attoseconds) / 1e12
  }
}

extension Query {
  /// The query's kind, as requests name it.
  var kindName: String {
    switch self {
    case .nearest(_, mmr: nil): "nearest"
    case .nearest: "mmr"
    case .recommend: "recommend"
    case .discover: "discover"
    case .context: "context"
    case .orderBy: "order_by"
    case .sampleRandom: "sample"
    case .fusion: "fusion"
    case .formula: "formula"
    }
  }
}
