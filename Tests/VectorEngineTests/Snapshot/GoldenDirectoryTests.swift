import Synchronization
import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A whole data directory of format version 1 as it lay on a disk once: FORMAT, catalogue, manifests, stores, logs with
/// operations that the store lacks, parts of every kind, and a snapshot. Every later program must read it.
///
/// `NEEDLETAIL_WRITE_FIXTURES=1` makes it anew.
@Suite struct GoldenDirectoryTests {
  private static let fixtures =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    + "/Fixtures"
  private static let disk = POSIXFileSystem()

  private static func copyTree(_ source: String, to target: String) throws {
    guard try disk.kind(of: source) == .directory else {
      let bytes = try disk.readFile(source, byteCountMax: 1 << 22)
      return try disk.replaceFile(target, with: bytes.span)
    }
    try disk.createDirectory(target)
    for name in try disk.list(source) where name != "lock" && !name.hasSuffix("-lock") && name != "crash-note"
    {
      try copyTree(source + "/" + name, to: target + "/" + name)
    }
  }

  private static let fields: [(path: String, type: PayloadFieldType)] = [
    ("language", .keyword), ("year", .integer), ("rating", .float), ("seen", .bool), ("added", .datetime),
    ("key", .uuid),
  ]

  private static func point(_ id: UInt64) -> Point {
    let payload = """
      {"language":"\(["de", "fr", "und"][Int(id % 3)])","year":\(1990 + id % 30),"rating":\(Float(id % 10) / 4),\
      "seen":\(id % 2 == 0),"added":"2026-01-\(10 + id % 20)T12:00:00Z","tags":["a",null],\
      "key":"\(UUID128(high: id % 7, low: 5))"}
      """
    var vectors = NamedVectors()
    vectors["text"] = .dense((0..<8).map { Float((id * 31 + $0 * 7) % 97) / 48 - 1 })
    if id % 4 != 0 { vectors["frames"] = .dense((0..<4).map { Float((id * 13 + $0 * 11) % 89) / 44 - 1 }) }
    let key: PointID = id % 5 == 0 ? .uuid(UUID128(high: id, low: 1)) : .number(id)
    return Point(id: key, vectors: vectors, payload: Array(payload.utf8))
  }

  /// Fills a directory and copies it while operations are in the log only.
  private static func write() async throws {
    let fixture = try EngineFixture {
      $0.deltaRowsMax = 40
      $0.commitPointsMax = .max
      $0.commitMillisecondsMax = 1 << 30
      $0.logSegmentBytes = 1 << 16
    }
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "text", parameters: VectorParameters(dimension: 8, distance: .cosine)),
      NamedVectorParameters(name: "frames", parameters: VectorParameters(dimension: 4, distance: .euclid)),
    ])
    configuration.optimizers.indexingThreshold = 1
    try await fixture.create(configuration, named: "films")
    for (path, type) in fields {
      _ = try await fixture.write(.createIndex(PayloadField(path: path, type: type)), to: "films")
    }
    _ = try await fixture.write(.upsert(UpsertOperation(points: (0..<150).map(point))), to: "films")
    while try await fixture.information("films").indexedVectorsCount < 150 { await Task.yield() }
    try await fixture.waitForBuilds("films")
    try await fixture.create(EngineFixture.plain, named: "small")
    try await fixture.put(0..<5, to: "small")
    _ = try await fixture.send(.changeAliases([.create(alias: "movies", collection: "films")]))
    _ = try await fixture.snapshot("small")
    // From here on the log alone knows.
    _ = try await fixture.write(.upsert(UpsertOperation(points: (150..<155).map(point))), to: "films")
    _ = try await fixture.write(.delete(.ids([.number(7)])), to: "films")
    let patch = PayloadPatch(payload: Array(#"{"year":2030}"#.utf8), selector: .ids([.number(8)]))
    _ = try await fixture.write(.setPayload(patch), to: "films")
    _ = try await fixture.write(.deleteVectors(names: ["frames"], .ids([.number(9)])), to: "films")
    try? disk.removeTree(fixtures + "/data-v1")
    try copyTree(fixture.directory, to: fixtures + "/data-v1")
    let dump = try await fixture.dump("films").joined(separator: "\n")
    let bytes = Array(dump.utf8)
    try disk.replaceFile(fixtures + "/data-v1.txt", with: bytes.span)
  }

  @Test func versionOneIsOpened() async throws {
    if unsafe getenv("NEEDLETAIL_WRITE_FIXTURES") != nil { try await Self.write() }
    let directory = "/tmp/needletail-golden-\(UUID128.random())"
    try Self.copyTree(Self.fixtures + "/data-v1", to: directory)
    var check = try DataDirectoryCheck(directory)
    let report = try check.run()
    #expect(report.defects == [])
    #expect(report.collectionCount == 2)
    #expect(report.snapshotCount == 1)

    let fixture = try EngineFixture(directory: directory)
    let id = try #require(fixture.engine.catalogue.current.collections["films"])
    let recovery = try CollectionRecovery(
      try fixture.shard(of: "films"), id: id, environment: fixture.engine.environment,
      damage: DamageNote(id: id, logger: fixture.engine.environment.logger))
    #expect(!recovery.needsRebuild, "the parts of version 1 are read, not made anew")
    try recovery.log.close()
    try recovery.store.close()

    let dump = try await fixture.dump("films").joined(separator: "\n")
    #expect(
      Array(dump.utf8) == (try Self.disk.readFile(Self.fixtures + "/data-v1.txt", byteCountMax: 1 << 22)))
    #expect(try await fixture.count(nil, "movies") == 154)
    #expect(try await fixture.count(nil, "small") == 5)
    #expect(
      try await fixture.information("films").configuration.payloadSchema.map(\.path)
        == Self.fields.map(\.path))
    #expect(try await fixture.list("small").count == 1)
    var query = QueryRequest()
    query.query = .nearest(.id(.number(11)), mmr: nil)
    query.using = "text"
    query.filter = Filter(must: [.field(FieldCondition(try PayloadPath("language"), match: .string("und")))])
    query.limit = 3
    let found = try await fixture.query(query, "films")
    query.parameters.isExact = true
    #expect(try await fixture.query(query, "films").map(\.record.id) == found.map(\.record.id))
    #expect(found.count == 3)
    let small = try #require(try await fixture.list("small").first)
    try await fixture.recover(small.name, as: "again", checksum: small.checksum)
    #expect(try await fixture.dump("again") == fixture.dump("small"))
  }
}
