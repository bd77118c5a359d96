import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

/// Snapshots whose checksums are right and whose contents no server writes: an upload may be anybody's.
@Suite struct SnapshotContentsTests {
  /// A file's items, which only their makers believe.
  private struct Crafted {
    var items: [(section: SnapshotSection, bytes: [UInt8])] = []

    init(startSequence: UInt64 = 0) { origin("x", startSequence) }

    init(storage names: [String], aliases: [(String, String)]) {
      for name in names {
        origin(name, 0)
        items.append((.summary, SnapshotSummary().encoded))
      }
      var writer = ByteWriter()
      writer.count(aliases.count)
      for (alias, name) in aliases {
        writer.text(alias)
        writer.text(name)
      }
      items.append((.aliases, writer.bytes))
    }

    private mutating func origin(_ name: String, _ startSequence: UInt64) {
      let origin = SnapshotOrigin(
        collection: UUID128.random(), epoch: 1, name: name, description: "", createdMilliseconds: 1,
        startSequence: startSequence, base: nil, configuration: SnapshotWorkload.configuration.document(),
        producers: ProducerTable().encoded)
      items.append((.collection, origin.encoded))
    }

    mutating func point(_ vectors: NamedVectors, version: UInt64 = 0) {
      var writer = ByteWriter()
      writer.vectors(vectors)
      let point = SnapshotPoint(id: .number(1), version: version, payload: [], vectors: writer.bytes)
      items.append((.points, point.encoded))
    }

    mutating func operation(_ sequence: UInt64, _ effect: Record.Effect) {
      let record = LogRecord(sequence: sequence, timeMilliseconds: 1, body: Record(effect).encoded())
      items.append((.operations, record.snapshotItem))
    }

    mutating func summary(sequence: UInt64, settled: UInt64 = 0, points: UInt64 = 1) {
      var summary = SnapshotSummary()
      summary.sequence = sequence
      summary.settledSequence = settled
      summary.pointCount = points
      summary.digest.forget()
      items.append((.summary, summary.encoded))
    }

    func bytes(_ fixture: EngineFixture) throws -> [UInt8] {
      let path = "\(fixture.directory)/crafted"
      let file = try SnapshotFileWriter(POSIXFileSystem(), path: path)
      for item in items { try file.item(item.section, item.bytes.span) }
      try file.finish()
      return try POSIXFileSystem().readFile(path, byteCountMax: 1 << 20)
    }
  }

  private func upload(_ crafted: Crafted, _ fixture: EngineFixture) async throws -> any ByteSink {
    guard case .sink(let sink) = try await fixture.snapshots(.beginUpload) else {
      throw RequestError.internalError("no sink")
    }
    try sink.write(try crafted.bytes(fixture))
    return sink
  }

  private func expectRefused(_ crafted: Crafted, _ words: String, _ fixture: EngineFixture) async throws {
    let sink = try await upload(crafted, fixture)
    let error = await #expect(throws: RequestError.self) {
      try await fixture.snapshots(
        .recover(SnapshotRecovery(collection: "d", source: .upload(sink)), wait: true))
    }
    #expect(error?.code == .badRequest && error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  private static let known = NamedVectors([NamedVectors.Entry(name: "a", value: .dense([1, 2, 3, 4]))])

  private static func vectors(_ name: String, _ value: VectorValue) -> NamedVectors {
    NamedVectors([NamedVectors.Entry(name: name, value: value)])
  }

  @Test func vectorsThatTheCollectionCannotHaveAreRefused() async throws {
    let fixture = try EngineFixture()
    let wrong: [(NamedVectors, String)] = [
      (Self.vectors("a", .dense([1, 2])), "dimension"), (Self.vectors("z", .dense([1])), "`z`"),
      (Self.vectors("a", .dense([1, 2, 3, .nan])), "nan"),
      (Self.vectors("a", .multi(dimension: 4, values: [1, 2, 3, 4])), "multi"),
    ]
    for (vectors, words) in wrong {
      var changed = Crafted()
      changed.operation(1, .putPoints([Point(id: .number(1), vectors: Self.known, payload: [])]))
      changed.operation(2, .putVectors([PointVectors(id: .number(1), vectors: vectors)]))
      changed.summary(sequence: 2)
      try await expectRefused(changed, words, fixture)
      var put = Crafted()
      put.operation(1, .putPoints([Point(id: .number(1), vectors: vectors, payload: [])]))
      put.summary(sequence: 1)
      try await expectRefused(put, words, fixture)
    }
    for (vectors, words) in wrong[2...] {
      var stored = Crafted()
      stored.point(vectors)
      stored.summary(sequence: 0)
      try await expectRefused(stored, words, fixture)
    }
    var sound = Crafted()
    sound.point(Self.known)
    sound.operation(1, .putVectors([PointVectors(id: .number(1), vectors: Self.known)]))
    sound.summary(sequence: 1)
    let sink = try await upload(sound, fixture)
    _ = try await fixture.snapshots(
      .recover(SnapshotRecovery(collection: "d", source: .upload(sink)), wait: true))
    #expect(try await fixture.dump("d").count == 1)
    #expect(try fixture.verifyOffline().defects == [])
  }

  /// JSON has one value a name; the binary protocol can say two, of which the digest would count both.
  @Test func aVectorThatStandsTwiceIsRefused() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(SnapshotWorkload.configuration)
    let twice = NamedVectors(Self.known.entries + Self.known.entries)
    _ = try await fixture.write(
      .upsert(UpsertOperation(points: [Point(id: .number(1), vectors: Self.known, payload: [])])))
    await #expect(throws: RequestError.self) {
      try await fixture.write(
        .upsert(UpsertOperation(points: [Point(id: .number(1), vectors: twice, payload: [])])))
    }
    var crafted = Crafted()
    crafted.operation(1, .putPoints([Point(id: .number(1), vectors: twice, payload: [])]))
    crafted.summary(sequence: 1)
    try await expectRefused(crafted, "twice", fixture)
    #expect(try fixture.verifyOffline().defects == [])
  }

  @Test func sequencesThatCannotBeAreRefused() async throws {
    let fixture = try EngineFixture()
    for (version, sequence, settled, words): (UInt64, UInt64, UInt64, String) in [
      (9, 2, 2, "up to operation 9"), (0, 2, 3, "settles at 3"), (0, 5, 2, "it says at 5"),
    ] {
      var crafted = Crafted()
      crafted.point(Self.known, version: version)
      for number: UInt64 in 1...2 { crafted.operation(number, .nothing) }
      crafted.summary(sequence: sequence, settled: settled)
      try await expectRefused(crafted, words, fixture)
    }
    var late = Crafted(startSequence: 7)
    late.summary(sequence: 2, settled: 2, points: 0)
    try await expectRefused(late, "begins at 7", fixture)
  }

  @Test func sectionsOutOfOrderAreRefused() async throws {
    let fixture = try EngineFixture()
    var crafted = Crafted()
    crafted.point(Self.known)
    crafted.summary(sequence: 0)
    for order in [[0, 2, 1], [1, 0, 2], [0, 1], [0, 1, 2, 2], [0, 0, 1, 2], []] {
      var other = crafted
      other.items = order.map { crafted.items[$0] }
      try await expectRefused(other, "the snapshot", fixture)
    }
  }

  /// The names in a snapshot of the storage become the catalogue's.
  @Test func namesThatNoClientMayGiveAreRefused() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(SnapshotWorkload.configuration)
    let wrong: [([String], [(String, String)])] = [
      (["../../x"], []), ([""], []), (["."], []), ([String(repeating: "x", count: 300)], []), (["a\0b"], []),
      (["x", "x"], []), (["x"], [("../y", "x")]), (["x"], [("y", "z")]), (["x", "y"], [("y", "x")]),
    ]
    for (names, aliases) in wrong {
      let sink = try await upload(Crafted(storage: names, aliases: aliases), fixture)
      await #expect(throws: RequestError.self, "\(names) \(aliases)") {
        try await fixture.snapshots(.recoverStorage(StorageRecovery(source: .upload(sink)), wait: true))
      }
    }
    #expect(fixture.engine.catalogue.current.collections.count == 1)
    #expect(
      try POSIXFileSystem().list(fixture.directory + "/collections").count == 1, "nothing is left behind")
    let sink = try await upload(Crafted(storage: ["x", "y"], aliases: [("z", "y")]), fixture)
    _ = try await fixture.snapshots(.recoverStorage(StorageRecovery(source: .upload(sink)), wait: true))
    #expect(fixture.engine.catalogue.current.collections.keys.sorted() == ["c", "x", "y"])
    #expect(fixture.engine.catalogue.current.aliases.keys.sorted() == ["z"])
  }
}
