import Testing
import VectorModel

@testable import VectorEngine

@Suite struct DroppedVectorTests {
  private static let second = NamedVectorParameters(
    name: "b", parameters: VectorParameters(dimension: 2, distance: .dot))

  /// Ten points with the vectors `a` and `b`, in parts or not.
  private func fixture(isSealed: Bool) async throws -> EngineFixture {
    let fixture = try EngineFixture { $0.deltaRowsMax = isSealed ? 1 : 1000 }
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "a", parameters: VectorParameters(dimension: 2, distance: .dot)),
      Self.second,
    ])
    configuration.optimizers.indexingThreshold = 10_000
    try await fixture.create(configuration)
    let vectors = NamedVectors(["a", "b"].map { NamedVectors.Entry(name: $0, value: .dense([1, 2])) })
    let points = (0..<10).map { Point(id: .number($0), vectors: vectors) }
    _ = try await fixture.write(.upsert(UpsertOperation(points: points)))
    try await fixture.waitForBuilds()
    return fixture
  }

  /// The drop rewrites its points: what a start takes from a generation of before would not be what the store has.
  @Test(arguments: [false, true]) func theDigestHoldsWhenPointsChangeAfterARestart(isRebuilt: Bool)
    async throws
  {
    let fixture = try await fixture(isSealed: true)
    _ = try await fixture.send(.removeVector(collection: "c", name: "b", UpdateParameters()))
    if isRebuilt {
      // Answered behind the decision on a new generation.
      _ = try await fixture.write(.clearPayload(.ids([.number(9)])))
      try await fixture.waitForBuilds()
    }
    try fixture.restart()
    _ = try await fixture.write(
      .setPayload(PayloadPatch(payload: Array(#"{"x":1}"#.utf8), selector: .ids([.number(3)]))))
    _ = try await fixture.write(.delete(.ids([.number(4)])))
    fixture.engine.scrubber.run()
    #expect(fixture.engine.scrubber.defects == [])
    #expect(try fixture.verifyOffline().defects == [])
  }

  @Test(arguments: [false, true]) func anAddedVectorStartsEmptyAfterARestart(isSealed: Bool) async throws {
    let fixture = try await fixture(isSealed: isSealed)
    _ = try await fixture.send(.removeVector(collection: "c", name: "b", UpdateParameters()))
    _ = try await fixture.send(.addVector(collection: "c", Self.second, UpdateParameters()))
    for _ in 0..<2 {
      #expect(try await fixture.count(Filter(must: [.hasVector("b")])) == 0)
      #expect(try await fixture.count(Filter(must: [.hasVector("a")])) == 10)
      try fixture.restart()
    }
  }
}
