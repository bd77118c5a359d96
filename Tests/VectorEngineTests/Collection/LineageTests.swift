import Dispatch
import Testing
import VectorModel

@testable import VectorEngine

/// A vector is dropped and added again under its name while a part of it is being built: what was built of the old one
/// never becomes the new one's.
@Suite struct LineageTests {
  private static let pointsCount: UInt64 = 200
  /// The first one is replaced.
  private static let names = ["a", "b"]

  private static func parameters(_ name: String) -> NamedVectorParameters {
    NamedVectorParameters(name: name, parameters: VectorParameters(dimension: 4, distance: .euclid))
  }

  private func fixture(_ configure: @escaping (inout EngineConfiguration) -> Void) async throws
    -> EngineFixture
  {
    let fixture = try EngineFixture {
      $0.unsearchedBytesMax = 0
      configure(&$0)
    }
    var configuration = CollectionConfiguration(vectors: Self.names.map(Self.parameters))
    configuration.hnsw.fullScanThreshold = 10
    configuration.optimizers.indexingThreshold = 10_000
    try await fixture.create(configuration)
    return fixture
  }

  private func vectors(_ id: UInt64, _ names: [String], shift: Float) -> NamedVectors {
    NamedVectors(
      names.map { NamedVectors.Entry(name: $0, value: .dense([Float(id) + shift, 1, 2, 3])) })
  }

  private func nearest(_ value: Float, _ name: String, _ fixture: EngineFixture) async throws -> ScoredPoint {
    var request = QueryRequest()
    request.query = .nearest(.vector(.dense([value, 1, 2, 3])), mmr: nil)
    request.using = name
    request.limit = 1
    return try #require(try await fixture.query(request).first)
  }

  /// Holds the pool, lets a build begin, changes the vector, and lets the build end.
  private func replaceVectorDuringBuild(_ fixture: EngineFixture, _ pool: WorkerPool) async throws {
    let gate = DispatchSemaphore(value: 0)
    let isHeld = pool.submit { gate.wait() }
    #expect(isHeld)
    let points = (0..<Self.pointsCount).map { id in
      Point(id: .number(id), vectors: vectors(id, Self.names, shift: 0))
    }
    _ = try await fixture.write(.upsert(UpsertOperation(points: points)))
    // The build was given its view, and waits behind the gate.
    while pool.waitingCount == 0 { await Task.yield() }
    _ = try await fixture.send(.removeVector(collection: "c", name: "a", UpdateParameters()))
    _ = try await fixture.send(
      .addVector(collection: "c", Self.parameters("a"), UpdateParameters()))
    let changes = stride(from: 0, to: Self.pointsCount, by: 2).map { id in
      PointVectors(id: .number(id), vectors: vectors(id, ["a"], shift: 1000))
    }
    _ = try await fixture.write(.updateVectors(changes, filter: nil))
    gate.signal()
    try await fixture.waitForBuilds()
    while pool.waitingCount > 0 { await Task.yield() }
  }

  private func check(_ fixture: EngineFixture) async throws {
    #expect(try await fixture.count(Filter(must: [.hasVector("b")])) == Int(Self.pointsCount))
    #expect(try await fixture.count(Filter(must: [.hasVector("a")])) == Int(Self.pointsCount) / 2)
    for id in [UInt64(0), 6, 100] {
      let old = try await nearest(Float(id), "b", fixture)
      #expect(old.record.id == .number(id) && old.score == 0)
      let new = try await nearest(Float(id) + 1000, "a", fixture)
      #expect(new.record.id == .number(id) && new.score == 0)
    }
    // The values that the old vector had are nobody's.
    #expect(try await nearest(50, "a", fixture).score == 950)
  }

  @Test func aGenerationOfTheOldVectorIsNotTheNewOnes() async throws {
    let fixture = try await fixture { $0.deltaRowsMax = 100 }
    try await replaceVectorDuringBuild(fixture, fixture.engine.environment.builders)
    try await check(fixture)
    try fixture.restart()
    try await check(fixture)
  }

  @Test func aFrozenPartOfTheOldVectorIsNotTheNewOnes() async throws {
    let fixture = try await fixture {
      $0.frozenRowsMin = 100
      $0.deltaRowsMax = 10_000
      $0.freezesOnly()
    }
    try await replaceVectorDuringBuild(fixture, fixture.engine.environment.freezers)
    try await check(fixture)
  }
}
