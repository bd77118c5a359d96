import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

@Suite struct DamageTests {
  private func expectDamage(
    _ fixture: EngineFixture, _ request: Request, naming words: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    guard case .failure(let error) = await fixture.outcome(request) else {
      Issue.record("the request was answered", sourceLocation: sourceLocation)
      return
    }
    #expect(error.httpStatus == 500, sourceLocation: sourceLocation)
    for word in words {
      #expect(error.message.contains(word), "\(error.message)", sourceLocation: sourceLocation)
    }
  }

  /// Parts and delta say who is a member: one that the store has lost is damage, and never "not found".
  @Test func aMemberThatTheStoreHasLostIsDamage() async throws {
    let fixture = try await EngineFixture.built()
    try fixture.loseFromStore(.number(777))
    #expect(try await fixture.count() == 2000)
    #expect(try await fixture.information().status == .green)
    let words = ["point 777", try fixture.storePath()]
    await expectDamage(fixture, .getPoint(collection: "c", .number(777)), naming: words)
    #expect(try await fixture.information().status == .red)
    #expect(try await fixture.information().optimizerError?.contains("point 777") == true)
    #expect(fixture.engine.figures.open.first?.isDamaged == true)

    await expectDamage(
      fixture, .retrieve(collection: "c", RetrieveRequest(ids: [.number(3), .number(777)])), naming: words)
    var scroll = ScrollRequest()
    scroll.offset = .number(770)
    await expectDamage(fixture, .scroll(collection: "c", scroll), naming: words)
    var query = QueryRequest()
    query.query = .nearest(.vector(.dense([777, 1, 2, 3])), mmr: nil)
    query.withPayload = .all
    query.limit = 1
    await expectDamage(fixture, .query(collection: "c", query, .points), naming: words)
    // What is sound is served.
    query.query = .nearest(.vector(.dense([5, 1, 2, 3])), mmr: nil)
    #expect(try await fixture.query(query).map(\.record.id) == [.number(5)])

    let report = try fixture.verifyOffline()
    #expect(report.defects.contains { $0.kind == .damage && $0.collection == "c" })
    fixture.engine.scrubber.run()
    #expect(fixture.engine.figures.defects.contains { $0.kind == "damage" && $0.count > 0 })
    #expect(try await fixture.information().status == .red)

    // Written anew, all is well again once everything was read.
    try await fixture.put(777..<778)
    fixture.engine.scrubber.run()
    #expect(fixture.engine.scrubber.defects == [])
    #expect(try await fixture.information().status == .green)
    #expect(fixture.engine.figures.scrubEndSeconds > 0)
  }

  /// What changes a part of a point reads the rest: where that is lost the change is refused, not the collection.
  @Test func aChangeOfALostPointIsRefusedAndOthersGoOn() async throws {
    let fixture = try await EngineFixture.built()
    try fixture.loseFromStore(.number(777))
    func patch(_ ids: [UInt64]) -> WriteOperation {
      .setPayload(PayloadPatch(payload: Array(#"{"x":1}"#.utf8), selector: .ids(ids.map { .number($0) })))
    }
    let vectors = NamedVectors(unnamed: .dense([1, 1, 1, 1]))
    for operation in [
      patch([3, 777]), .updateVectors([PointVectors(id: .number(777), vectors: vectors)], filter: nil),
    ] {
      await expectDamage(
        fixture, .write(collection: "c", operation, UpdateParameters()), naming: ["point 777"])
    }
    for _ in 0..<2 {
      _ = try await fixture.write(patch([3]))
      #expect(try await fixture.count() == 2000)
      try fixture.restart()
    }
  }

  /// A log may have a change of a point that its store has lost since.
  @Test func aReplayedChangeOfALostPointIsNotedAndOthersAreServed() throws {
    struct Lost: PayloadSource {
      func payload(number: UInt64, id: PointID) throws(RequestError) -> [UInt8] {
        throw .internalError("lost")
      }
    }
    var state = try CollectionState(configuration: EngineFixture.plain)
    var touched: Set<PointID>?
    func apply(_ effect: Record.Effect, _ sequence: UInt64) throws {
      try state.apply(
        Record(effect), sequence: sequence, milliseconds: 0, source: Lost(), touched: &touched)
    }
    try apply(.putPoints([EngineFixture.point(1), EngineFixture.point(2)]), 1)
    state.pending.drop(state.pending)
    #expect(state.digest.content != nil)
    try apply(.changePayload(.merge(Array(#"{"x":1}"#.utf8), at: nil), [.number(1)]), 2)
    #expect(state.digest.content == nil)
    let slot = try #require(state.points.slot(of: .number(1)))
    #expect(try state.payload(of: slot, Lost()) == Array(#"{"x":1}"#.utf8))
    #expect(state.points.aliveCount == 2)
  }

  @Test func aStoreWithoutPartsThatHasLostPointsIsRefused() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(EngineFixture.plain)
    try await fixture.create(EngineFixture.plain, named: "other")
    try await fixture.put(0..<20)
    try await fixture.put(0..<20, to: "other")
    try fixture.loseFromStore(.number(7))
    await expectDamage(
      fixture, .collectionInfo("c"), naming: [try fixture.storePath(), "19 points", "20 were committed"])
    #expect(try await fixture.count(nil, "other") == 20)
  }

  /// A page says that a value has 2 GB. LMDB believes it, and the process ends: the next one names the store,
  /// inspects it first and refuses it, as long as it is damaged, and `verify` names the page.
  @Test func aStoreThatEndsTheProcessIsNamedByTheNext() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(EngineFixture.plain)
    try await fixture.create(EngineFixture.plain, named: "other")
    try await fixture.put(0..<20)
    try await fixture.put(0..<20, to: "other")
    let path = try fixture.storePath()
    try fixture.engine.shutdown()
    let disk = POSIXFileSystem()
    let sound = try disk.readFile(path, byteCountMax: 1 << 24)
    // Behind a node's header of 8 bytes come the key's 8, the checksum's 4, and the value.
    var value = ByteWriter()
    value.vectors(NamedVectors(unnamed: .dense([7, 1, 2, 3])))
    var damaged = sound
    for start in 20..<(sound.count - value.bytes.count)
    where Array(sound[start..<(start + value.bytes.count)]) == value.bytes {
      damaged[start - 20] = 0xFF
      damaged[start - 19] = 0xFF
      damaged[start - 18] = 0xFF
      damaged[start - 17] = 0x7F
    }
    #expect(damaged != sound)
    try disk.replaceFile(path, with: damaged.span)

    let directory = fixture.directory
    await #expect(processExitsWith: .failure) { [directory = directory as String] in
      let engine = try Engine.open(EngineConfiguration(dataDirectory: directory))
      try await engine.write(.clearPayload(.ids([])), to: "c")
    }
    var check = try DataDirectoryCheck(directory)
    let report = try check.run()
    #expect(!report.defects.isEmpty)
    #expect(
      report.defects.allSatisfy { $0.kind == .damage && $0.collection == "c" && $0.what.contains(path) })
    for _ in 0..<2 {
      try fixture.reopen()
      #expect(fixture.engine.snapshots.directory.suspectStorePaths == [path])
      await expectDamage(fixture, .collectionInfo("c"), naming: [path])
      #expect(try await fixture.count(nil, "other") == 20)
      try fixture.engine.shutdown()
    }
    try disk.replaceFile(path, with: sound.span)
    try fixture.reopen()
    #expect(try await fixture.count() == 20)
    #expect(fixture.engine.snapshots.directory.suspectStorePaths == [])
  }

  @Test func theScrubReadsLogCatalogueAndSnapshots() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(EngineFixture.plain)
    try await fixture.put(0..<200)
    let snapshot = try await fixture.snapshot()
    fixture.engine.scrubber.run()
    #expect(fixture.engine.scrubber.defects == [])
    let disk = POSIXFileSystem()
    let shard = try fixture.shard()
    let log = try #require(try disk.list(shard.logPath).map { shard.logPath + "/" + $0 }.first)
    let catalogue = fixture.engine.snapshots.directory.cataloguePath
    let names = try #require(try disk.list(catalogue).map { catalogue + "/" + $0 }.first)
    let snapshotPath = fixture.engine.snapshots.library.path(of: snapshot.name)
    for (path, named) in [(log, log), (names, catalogue), (snapshotPath, snapshotPath)] {
      let file = try disk.open(path, .readWrite)
      let byte = try file.readBytes(count: 1, at: 120)
      try file.writeAll([byte[0] ^ 1].span, at: 120)
      fixture.engine.scrubber.run()
      let defects = fixture.engine.scrubber.defects
      #expect(defects.count == 1 && defects.first?.what.contains(named) == true, "\(path): \(defects)")
      #expect(defects.first?.advice.isEmpty == false)
      try file.writeAll(byte.span, at: 120)
    }
    fixture.engine.scrubber.run()
    #expect(fixture.engine.scrubber.defects == [])
  }
}
