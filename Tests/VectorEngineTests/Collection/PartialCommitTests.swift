import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Commits that take many points out of the store, in several transactions, and stores that end between these.
@Suite struct PartialCommitTests {
  private static func points(_ ids: Range<UInt64>, _ text: String) -> [Point] {
    ids.map { id in
      Point(
        id: .number(id), vectors: NamedVectors(unnamed: .dense([Float(id), 1])),
        payload: Array("{\"text\":\"\(text)\"}".utf8))
    }
  }

  private static func fixture(
    _ directory: String? = nil, _ configure: @escaping (inout EngineConfiguration) -> Void
  ) throws -> EngineFixture {
    try directory.map { try EngineFixture(directory: $0, configure) } ?? EngineFixture(configure)
  }

  private static func fill(_ fixture: EngineFixture, indexingThreshold: Int) async throws {
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 2, distance: .euclid))
    ])
    configuration.optimizers.indexingThreshold = indexingThreshold
    try await fixture.create(configuration)
    _ = try await fixture.write(.upsert(UpsertOperation(points: points(0..<60, "old"))))
    if indexingThreshold > 0 { try await fixture.waitForIndexed(60) }
    try await fixture.waitForBuilds()
  }

  /// Deletes 40 of 60 points, changes two of them before, and replaces five others.
  private static func change(_ fixture: EngineFixture) async throws {
    let patch = PayloadPatch(payload: Array(#"{"new":1}"#.utf8), selector: .ids([.number(1), .number(2)]))
    _ = try await fixture.write(.setPayload(patch))
    _ = try await fixture.write(.upsert(UpsertOperation(points: points(50..<55, "new"))))
    _ = try await fixture.write(.delete(.ids((0..<40).map { .number($0) })))
  }

  @Test(arguments: [1, 7, 45, 1000]) func manyPointsLeaveTheStoreInSeveralTransactions(each: Int) async throws
  {
    let fixture = try Self.fixture { $0.commitRemovalsMax = each }
    try await Self.fill(fixture, indexingThreshold: 0)
    try await Self.change(fixture)
    let dump = try await fixture.dump()
    #expect(dump.count == 20)
    #expect(try fixture.verifyOffline().defects == [])
    #expect(try await fixture.dump() == dump)
  }

  /// - Parameter indexingThreshold: 0: the points are loaded from the store; 1: the generation has them
  @Test(arguments: [0, 1], [1, 20, 44])
  func aCommitThatEndedInBetweenIsCarriedOut(indexingThreshold: Int, taken: Int) async throws {
    let whole = try Self.fixture {
      $0.deltaRowsMax = 20
      $0.settledMilliseconds = 3_600_000
    }
    try await Self.fill(whole, indexingThreshold: indexingThreshold)
    try whole.engine.shutdown()
    // From now on the log alone has what is written.
    let logged = try Self.fixture(whole.directory) {
      $0.commitMillisecondsMax = 3_600_000
      $0.commitPointsMax = 1_000_000
      $0.settledMilliseconds = 3_600_000
    }
    try await Self.change(logged)
    let dump = try await logged.dump()
    let cut = "\(logged.directory)-cut"
    try #require(unsafe system("cp -r \(logged.directory) \(cut)") == 0)

    let id = try #require(logged.engine.catalogue.current.collections["c"])
    let shard = logged.engine.snapshots.directory.shard(of: id)
    let path = shard.storePath(try shard.readManifest().storeNumber)
      .replacing(logged.directory, with: cut, maxReplacements: 1)
    let store = try PointStore.open(POSIXFileSystem(), path: path, collection: id)
    var batch = StoreBatch()
    // The 45 that leave the store have the numbers of the first 40 points, and 50 to 54.
    let leaving = Array(0..<UInt64(40)) + Array(50..<55)
    for old in leaving.prefix(taken) {
      let number = try #require(
        try store.read { (reader) throws(StorageError) in
          try reader.number(for: .number(old))
        })
      batch.remove(number: number, id: .number(old))
    }
    var through = ByteWriter()
    // One operation filled the collection, three have changed it.
    through.fixed64(4)
    batch.setMeta(StoreMeta.partialThrough, through.bytes.span)
    try store.commit(batch)
    try store.close()

    let fixture = try Self.fixture(cut) { _ in }
    #expect(try await fixture.dump() == dump)
    #expect(try await fixture.information().status == .green)
    _ = try await fixture.write(.upsert(UpsertOperation(points: Self.points(70..<72, "more"))))
    try fixture.restart()
    #expect(try await fixture.dump().count == dump.count + 2)
    #expect(try fixture.verifyOffline().defects == [])
  }
}
