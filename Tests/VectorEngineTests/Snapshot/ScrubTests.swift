import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

@Suite struct ScrubTests {
  private func point(_ id: UInt64) -> Point {
    Point(
      id: .number(id), vectors: NamedVectors(unnamed: .dense([Float(id), 1, 2, 3])),
      payload: Array("{\"n\":\(id)}".utf8))
  }

  private func built() async throws -> EngineFixture {
    let fixture = try EngineFixture { $0.deltaRowsMax = 100 }
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 4, distance: .euclid))
    ])
    configuration.optimizers.indexingThreshold = 1
    try await fixture.create(configuration)
    _ = try await fixture.write(.upsert(UpsertOperation(points: (0..<2000).map(point))))
    try await waitUntilBuilt(fixture)
    return fixture
  }

  private func waitUntilBuilt(_ fixture: EngineFixture) async throws {
    while try await fixture.information().indexedVectorsCount != 2000 { await Task.yield() }
    try await fixture.waitForBuilds()
  }

  /// The parts of the only collection, largest first.
  private func parts(_ fixture: EngineFixture) throws -> [String] {
    let id = try #require(fixture.engine.catalogue.current.collections["c"])
    let shard = fixture.engine.snapshots.directory.shard(of: id)
    let disk = POSIXFileSystem()
    var sizes: [(String, UInt64)] = []
    for part in try shard.readManifest().generations.flatMap(\.files) {
      let path = shard.path + "/" + part.path
      sizes.append((path, try disk.open(path, .read).byteCount()))
    }
    return sizes.sorted { $0.1 > $1.1 }.map(\.0)
  }

  private func flip(_ path: String, at offset: UInt64) throws {
    let file = try POSIXFileSystem().open(path, .readWrite)
    let byte = try file.readBytes(count: 1, at: offset)
    let changed = [byte[0] ^ 0x40]
    try file.writeAll(changed.span, at: offset)
  }

  private func expectAllFound(_ fixture: EngineFixture) async throws {
    for id: UInt64 in [0, 777, 1999] {
      var request = QueryRequest()
      request.query = .nearest(.vector(.dense([Float(id), 1, 2, 3])), mmr: nil)
      request.limit = 1
      let points = try await fixture.query(request)
      #expect(points.map(\.record.id) == [.number(id)])
      #expect(points.first?.score == 0)
    }
    #expect(try await fixture.count() == 2000)
  }

  @Test func soundDataHasNoDefects() async throws {
    let fixture = try await built()
    fixture.engine.scrubber.run()
    #expect(fixture.engine.scrubber.defects == [])
  }

  @Test func aDamagedPartIsPutAsideAndRebuilt() async throws {
    let fixture = try await built()
    let path = try #require(try parts(fixture).first)
    try flip(path, at: 4096 + 100)
    fixture.engine.scrubber.run()
    #expect(fixture.engine.scrubber.defects.map(\.kind) == [.cache])
    #expect(fixture.engine.scrubber.defects.first?.what.contains(path) == true)
    try await expectAllFound(fixture)
    try await waitUntilBuilt(fixture)
    try await expectAllFound(fixture)
    fixture.engine.scrubber.run()
    #expect(fixture.engine.scrubber.defects == [])
    #expect(try fixture.verifyOffline().defects == [])
  }

  @Test func aDamagedPartIsRebuiltAtTheNextStart() async throws {
    let fixture = try await built()
    let paths = try parts(fixture)
    for path in paths.prefix(1) {
      try fixture.engine.shutdown()
      try flip(path, at: 4096)
      var check = try DataDirectoryCheck(fixture.directory)
      let report = try check.run()
      #expect(report.defects.map(\.kind) == [.cache], "\(path)")
      try POSIXFileSystem().unlink(path)
      try fixture.reopen()
      try await expectAllFound(fixture)
      try await waitUntilBuilt(fixture)
      try await expectAllFound(fixture)
      #expect(try fixture.verifyOffline().defects == [], "\(path)")
    }
  }
}
