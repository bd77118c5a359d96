import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

/// What happens beside a commit of the store that is under way.
@Suite struct RunningCommitTests {
  /// An engine whose commits begin after `points` points and never by the clock.
  private func opened(
    points: Int = 10, _ configure: @escaping (inout EngineConfiguration) -> Void = { _ in }
  ) throws -> EngineFixture {
    try EngineFixture {
      $0.commitMillisecondsMax = 1_000_000
      $0.commitPointsMax = points
      configure(&$0)
    }
  }

  private func collection(of fixture: EngineFixture) throws -> Collection {
    let id = try fixture.engine.catalogue.current.collection(named: "c")
    return try #require(fixture.engine.collections.openCollections.first { $0.id == id })
  }

  /// A fixture with points 0 to 19, of which a commit is under way.
  private func committing(
    _ configure: @escaping (inout EngineConfiguration) -> Void = { _ in }
  ) async throws -> (EngineFixture, HeldCommits) {
    let fixture = try opened(configure)
    try await fixture.create(EngineFixture.plain)
    let held = HeldCommits(fixture.engine)
    try await fixture.put(0..<20)
    while fixture.engine.heldCommitsCount == 0 { await Task.yield() }
    return (fixture, held)
  }

  /// Returns when the store has everything.
  private func settle(_ fixture: EngineFixture) async throws {
    while try !collection(of: fixture).view.state.pending.isEmpty {
      try await fixture.put(1000..<1010)
      await Task.yield()
    }
  }

  @Test func theCommittingPointsMayChange() async throws {
    let (fixture, held) = try await committing()
    let before = try collection(of: fixture).view
    try await fixture.put(0..<5, payloadBytes: 10)
    _ = try await fixture.write(.delete(.ids((5..<10).map { .number($0) })))
    let patch = PayloadPatch(payload: Array(#"{"p":1}"#.utf8), selector: .ids([.number(10), .number(11)]))
    _ = try await fixture.write(.setPayload(patch))
    _ = try await fixture.write(.deleteVectors(names: [""], .ids([.number(12)])))
    _ = try await fixture.write(.delete(.ids([.number(13)])))
    try await fixture.put(13..<14, payloadBytes: 20)
    #expect(fixture.engine.heldCommitsCount == 1, "one commit at a time")
    let dump = try await fixture.dump()
    #expect(dump.count == 15)
    held.letGo()
    try await settle(fixture)
    #expect(try await fixture.dump().filter { !$0.hasPrefix("10") || $0.hasPrefix("10 ") } == dump)
    // A view from before the commit still has what it had, and takes what has gone for gone.
    for id: UInt64 in [0, 7, 13, 15] {
      let slot = try #require(before.state.points.slot(of: .number(id)))
      #expect(try before.payload(of: slot) == EngineFixture.point(id).payload)
    }
    let after = try await fixture.dump()
    try fixture.restart()
    #expect(try await fixture.dump() == after)
    #expect(try fixture.verifyOffline().defects == [])
    #expect(try await fixture.dump() == after)
  }

  /// Commits held and let go at random moments change nothing of what readers see and restarts find.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func randomHoldsChangeNothing(_ seed: UInt64) async throws {
    let fixture = try opened { $0.logSegmentBytes = 3000 }
    let reference = try EngineFixture()
    // A merge would be installed behind the held commit, and the writer would wait for it.
    var configuration = SnapshotWorkload.configuration
    configuration.optimizers.indexingThreshold = 0
    try await fixture.create(configuration)
    try await reference.create(configuration)
    var workload = SnapshotWorkload(seed: seed)
    var random = SplitMix(seed: seed)
    var held: HeldCommits?
    for round in 0..<200 {
      let operation = workload.operation()
      _ = try await fixture.write(operation)
      _ = try await reference.write(operation)
      if random.next() % 8 == 0 {
        if let holding = held { holding.letGo() }
        held = held == nil ? HeldCommits(fixture.engine) : nil
      }
      if random.next() % 20 == 0 {
        #expect(try await fixture.dump() == reference.dump(), "seed \(seed), operation \(round)")
      }
    }
    held?.letGo()
    let dump = try await reference.dump()
    #expect(try await fixture.dump() == dump, "seed \(seed)")
    #expect(try fixture.verifyOffline().defects == [], "seed \(seed)")
    #expect(try await fixture.dump() == dump, "seed \(seed)")
  }

  @Test func closingWaitsForTheCommit() async throws {
    let (fixture, held) = try await committing()
    try await fixture.put(20..<25)
    let dump = try await fixture.dump()
    let (collection, engine) = (try collection(of: fixture), fixture.engine)
    let closed = Cancellation()
    async let closing: Void = EngineFixture.onThread {
      try engine.shutdown()
      closed.cancel()
    }
    // Refused from when the collection is told to close.
    while await withCheckedContinuation({ (continuation: CheckedContinuation<Bool, Never>) in
      collection.submit(
        .configure({ $0 }) { result in
          continuation.resume(returning: (try? result.get()) != nil)
        })
    }) { await Task.yield() }
    #expect(!closed.isCancelled)
    held.letGo()
    try await closing
    try fixture.reopen()
    #expect(try await fixture.dump() == dump)
    #expect(try fixture.verifyOffline().defects == [])
  }

  @Test func theMemoryOfWhatWaitsIsBounded() async throws {
    let bytesMax = 100_000
    let (fixture, held) = try await committing { $0.pendingBytesMax = bytesMax }
    let engine = fixture.engine
    try await withThrowingTaskGroup(of: Void.self) { group in
      for id: UInt64 in 100..<200 {
        group.addTask {
          let points = [EngineFixture.point(id, payloadBytes: 10_000)]
          try await engine.write(.upsert(UpsertOperation(points: points)), to: "c")
        }
      }
      while engine.environment.stepTimes.count(.append) < 10 { await Task.yield() }
      held.letGo()
      try await group.waitForAll()
    }
    #expect(try collection(of: fixture).view.state.pending.byteCount <= bytesMax + 10_200)
    #expect(engine.environment.stepTimes.count(.backlog) > 0)
    #expect(try await fixture.count() == 120)
    #expect(try fixture.verifyOffline().defects == [])
  }

  @Test func noCompactionBeginsBesideACommit() async throws {
    let fixture = try opened {
      $0.compaction = CompactionPolicy(freeBytesMin: 0, freeShareMin: 0, intervalMilliseconds: 0)
    }
    try await fixture.create(EngineFixture.plain)
    let held = HeldCommits(fixture.engine)
    try await fixture.put(0..<20)
    while fixture.engine.heldCommitsCount == 0 { await Task.yield() }
    let (path, count) = (try fixture.storePath(), fixture.engine.figures.compactionsCount)
    // The second answer comes after everything that the first one's job has begun.
    for id: UInt64 in 20..<30 { try await fixture.put(id..<(id + 1)) }
    #expect(fixture.engine.heldCommitsCount == 1)
    #expect(try fixture.storePath() == path && fixture.engine.figures.compactionsCount == count)
    held.letGo()
    while fixture.engine.figures.compactionsCount == count { try await fixture.put(0..<1) }
    let dump = try await fixture.dump()
    #expect(dump.count == 30)
    #expect(try fixture.verifyOffline().defects == [])
    #expect(try await fixture.dump() == dump)
  }

  @Test func aSnapshotWaitsForTheCommit() async throws {
    let (fixture, held) = try await committing()
    _ = try await fixture.write(.delete(.ids([.number(3), .number(4)])))
    try await fixture.put(20..<24)
    let engine = fixture.engine
    let snapshot = Task.detached {
      try await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<SnapshotResult, RequestError>, Never>) in
        engine.handle(snapshots: .create(.collection("c"), SnapshotOptions(), wait: true)) {
          continuation.resume(returning: $0)
        }
      }.get()
    }
    for _ in 0..<100 { await Task.yield() }
    held.letGo()
    guard case .one(let description) = try await snapshot.value else {
      throw RequestError.internalError("not a snapshot")
    }
    let dump = try await fixture.dump()
    try await fixture.recover(description.name, as: "d")
    #expect(try await fixture.dump("d") == dump)
    #expect(dump.count == 22)
  }
}
