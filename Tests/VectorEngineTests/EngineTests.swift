import Dispatch
import Synchronization
import Testing
import VectorModel

@testable import VectorEngine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct EngineTests {
  private func point(_ id: UInt64, _ vector: [Float], _ payload: String = "") -> Point {
    Point(id: .number(id), vectors: NamedVectors(unnamed: .dense(vector)), payload: Array(payload.utf8))
  }

  private var plain: CollectionConfiguration {
    CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 2, distance: .euclid))
    ])
  }

  private func nearest(_ vector: [Float], limit: Int = 10, _ filter: Filter? = nil) -> QueryRequest {
    var request = QueryRequest()
    request.query = .nearest(.vector(.dense(vector)), mmr: nil)
    request.limit = limit
    request.filter = filter
    return request
  }

  @Test func acknowledgedPointsAreFoundAtOnceAndAfterARestart() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(plain)
    let result = try await fixture.write(
      .upsert(UpsertOperation(points: [point(1, [0, 0], "{\"a\":1}"), point(2, [3, 4])])))
    #expect(result.operationID == 1)
    for _ in 0..<2 {
      let points = try await fixture.query(nearest([0, 0]))
      #expect(points.map(\.record.id) == [.number(1), .number(2)])
      #expect(points.map(\.score) == [0, 5])
      #expect(points.map(\.version) == [1, 1])
      try fixture.restart()
    }
  }

  @Test(.timeLimit(.minutes(10))) func closedCollectionsGiveTheirMemoryBack() async throws {
    let fixture = try EngineFixture { $0.openCollectionsMax = 1 }
    try await fixture.create(plain, named: "first")
    _ = try await fixture.write(.upsert(UpsertOperation(points: [point(1, [0, 0])])), to: "first")
    weak let first = fixture.engine.collections.openCollections.first?.view
    #expect(first != nil)
    try await fixture.create(plain, named: "second")
    _ = try await fixture.write(.upsert(UpsertOperation(points: [point(1, [0, 0])])), to: "second")
    while first != nil { await Task.yield() }
    #expect(try await fixture.count(nil, "first") == 1)
  }

  /// What is brief is answered before `handle` returns where the caller's thread may be used, and no other thing.
  @Test func onlyBriefQueriesUseTheCallersThread() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(plain)
    _ = try await fixture.write(.upsert(UpsertOperation(points: [point(1, [0, 0], "{\"a\":1}")])))
    let brief = nearest([0, 0])
    var exact = brief
    exact.parameters.isExact = true
    var filtered = brief
    filtered.filter = Filter(must: [.hasID([.number(1)])])
    var wide = brief
    wide.limit = 1000
    var whole = brief
    whole.withPayload = .all
    for (query, mayUseThisThread, usesIt) in [
      (brief, true, true), (brief, false, false), (exact, true, false), (filtered, true, false),
      (wide, true, false), (whole, true, false),
    ] {
      let (usedIt, count) = await withCheckedContinuation { continuation in
        let caller = pthread_self()
        fixture.engine.handle(
          .query(collection: "c", query, .points), mayUseThisThread: mayUseThisThread
        ) { result in
          let isCaller = pthread_equal(caller, pthread_self()) != 0
          guard case .success(let response) = result, case .points(let points, _) = response.result else {
            return continuation.resume(returning: (isCaller, 0))
          }
          continuation.resume(returning: (isCaller, points.count))
        }
      }
      #expect(count == 1)
      #expect(usedIt == usesIt)
    }
  }

  @Test func payloadChangesKeepVectorsAndRaiseTheVersion() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(plain)
    _ = try await fixture.write(.upsert(UpsertOperation(points: [point(1, [1, 0], "{\"a\":1,\"b\":2}")])))
    _ = try await fixture.write(
      .setPayload(PayloadPatch(payload: Array("{\"a\":5}".utf8), selector: .ids([.number(1)]))))
    try fixture.restart()
    var request = nearest([1, 0])
    request.withPayload = .all
    request.withVector = .all
    let points = try await fixture.query(request)
    #expect(points.first?.version == 2)
    #expect(points.first?.record.vectors?[""] == .dense([1, 0]))
    #expect(points.first?.record.payload.map { String(decoding: $0, as: UTF8.self) } == "{\"a\":5,\"b\":2}")
  }

  @Test func filtersSelectWhatIsDeleted() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(plain)
    let points = (0..<100).map { point($0, [Float($0), 0], "{\"n\":\($0)}") }
    _ = try await fixture.write(.upsert(UpsertOperation(points: points)))
    _ = try await fixture.write(.createIndex(PayloadField(path: "n", type: .integer)))
    let low = Filter(must: [
      .field(FieldCondition(try PayloadPath("n"), range: .number(Bounds(lessThan: 30))))
    ])
    #expect(try await fixture.count(low) == 30)
    _ = try await fixture.write(.delete(.filter(low)))
    #expect(try await fixture.count() == 70)
    try fixture.restart()
    #expect(try await fixture.count() == 70)
    #expect(try await fixture.count(low) == 0)
    let nearest = try await fixture.query(nearest([0, 0], limit: 1))
    #expect(nearest.first?.record.id == .number(30))
  }

  @Test func aBuildChangesNoAnswerAndSurvivesARestart() async throws {
    let fixture = try EngineFixture { $0.deltaRowsMax = 500 }
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 8, distance: .euclid))
    ])
    configuration.optimizers.indexingThreshold = 1
    configuration.hnsw.fullScanThreshold = 10
    try await fixture.create(configuration)
    var generator = SplitMix(seed: 7)
    var vectors: [UInt64: [Float]] = [:]
    for batch in 0..<20 {
      var points: [Point] = []
      for index in 0..<100 {
        let id = UInt64(batch * 50 + index)
        let vector = (0..<8).map { _ in Float(generator.next() % 1000) }
        vectors[id] = vector
        points.append(point(id, vector, "{\"even\":\(id % 2 == 0)}"))
      }
      _ = try await fixture.write(.upsert(UpsertOperation(points: points)))
    }
    for id in stride(from: UInt64(0), to: 1000, by: 7) { vectors[id] = nil }
    _ = try await fixture.write(
      .delete(.ids(stride(from: UInt64(0), to: 1000, by: 7).map { .number($0) })))
    try await fixture.waitForBuilds()
    for round in 0..<3 {
      #expect(try await fixture.information().indexedVectorsCount > 0)
      #expect(try await fixture.count() == vectors.count)
      let target = [Float](repeating: 500, count: 8)
      var request = nearest(target, limit: 5)
      request.parameters.ef = 200
      let found = try await fixture.query(request)
      let expected = vectors.values.map { euclid($0, target) }.sorted().prefix(5)
      #expect(zip(found.map(\.score), expected).allSatisfy { abs($0 - $1) < 1e-3 }, "round \(round)")
      try fixture.restart()
    }
  }

  private func euclid(_ left: [Float], _ right: [Float]) -> Float {
    zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  @Test func badWritesChangeNothing() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(plain)
    for operation in [
      WriteOperation.upsert(UpsertOperation(points: [point(1, [1, 2]), point(2, [1, 2, 3])])),
      .upsert(UpsertOperation(points: [point(1, [1, .nan])])),
      .setPayload(PayloadPatch(payload: Array("{}".utf8), selector: .ids([.number(9)]))),
    ] {
      let outcome = await fixture.outcome(.write(collection: "c", operation, UpdateParameters()))
      guard case .failure(let error) = outcome else {
        Issue.record("accepted \(operation)")
        continue
      }
      #expect([400, 404].contains(error.httpStatus))
    }
    #expect(try await fixture.count() == 0)
  }

  @Test func aClosedCollectionTakesNoMemory() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(plain)
    _ = try await fixture.write(.upsert(UpsertOperation(points: [point(1, [1, 2])])))
    let id = try #require(fixture.engine.catalogue.current.collections["c"])
    weak let store = try fixture.engine.collections.view(of: id).store
    #expect(store != nil)
    await withCheckedContinuation { continuation in
      fixture.engine.collections.reopen(id) { _ in continuation.resume() }
    }
    // The threads that closed it let go of it a little later.
    for _ in 0..<100_000 where store != nil { await Task.yield() }
    #expect(store == nil)
    #expect(try await fixture.count() == 1)
  }

  @Test func aStopWaitsForACollectionThatIsBeingOpened() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(plain)
    try fixture.restart()
    let engine = fixture.engine
    let id = try #require(engine.catalogue.current.collections["c"])
    let gate = DispatchSemaphore(value: 0)
    let threadCount = engine.environment.configuration.writerThreads
    for _ in 0..<threadCount {
      let isHeld = engine.environment.writers.submit { gate.wait() }
      #expect(isHeld)
    }
    let isAnswered = Mutex(false)
    engine.handle(.collectionInfo("c")) { _ in isAnswered.withLock { $0 = true } }
    async let stopped: Void = EngineFixture.onThread { try engine.shutdown() }
    let isClosed = Mutex(false)
    while !isClosed.withLock({ $0 }) {
      engine.collections.acquire(id) { result in
        if case .failure = result { isClosed.withLock { $0 = true } }
      }
      await Task.yield()
    }
    for _ in 0..<threadCount { gate.signal() }
    try await stopped
    #expect(isAnswered.withLock { $0 })
    try fixture.reopen()
    #expect(try await fixture.count() == 0)
  }

  @Test func aRepeatedWriteGetsItsFirstAnswer() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(plain)
    var parameters = UpdateParameters()
    parameters.producer = ProducerStamp(producer: UUID128(high: 1, low: 2), sequence: 1)
    let request = Request.write(
      collection: "c", .upsert(UpsertOperation(points: [point(1, [1, 2])])), parameters)
    var first: UpdateResult?
    for _ in 0..<2 {
      guard case .update(let result) = try await fixture.send(request) else { return }
      #expect(result == first ?? result)
      first = result
      _ = try await fixture.write(.delete(.ids([.number(1)])))
      try fixture.restart()
    }
    #expect(try await fixture.count() == 0)
  }
}

/// A small generator with a seed (Steele, Lea and Flood 2014).
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
