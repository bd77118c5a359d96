import Testing
import VectorModel

@testable import VectorEngine

/// What is done once no write has come for a while.
@Suite struct SettlingTests {
  /// The rows of each tier that a query goes through.
  private func tierRows(_ fixture: EngineFixture) async throws -> [Int64?] {
    var request = QueryRequest()
    request.query = .nearest(.vector(.dense(TieredFixture.vector(1))), mmr: nil)
    request.parameters.explain = true
    let response = try await fixture.outcome(.query(collection: "c", request, .points)).get()
    let step = try #require(response.explanation?["steps"]?.elements.first)
    return try #require(step["tiers"]?.elements).map { $0["rows"]?.number }
  }

  private func fixture(settledMilliseconds: Int) async throws -> EngineFixture {
    let fixture = try EngineFixture {
      $0.deltaRowsMax = 1400
      $0.settledMilliseconds = settledMilliseconds
    }
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(
        name: "", parameters: VectorParameters(dimension: TieredFixture.dimension, distance: .euclid))
    ])
    configuration.optimizers.indexingThreshold = 100
    configuration.optimizers.vacuumMinVectorNumber = 100
    try await fixture.create(configuration)
    _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(0..<1500))))
    try await fixture.waitForIndexed(1500)
    return fixture
  }

  @Test func aTwentiethOfDeadRowsIsDropped() async throws {
    let fixture = try await fixture(settledMilliseconds: 20)
    _ = try await fixture.write(.delete(.ids((0..<90).map { .number($0) })))
    while try await tierRows(fixture) != [1410] { await Task.yield() }
  }

  @Test func theStoreGivesItsPagesBack() async throws {
    let fixture = try await fixture(settledMilliseconds: 20)
    let id = try fixture.engine.catalogue.current.collection(named: "c")
    while try fixture.engine.collections.view(of: id).store.keptByteCount > 0 { await Task.yield() }
    #expect(try await fixture.count() == 1500)
    _ = try await fixture.write(.delete(.ids((0..<10).map { .number($0) })))
    let dump = try await fixture.dump()
    try fixture.restart()
    #expect(try await fixture.dump() == dump)
    #expect(try fixture.verifyOffline().defects == [])
  }

  @Test func whileWritesComeAFewDeadRowsStay() async throws {
    let fixture = try await fixture(settledMilliseconds: 1_000_000)
    _ = try await fixture.write(.delete(.ids((0..<90).map { .number($0) })))
    // Answered behind the decision on what the first one made due.
    _ = try await fixture.write(.delete(.ids([.number(90)])))
    try await fixture.waitForBuilds()
    #expect(try await tierRows(fixture) == [1500])
  }
}
