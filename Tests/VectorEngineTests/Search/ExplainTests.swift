import Testing
import VectorModel

@testable import VectorEngine

@Suite struct ExplainTests {
  private static let dimension = TieredFixture.dimension

  private func fixture() async throws -> EngineFixture { try await TieredFixture.make() }

  private func request() -> QueryRequest {
    var request = QueryRequest()
    request.query = .nearest(.vector(.dense([Float](repeating: 0, count: Self.dimension))), mmr: nil)
    request.parameters.explain = true
    request.parameters.ef = 12
    return request
  }

  private func below(_ limit: Double, _ key: String) throws -> Condition {
    .field(FieldCondition(try PayloadPath(key), range: .number(Bounds(lessThan: limit))))
  }

  @Test func tiersAndCardinalitiesAreThoseOfTheFilter() async throws {
    let fixture = try await fixture()
    var request = request()
    request.filter = Filter(must: [try below(1550, "n"), try below(1, "m")])
    let response = try await fixture.outcome(.query(collection: "c", request, .points)).get()
    let plan = try #require(response.explanation)
    let step = try #require(plan["steps"]?.elements.first)
    #expect(plan["steps"]?.elements.count == 1)
    #expect(step["query"] == .string("nearest"))
    #expect(step["vector"] == .string(""))
    #expect(step["filter"]?["matched"] == .integer(775))
    let low = try #require(step["filter"]?["estimated"]?["min"]?.number)
    let high = try #require(step["filter"]?["estimated"]?["max"]?.number)
    #expect(low <= 775 && high >= 775)
    #expect(plan["missing_indexes"] == .array([.string("m")]))
    let tiers = try #require(step["tiers"]?.elements)
    #expect(tiers.map { $0["tier"] } == [.string("generation"), .string("delta")])
    #expect(tiers.map { $0["rows"]?.number } == [1500, 100])
    #expect(tiers.map { $0["accepted"]?.number } == [750, 25])
    #expect(tiers[1]["distances"]?["float32"] == .integer(25))
    for stage in ["resolve", "filter", "search", "fetch"] {
      #expect(plan["microseconds"]?[stage] != nil, "\(stage)")
    }
  }

  @Test func aWalkTellsWhatItVisited() async throws {
    let fixture = try await fixture()
    let response = try await fixture.outcome(.query(collection: "c", request(), .points)).get()
    let step = try #require(response.explanation?["steps"]?.elements.first)
    #expect(step["filter"] == nil)
    let sealed = try #require(step["tiers"]?.elements.first)
    #expect(sealed["plans"] == .array([.string("traversal")]))
    #expect((sealed["visited_nodes"]?.number ?? 0) > 0)
    #expect((sealed["distances"]?["codes"]?.number ?? 0) > (sealed["visited_nodes"]?.number ?? 0))
    #expect(sealed["distances"]?["float32"]?.number == 12)
  }

  @Test func onlyWhoAsksIsTold() async throws {
    let fixture = try await fixture()
    var quiet = request()
    quiet.parameters.explain = false
    let alone = try await fixture.outcome(.query(collection: "c", quiet, .points)).get()
    #expect(alone.explanation == nil)
    let batch = try await fixture.outcome(.queryBatch(collection: "c", [quiet, request()], .points)).get()
    let plans = try #require(batch.explanation?.elements)
    #expect(plans.count == 2)
    #expect(plans.first == .null)
    #expect(plans.last?["steps"]?.elements.count == 1)
  }

  @Test func prefetchesStandBeforeWhatTheyLeadTo() async throws {
    let fixture = try await fixture()
    var prefetch = Prefetch()
    prefetch.query = .nearest(.vector(.dense([Float](repeating: 1, count: Self.dimension))), mmr: nil)
    prefetch.filter = Filter(must: [try below(10, "n")])
    var request = request()
    request.prefetch = [prefetch]
    let response = try await fixture.outcome(.query(collection: "c", request, .points)).get()
    let steps = try #require(response.explanation?["steps"]?.elements)
    #expect(steps.map { $0["filter"]?["matched"] } == [.integer(10), nil])
    #expect(steps.last?["tiers"]?.elements.map { $0["accepted"]?.number }.reduce(0) { $0 + ($1 ?? 0) } == 10)
  }
}

extension JSONValue {
  var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
  var number: Int64? { if case .integer(let number) = self { number } else { nil } }
}
