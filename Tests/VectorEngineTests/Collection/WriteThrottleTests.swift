import Synchronization
import Testing
import VectorModel

@testable import VectorEngine

@Suite struct WriteThrottleTests {
  @Test func delaysGrowWithTheRowsThatWait() {
    func delay(_ unindexed: Int, _ rows: Int) -> Duration? {
      let allowed = WriteThrottle.allowedRows(rows: rows, rowsMin: 1000, unsearchedRowsMin: nil)
      return WriteThrottle.delay(unindexedRows: unindexed, allowedRows: allowed)
    }
    #expect(delay(1000, 1000) == nil)
    #expect(delay(5000, 100_000) == nil)
    #expect(delay(1500, 2000) == .milliseconds(500))
    #expect(delay(10_000, 100_000) == .seconds(1))
    #expect(delay(1_000_000, 1_000_000) == .seconds(10))
  }

  @Test func aBurstMayGoOnForTwoSeconds() {
    var throttle = WriteThrottle()
    let start = ContinuousClock.now
    let allows = { (rows: Int, seconds: Double) in
      throttle.note(unindexedRows: rows, steadyRows: 100, now: start.advanced(by: .seconds(seconds)))
      return throttle.allowsBurst
    }
    #expect(allows(50, 10))
    #expect(allows(500, 100))
    #expect(allows(500, 101))
    #expect(allows(500, 101.9))
    #expect(!allows(500, 102))
    #expect(!allows(500, 200))
    // Five seconds below give half a second back.
    #expect(allows(90, 205))
    #expect(allows(500, 205.1))
    #expect(allows(500, 205.5))
    #expect(!allows(500, 205.7))
  }

  @Test func moreRowsMayWaitWhereNobodySearches() {
    let allowed = { (rows: Int, unsearched: Int?) in
      WriteThrottle.allowedRows(rows: rows, rowsMin: 1000, unsearchedRowsMin: unsearched)
    }
    #expect(allowed(50_000, nil) == 2500)
    #expect(allowed(50_000, 4000) == 4000)
    #expect(allowed(100_000, 4000) == 5000)
    #expect(allowed(10, 20) == 1000)
  }

  /// The first search makes the writers wait that had no need to before.
  @Test func searchesAreNoticed() async throws {
    let fixture = try EngineFixture {
      $0.unindexedRowsMax = 100
      // However slow the machine is.
      $0.searchedMilliseconds = 3_600_000
    }
    try await fixture.create(TieredFixture.configuration)
    _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(0..<110))))
    #expect(fixture.engine.environment.stepTimes.seconds(.throttle) == 0)
    _ = try await fixture.query(TieredFixture.nearest(to: 1))
    _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(110..<111))))
    #expect(fixture.engine.environment.stepTimes.seconds(.throttle) > 0)
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
    let fixture = try EngineFixture {
      $0.unindexedRowsMax = 100
      $0.unsearchedBytesMax = 0
    }
    try await fixture.create(TieredFixture.configuration)
    _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(0..<100))))
    #expect(fixture.engine.environment.stepTimes.seconds(.throttle) == 0)
    let engine = fixture.engine
    async let held = Self.upsert(100..<103, engine)
    while try await fixture.count() < 103 { await Task.yield() }
    #expect(try await held == 2)
    #expect(abs(fixture.engine.environment.stepTimes.seconds(.throttle) - 0.03) < 1e-6)
  }

  /// Answers wait until they are due, or until nothing keeps them any more.
  @Test func linksEndTheWait() {
    final class Sent: Sendable {
      let names = Mutex<[String]>([])
    }
    let sent = Sent()
    func answer(_ name: String) -> WriteAnswer {
      WriteAnswer(isLogged: true, error: nil) { _ in sent.names.withLock { $0.append(name) } }
    }
    var throttle = WriteThrottle()
    throttle.hold(answer("long"), for: .seconds(3600))
    throttle.hold(answer("due"), for: .zero)
    throttle.release()
    #expect(sent.names.withLock { $0 } == ["due"])
    throttle.release(all: true)
    #expect(sent.names.withLock { $0 } == ["due", "long"])
    throttle.release(all: true)
    #expect(sent.names.withLock { $0.count } == 2)
  }

  /// The links that answers wait for are made long before the answers are due: on a machine that is busy some may be
  /// late, but not all.
  @Test func linkedRowsLetTheirAnswersGo() async throws {
    let fixture = try EngineFixture {
      $0.unindexedRowsMax = 1
      $0.linkedRowsMin = 1
      $0.linkedTierRowsMin = 1
      $0.searchedMilliseconds = 3_600_000
    }
    try await fixture.create(TieredFixture.configuration)
    _ = try await fixture.query(TieredFixture.nearest(to: 1))
    let times = fixture.engine.environment.stepTimes
    for first in stride(from: UInt64(0), to: 3000, by: 300) {
      let announced = times.seconds(.throttle)
      let start = ContinuousClock.now
      _ = try await fixture.write(
        .upsert(UpsertOperation(points: TieredFixture.points(first..<(first + 300)))))
      let held = start.duration(to: .now)
      let delay = times.seconds(.throttle) - announced
      try #require(delay > 0.5, "nothing was held")
      if held < .seconds(delay) { return }
    }
    Issue.record("all answers waited until they were due")
  }

  @Test func heldAnswersAreSentWhenTheCollectionCloses() async throws {
    let fixture = try EngineFixture {
      $0.unindexedRowsMax = 1
      $0.unsearchedBytesMax = 0
    }
    try await fixture.create(TieredFixture.configuration)
    let engine = fixture.engine
    async let held = Self.upsert(0..<1000, engine)
    while try await fixture.count() < 1000 { await Task.yield() }
    try fixture.engine.shutdown()
    #expect(try await held == 1)
  }
}
