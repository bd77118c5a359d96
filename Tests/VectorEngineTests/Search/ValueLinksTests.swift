import Testing
import VectorModel

@testable import VectorEngine

/// Filters of one large language or tenant are answered by the links among its points.
@Suite struct ValueLinksTests {
  private static let count: UInt64 = 4000

  private static func points() -> [Point] {
    (0..<count).map { id in
      let language = id % 5 < 2 ? "es" : id % 5 == 2 ? "fr" : "l\(id % 400)"
      return Point(
        id: .number(id), vectors: NamedVectors(unnamed: .dense(TieredFixture.vector(id))),
        payload: Array(
          "{\"language\":\"\(language)\",\"tenant\":\"t\(id % 2)\",\"kind\":\"\(language)\"}".utf8))
    }
  }

  private func fixture(
    _ configure: (inout CollectionConfiguration) -> Void = { _ in }
  ) async throws -> EngineFixture {
    let fixture = try EngineFixture { $0.deltaRowsMax = 1400 }
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(
        name: "", parameters: VectorParameters(dimension: TieredFixture.dimension, distance: .euclid))
    ])
    configuration.optimizers.indexingThreshold = 100
    configuration.hnsw.fullScanThreshold = 10
    configuration.metadata = .object([.init(key: "language_field", value: .string("language"))])
    configure(&configuration)
    try await fixture.create(configuration)
    return fixture
  }

  private func load(_ fixture: EngineFixture) async throws {
    _ = try await fixture.write(.upsert(UpsertOperation(points: Self.points())))
    try await fixture.waitForIndexed(Int(Self.count))
    try await fixture.waitForBuilds()
  }

  private static let tenant = PayloadField(
    path: "tenant", type: .keyword,
    options: .object([
      .init(key: "type", value: .string("keyword")), .init(key: "is_tenant", value: .bool(true)),
    ]))

  /// The plan for the points with a value; these alone may be answered.
  private func plan(_ fixture: EngineFixture, _ field: String, _ value: String) async throws -> [JSONValue] {
    var request = QueryRequest()
    request.query = .nearest(.vector(.dense(TieredFixture.vector(7))), mmr: nil)
    request.limit = 10
    request.parameters.explain = true
    request.parameters.ef = 12
    request.filter = Filter(must: [
      .field(FieldCondition(try PayloadPath(field), match: .anyString([ExactString(value)])))
    ])
    request.withPayload = .all
    let response = try await fixture.outcome(.query(collection: "c", request, .points)).get()
    guard case .points(let points, _) = response.result else {
      throw RequestError.internalError("not points")
    }
    #expect(points.count == 10)
    for point in points {
      let payload = String(decoding: point.record.payload ?? [], as: UTF8.self)
      #expect(payload.contains("\"\(field)\":\"\(value)\""))
    }
    let tiers = response.explanation?["steps"]?.elements.first?["tiers"]?.elements ?? []
    return tiers.first?["plans"]?.elements ?? []
  }

  @Test func languagesAndTenantsHaveLinksOfTheirOwn() async throws {
    let fixture = try await fixture()
    for field in ["language", "kind"] {
      _ = try await fixture.write(.createIndex(PayloadField(path: field, type: .keyword)))
    }
    _ = try await fixture.write(.createIndex(Self.tenant))
    try await load(fixture)
    for isRestarted in [false, true] {
      if isRestarted { try fixture.restart() }
      #expect(try await plan(fixture, "language", "es") == [.string("value_traversal")])
      #expect(try await plan(fixture, "language", "fr") == [.string("value_traversal")])
      #expect(try await plan(fixture, "tenant", "t1") == [.string("value_traversal")])
    }
  }

  @Test func aFieldThatIsDeclaredLaterGetsThem() async throws {
    let fixture = try await fixture()
    try await load(fixture)
    _ = try await fixture.write(.createIndex(PayloadField(path: "kind", type: .keyword)))
    _ = try await fixture.write(.createIndex(Self.tenant))
    try await fixture.waitForBuilds()
    while try await plan(fixture, "tenant", "t0") != [.string("value_traversal")] { await Task.yield() }
    #expect(try await !plan(fixture, "kind", "es").contains(.string("value_traversal")))
  }

  @Test func noLinksAreMadeWherePayloadMIsZero() async throws {
    let fixture = try await fixture { $0.hnsw.payloadM = 0 }
    _ = try await fixture.write(.createIndex(Self.tenant))
    try await load(fixture)
    #expect(try await !plan(fixture, "tenant", "t1").contains(.string("value_traversal")))
  }
}
