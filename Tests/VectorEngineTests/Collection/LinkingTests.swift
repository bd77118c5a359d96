import Dispatch
import Testing
import VectorModel

@testable import VectorEngine

/// When rows are linked where they lie.
@Suite struct LinkingTests {
  /// What a running merge takes in gets links beside it only where somebody searches.
  @Test func whatAMergeLinksIsLeftToItWhereNobodySearches() async throws {
    let fixture = try EngineFixture {
      $0.deltaRowsMax = 1000
      $0.linkedRowsMin = 1
      $0.linkedTierRowsMin = 1
      $0.settledMilliseconds = 0
      $0.searchedMilliseconds = 3_600_000
    }
    var configuration = TieredFixture.configuration
    configuration.optimizers.indexingThreshold = 1
    try await fixture.create(configuration)
    let environment = fixture.engine.environment
    let going = DispatchSemaphore(value: 0)
    defer { for _ in 0..<2 { going.signal() } }
    // One thread each, which nothing else has asked for.
    for pool in [environment.builders, environment.linkers] {
      #expect(pool.submit { going.wait() })
      while pool.waitingCount > 0 { await Task.yield() }
    }
    _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(0..<2000))))
    while environment.builders.waitingCount == 0 {
      _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(0..<1))))
    }
    _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(2000..<2001))))
    #expect(environment.linkers.waitingCount == 0)

    _ = try await fixture.query(TieredFixture.nearest(to: 1))
    while environment.linkers.waitingCount == 0 {
      _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(0..<1))))
    }
  }
}
