import Synchronization
import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

@Suite struct SnapshotTests {
  private func filled(_ seed: UInt64, operations: Int = 150) async throws -> EngineFixture {
    let fixture = try EngineFixture()
    try await fixture.create(SnapshotWorkload.configuration)
    var workload = SnapshotWorkload(seed: seed)
    for _ in 0..<operations { _ = try await fixture.write(workload.operation()) }
    return fixture
  }

  @Test func aRestoredCollectionIsTheSame() async throws {
    let fixture = try await filled(1)
    let snapshot = try await fixture.snapshot()
    #expect(snapshot.sequence == 150)
    #expect(try await fixture.list().map(\.name) == [snapshot.name])
    let before = try await fixture.dump()
    try await fixture.recover(snapshot.name, as: "d", checksum: snapshot.checksum)
    #expect(try await fixture.dump("d") == before)
    #expect(before.count > 50)
    try fixture.restart()
    #expect(try await fixture.dump("d") == before)
    #expect(try await fixture.list().map(\.checksum) == [snapshot.checksum])
    #expect(try fixture.verifyOffline().defects == [])
  }

  /// A collection is a fold of its log: two folds of one snapshot are the same to the last bit.
  @Test func theSameLogTwiceGivesTheSame() async throws {
    let fixture = try await filled(14)
    let snapshot = try await fixture.snapshot()
    try await fixture.recover(snapshot.name, as: "first")
    try await fixture.recover(snapshot.name, as: "second")
    #expect(try await fixture.dump("first") == fixture.dump("second"))
    let states = try ["c", "first", "second"].map { name in
      let id = try fixture.engine.catalogue.current.collection(named: name)
      return try fixture.engine.collections.view(of: id).state
    }
    #expect(Set(states.map(\.digest)).count == 1)
    #expect(states.allSatisfy { $0.digest.content != nil && $0.sequence == snapshot.sequence })
    let id = try fixture.engine.catalogue.current.collection(named: "second")
    let canaries = try fixture.engine.scratches.lend { (scratch) throws(RequestError) in
      try Canary.some(of: fixture.engine.collections.view(of: id), scratch)
    }
    #expect(!canaries.isEmpty)
    try await fixture.waitForBuilds("second")
    #expect(try fixture.engine.snapshots.recall(of: canaries, in: id) == 1)
  }

  /// Dropping a named vector and adding it with another dimension survives a restart and a restore.
  @Test func aVectorAddedAnewHasItsNewDimension() async throws {
    let fixture = try await filled(15, operations: 30)
    let parameters = UpdateParameters()
    _ = try await fixture.send(.removeVector(collection: "c", name: "b", parameters))
    _ = try await fixture.send(
      .addVector(
        collection: "c",
        NamedVectorParameters(name: "b", parameters: VectorParameters(dimension: 7, distance: .dot)),
        parameters))
    let before = try await fixture.dump()
    try fixture.restart()
    #expect(try await fixture.dump() == before)
    let snapshot = try await fixture.snapshot()
    try await fixture.recover(snapshot.name, as: "d")
    #expect(try await fixture.dump("d") == before)
  }

  @Test func restoringInPlaceMovesNameAndAliases() async throws {
    let fixture = try await filled(2)
    _ = try await fixture.send(.changeAliases([.create(alias: "other", collection: "c")]))
    let before = try await fixture.dump()
    let snapshot = try await fixture.snapshot()
    var workload = SnapshotWorkload(seed: 3)
    for _ in 0..<40 { _ = try await fixture.write(workload.operation()) }
    #expect(try await fixture.dump() != before)
    try await fixture.recover(snapshot.name, as: "c")
    #expect(try await fixture.dump() == before)
    #expect(try await fixture.dump("other") == before)
    let result = try await fixture.write(workload.operation())
    #expect(result.operationID == snapshot.sequence + 1)
    try fixture.restart()
    #expect(fixture.engine.catalogue.current.collections.count == 1)
    #expect(try fixture.verifyOffline().unnamed == [])
  }

  /// Snapshots of a collection that changes all the time: each is one state, which the digest in it proves.
  @Test func snapshotsAreWholeWhileWritesGoOn() async throws {
    let fixture = try EngineFixture { $0.commitPointsMax = 7 }
    try await fixture.create(SnapshotWorkload.configuration)
    var first = SnapshotWorkload(seed: 4, idMax: 3000)
    for _ in 0..<300 { _ = try await fixture.write(first.operation()) }
    let isDone = Mutex(false)
    let engine = fixture.engine
    let writer = Task {
      var workload = SnapshotWorkload(seed: 5, idMax: 3000)
      var count = 0
      while !isDone.withLock({ $0 }) {
        try await engine.write(workload.operation(), to: "c")
        count += 1
      }
      return count
    }
    var snapshots: [SnapshotDescription] = []
    for _ in 0..<4 { snapshots.append(try await fixture.snapshot()) }
    isDone.withLock { $0 = true }
    #expect(try await writer.value > 0)
    for (index, snapshot) in snapshots.enumerated() {
      try await fixture.recover(snapshot.name, as: "d\(index)")
    }
    #expect(Set(snapshots.map(\.sequence)).count > 1)
    try await fixture.recover(snapshots[0].name, as: "later", until: .sequence(snapshots[3].sequence))
    #expect(try await fixture.dump("later") == fixture.dump("d3"))
    #expect(try fixture.verifyOffline().defects == [])
  }

  @Test func incrementalSnapshotsAddUpToTheSame() async throws {
    let fixture = try await filled(6)
    var workload = SnapshotWorkload(seed: 7)
    let full = try await fixture.snapshot()
    for _ in 0..<20 { _ = try await fixture.write(workload.operation()) }
    let second = try await fixture.snapshot(base: full.name)
    try fixture.restart()
    for _ in 0..<20 { _ = try await fixture.write(workload.operation()) }
    let third = try await fixture.snapshot(base: second.name)
    #expect(third.base == second.name)
    try await fixture.recover(third.name, as: "d")
    #expect(try await fixture.dump("d") == fixture.dump())
    await #expect(throws: RequestError.self) {
      try await fixture.snapshots(.delete(.collection("c"), name: full.name, wait: true))
    }
    // Another life of the collection cannot stand on the old one.
    try await fixture.recover(third.name, as: "c")
    await #expect(throws: RequestError.self) { try await fixture.snapshot(base: third.name) }
  }

  @Test func anIncrementalSnapshotIsSmall() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(
      CollectionConfiguration(vectors: [
        NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 64, distance: .dot))
      ]))
    var random = SplitMix(seed: 8)
    let point = { (id: UInt64) in
      Point(
        id: .number(id),
        vectors: NamedVectors(
          unnamed: .dense((0..<64).map { _ in Float(random.next() & 0xFFFF) / 65536 })))
    }
    let count: UInt64 = 10_000
    for start in stride(from: 0, to: count, by: 1000) {
      let points = (start..<(start + 1000)).map(point)
      _ = try await fixture.write(.upsert(UpsertOperation(points: points)))
    }
    let full = try await fixture.snapshot()
    let changed = (0..<(count / 100)).map { point($0 * 97) }
    _ = try await fixture.write(.upsert(UpsertOperation(points: changed)))
    let small = try await fixture.snapshot(base: full.name)
    #expect(small.byteCount <= full.byteCount * 15 / 1000 + (1 << 20))
    #expect(small.byteCount * 20 < full.byteCount, "\(small.byteCount) of \(full.byteCount) bytes")
  }

  @Test func aPointInTimeIsRestoredFromTheKeptLog() async throws {
    let fixture = try EngineFixture { $0.logRetentionHours = 1 }
    try await fixture.create(SnapshotWorkload.configuration)
    var workload = SnapshotWorkload(seed: 9)
    for _ in 0..<30 { _ = try await fixture.write(workload.operation()) }
    let snapshot = try await fixture.snapshot()
    var dumps: [UInt64: [String]] = [:]
    for _ in 0..<30 {
      let result = try await fixture.write(workload.operation())
      dumps[result.operationID] = try await fixture.dump()
    }
    for sequence: UInt64 in [31, 45, 60] {
      try await fixture.recover(snapshot.name, as: "at", until: .sequence(sequence))
      #expect(try await fixture.dump("at") == dumps[sequence])
    }
    await #expect(throws: RequestError.self) {
      try await fixture.recover(snapshot.name, as: "at", until: .sequence(61))
    }
    await #expect(throws: RequestError.self) {
      try await fixture.recover(snapshot.name, as: "at", until: .sequence(1))
    }
    #expect(try await fixture.dump("at") == dumps[60])
  }

  @Test func aTimeIsRestored() async throws {
    let fixture = try EngineFixture { $0.logRetentionHours = 1 }
    try await fixture.create(SnapshotWorkload.configuration)
    var workload = SnapshotWorkload(seed: 16)
    for _ in 0..<10 { _ = try await fixture.write(workload.operation()) }
    let snapshot = try await fixture.snapshot()
    for _ in 0..<10 { _ = try await fixture.write(workload.operation()) }
    let (dump, time) = (try await fixture.dump(), currentMilliseconds())
    while currentMilliseconds() == time { await Task.yield() }
    for _ in 0..<10 { _ = try await fixture.write(workload.operation()) }
    #expect(try await fixture.dump() != dump)
    try await fixture.recover(snapshot.name, as: "at", until: .milliseconds(time))
    #expect(try await fixture.dump("at") == dump)
    await #expect(throws: RequestError.self) {
      try await fixture.recover(snapshot.name, as: "at", until: .milliseconds(1))
    }
  }

  /// Once a restore's indexes are built, the metrics tell how many of the snapshot's answers they find.
  @Test func theRebuiltIndexesAreComparedWithTheCanaries() async throws {
    let fixture = try await EngineFixture.built()
    let snapshot = try await fixture.snapshot()
    try await fixture.recover(snapshot.name, as: "d")
    while try await fixture.information("d").indexedVectorsCount < 2000 { await Task.yield() }
    try await fixture.waitForBuilds("d")
    fixture.engine.snapshots.checkAwaitedIndexes()
    let recalls = fixture.engine.figures.open.map { ($0.name, $0.canaryRecall) }
    #expect(recalls.contains { $0.0 == "c" && $0.1 == nil })
    #expect(recalls.contains { $0.0 == "d" && ($0.1 ?? 0) >= 0.9 }, "\(recalls)")
  }

  @Test func theWholeStorageIsRestoredAtOnce() async throws {
    let fixture = try await filled(10)
    try await fixture.create(SnapshotWorkload.configuration, named: "second")
    _ = try await fixture.send(.changeAliases([.create(alias: "other", collection: "second")]))
    var workload = SnapshotWorkload(seed: 11)
    for _ in 0..<20 { _ = try await fixture.write(workload.operation(), to: "second") }
    let dumps = (try await fixture.dump("c"), try await fixture.dump("second"))
    let snapshot = try await fixture.snapshot(nil)
    for _ in 0..<20 { _ = try await fixture.write(workload.operation(), to: "second") }
    _ = try await fixture.send(.deleteCollection("c"))
    try await fixture.recover(snapshot.name, as: "c")
    #expect(try await fixture.dump("c") == dumps.0)
    try fixture.engine.snapshots.recoverStorage(StorageRecovery(source: .location(snapshot.name)))
    #expect(try await fixture.dump("c") == dumps.0)
    #expect(try await fixture.dump("other") == dumps.1)
    try fixture.restart()
    #expect(try await fixture.dump("second") == dumps.1)
  }

  @Test func namesFromClientsAreNeverPaths() async throws {
    let fixture = try await filled(12, operations: 3)
    let snapshot = try await fixture.snapshot()
    for location in [
      "../catalogue", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x", "\(snapshot.name)/../x",
      "file://\(fixture.directory)/snapshots/../FORMAT", "", ".", "\(snapshot.name)\0",
    ] {
      await #expect(throws: RequestError.self, "\(location)") {
        try await fixture.recover(location, as: "d")
      }
      await #expect(throws: RequestError.self, "\(location)") {
        try await fixture.snapshots(.open(.collection("c"), name: location))
      }
    }
    try await fixture.recover("file://\(fixture.directory)/snapshots/\(snapshot.name)", as: "d")
    await #expect(throws: RequestError.self) { try await fixture.recover(snapshot.name, as: "a/b") }
    await #expect(throws: RequestError.self) {
      try await fixture.recover(snapshot.name, as: "e", checksum: String(repeating: "0", count: 64))
    }
  }

  @Test func oldSnapshotsGo() async throws {
    let fixture = try EngineFixture { $0.snapshotsCountMax = 2 }
    try await fixture.create(SnapshotWorkload.configuration)
    var names: [String] = []
    for _ in 0..<4 { names.append(try await fixture.snapshot().name) }
    #expect(try await fixture.list().map(\.name) == Array(names.suffix(2)))
  }

  @Test func snapshotsOfTooGreatAnAgeGo() async throws {
    let fixture = try EngineFixture { $0.snapshotsAgeHoursMax = 2 }
    try await fixture.create(SnapshotWorkload.configuration)
    let library = fixture.engine.snapshots.library
    var made: [SnapshotDescription] = []
    for hours: UInt64 in [3, 1, 5] {
      let name = try await fixture.snapshot(base: hours == 5 ? made.last?.name : nil).name
      var entry = try library.entry(named: name)
      entry.description.creationMilliseconds -= hours * 3_600_000
      try library.add(entry)
      made.append(entry.description)
      // The one before was within its time, or was the newest, when this one was made.
      #expect(try await fixture.list().map(\.name).contains(name))
    }
    let newest = try await fixture.snapshot()
    #expect(try await fixture.list().map(\.name).contains(newest.name))
    #expect(try await fixture.list().map(\.name).contains(made[0].name) == false)
    #expect(try await fixture.list().map(\.name).contains(made[1].name))
  }

  @Test func anUploadIsRestored() async throws {
    let fixture = try await filled(13)
    let snapshot = try await fixture.snapshot()
    guard
      case .source(let source) = try await fixture.snapshots(.open(.collection("c"), name: snapshot.name)),
      case .sink(let sink) = try await fixture.snapshots(.beginUpload)
    else { throw RequestError.internalError("neither source nor sink") }
    #expect(source.byteCount == snapshot.byteCount)
    var offset: UInt64 = 0
    while offset < source.byteCount {
      let bytes = try source.read(at: offset, count: 1000)
      try sink.write(bytes)
      offset += UInt64(bytes.count)
    }
    let recovery = SnapshotRecovery(collection: "up", source: .upload(sink))
    _ = try await fixture.snapshots(.recover(recovery, wait: true))
    #expect(try await fixture.dump("up") == fixture.dump())
  }

  @Test func whatIsNoSnapshotIsTheSendersFault() async throws {
    let fixture = try await filled(13)
    guard case .sink(let sink) = try await fixture.snapshots(.beginUpload) else {
      throw RequestError.internalError("no sink")
    }
    try sink.write(Array("no snapshot".utf8))
    let recovery = SnapshotRecovery(collection: "c", source: .upload(sink))
    let error = await #expect(throws: RequestError.self) {
      try await fixture.snapshots(.recover(recovery, wait: true))
    }
    #expect(error?.code == .badRequest)
    #expect(error?.message.contains(fixture.directory) == false)
    #expect(try await fixture.count() > 0)
  }
}
