import Testing
import VectorModel

@testable import VectorEngine

@Suite struct WriteThrottleTests {
  @Test func delaysGrowWithTheRowsThatWait() {
    func delay(_ unindexed: Int, _ rows: Int) -> Duration? {
      WriteThrottle.delay(unindexedRows: unindexed, rows: rows, rowsMin: 1000)
    }
    #expect(delay(1000, 1000) == nil)
    #expect(delay(5000, 100_000) == nil)
    #expect(delay(1500, 2000) == .milliseconds(500))
    #expect(delay(10_000, 100_000) == .seconds(1))
    #expect(delay(1_000_000, 1_000_000) == .seconds(10))
  }

  /// The operation that the answer names.
  private static func upsert(_ ids: Range<UInt64>, _ engine: Engine) async throws -> UInt64? {
    let request = Request.write(
      collection: "c", .upsert(UpsertOperation(points: TieredFixture.points(ids))), UpdateParameters())
    let response = try await withCheckedContinuation { continuation in
      engine.handle(request) { continuation.resume(returning: $0) }
    }.get()
    if case .update(let result) = response.result { return result.operationID }
    return nil
  }

  /// Held answers come in the end, and what they acknowledge is found before.
  @Test func heldWritesAreVisibleAndAnswered() async throws {
    let fixture = try EngineFixture { $0.unindexedRowsMax = 100 }
    try await fixture.create(
      CollectionConfiguration(vectors: [
        NamedVectorParameters(
          name: "", parameters: VectorParameters(dimension: TieredFixture.dimension, distance: .euclid))
      ]))
    _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(0..<100))))
    #expect(fixture.engine.environment.stepTimes.seconds(.throttle) == 0)
    let engine = fixture.engine
    async let held = Self.upsert(100..<103, engine)
    while try await fixture.count() < 103 { await Task.yield() }
    #expect(try await held == 2)
    #expect(abs(fixture.engine.environment.stepTimes.seconds(.throttle) - 0.03) < 1e-6)
  }

  @Test func heldAnswersAreSentWhenTheCollectionCloses() async throws {
    let fixture = try EngineFixture { $0.unindexedRowsMax = 1 }
    try await fixture.create(
      CollectionConfiguration(vectors: [
        NamedVectorParameters(
          name: "", parameters: VectorParameters(dimension: TieredFixture.dimension, distance: .euclid))
      ]))
    let engine = fixture.engine
    async let held = Self.upsert(0..<1000, engine)
    while try await fixture.count() < 1000 { await Task.yield() }
    try fixture.engine.shutdown()
    #expect(try await held == 1)
  }
}
