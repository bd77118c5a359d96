import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

/// Bytes flipped and files cut off wherever they can be: recovered, or refused with the file's name.
@Suite struct FileDamageTests {
  private let disk = POSIXFileSystem()

  private func point(_ id: UInt64) -> Point {
    Point(
      id: .number(id), vectors: NamedVectors(unnamed: .dense([Float(id), 1])),
      payload: Array("{\"n\":\(id),\"s\":\"a\(id % 3)\"}".utf8))
  }

  private var configuration: CollectionConfiguration {
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 2, distance: .euclid))
    ])
    configuration.payloadSchema = [
      PayloadField(path: "n", type: .integer), PayloadField(path: "s", type: .keyword),
    ]
    configuration.optimizers.indexingThreshold = 1
    return configuration
  }

  private struct Damage {
    var what: String
    var isCut: Bool
    var bytes: [UInt8]
  }

  /// For places all over `bytes`: with one byte changed there, and cut off there.
  private func damages(_ bytes: [UInt8], every short: Int) -> some Sequence<Damage> {
    let (first, stride) = TestLength.places(every: short)
    return Swift.stride(from: first, to: bytes.count, by: stride).lazy.flatMap { place in
      var changed = bytes
      changed[place] ^= UInt8(1 << (place % 8))
      return [
        Damage(what: "byte \(place) of \(bytes.count) flipped", isCut: false, bytes: changed),
        Damage(what: "cut to \(place) of \(bytes.count) bytes", isCut: true, bytes: Array(bytes[..<place])),
      ]
    }
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    let file = try disk.open(path, .createOrTruncate)
    try file.writeAll(bytes.span, at: 0)
    try file.close()
  }

  @Test(arguments: [false, true]) func theCatalogue(isClosed: Bool) async throws {
    let fixture = try EngineFixture()
    var states: [CatalogueState] = []
    for name in ["a", "b", "c"] {
      try await fixture.create(configuration, named: name)
      states.append(fixture.engine.catalogue.current)
    }
    _ = try await fixture.send(.changeAliases([.create(alias: "d", collection: "a")]))
    states.append(fixture.engine.catalogue.current)
    let directory = "/tmp/needletail-damage-\(UUID128.random())"
    defer { try? POSIXTree.remove(directory) }
    let copy = try DataDirectory(disk, path: directory)
    for id in fixture.engine.catalogue.current.collections.values {
      _ = try copy.createCollection(id)
      try copy.noteNamed(id)
    }
    if isClosed { try fixture.engine.shutdown() }
    let source = fixture.directory + "/catalogue/"
    let name = try #require(try disk.list(source).first { $0.hasSuffix(".log") })
    var bytes = try disk.readFile(source + name, byteCountMax: 1 << 20)
    // Space that is reserved behind the last record.
    if !isClosed { bytes.removeLast(bytes.count - (try #require(bytes.lastIndex { $0 != 0 }) + 9)) }
    if isClosed { try fixture.reopen() }
    let path = copy.cataloguePath + "/" + name
    var refusedCount = 0
    for damage in damages(bytes, every: 5) {
      for old in try disk.list(copy.cataloguePath) { try disk.unlink(copy.cataloguePath + "/" + old) }
      try write(damage.bytes, to: path)
      do throws(RequestError) {
        let found = try Catalogue(copy).current
        let isLastLost = !isClosed && found == states[2]
        // A log that ends early with a whole record is one that was never longer; but no collection gets lost.
        let isEarlier = damage.isCut && found == states[2]
        #expect(found == states[3] || isLastLost || isEarlier, "\(damage.what)")
      } catch {
        refusedCount += 1
        #expect(error.message.contains(copy.cataloguePath), "\(damage.what): \(error.message)")
      }
    }
    #expect(refusedCount > bytes.count / 8)
  }

  @Test func everyPart() async throws {
    let fixture = try EngineFixture { $0.deltaRowsMax = 20 }
    try await fixture.create(configuration)
    _ = try await fixture.write(.upsert(UpsertOperation(points: (0..<60).map(point))))
    while try await fixture.information().indexedVectorsCount != 60 { await Task.yield() }
    try await fixture.waitForBuilds()
    let id = try #require(fixture.engine.catalogue.current.collections["c"])
    let shard = fixture.engine.snapshots.directory.shard(of: id)
    let entry = try #require(try shard.readManifest().generations.last)
    #expect(entry.files.count == 4)
    var refusedCount = 0
    for part in entry.files {
      let path = shard.path + "/" + part.path
      let bytes = try disk.readFile(path, byteCountMax: 1 << 20)
      let sound = try contents(path)
      for damage in damages(bytes, every: 97) {
        try write(damage.bytes, to: path)
        switch Result(catching: { () throws(RequestError) in try Generation(entry, shard) }) {
        case .success: #expect(try contents(path) == sound, "\(part.role), \(damage.what)")
        case .failure(let error):
          refusedCount += 1
          #expect(error.message.contains(path), "\(part.role), \(damage.what): \(error.message)")
        }
      }
      try write(bytes, to: path)
    }
    #expect(refusedCount > 100)
    _ = try Generation(entry, shard)
  }

  private func contents(_ path: String) throws -> [String: [UInt8]] {
    let file = try SectionFile(disk, path: path, verify: .none)
    var contents: [String: [UInt8]] = [:]
    for name in file.names { contents[name] = try unsafe Array(file.requireSection(name).bytes) }
    return contents
  }

  @Test func everySnapshot() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(configuration)
    _ = try await fixture.write(.upsert(UpsertOperation(points: (0..<5).map(point))))
    let name = try await fixture.snapshot().name
    let bytes = try disk.readFile(fixture.directory + "/snapshots/" + name, byteCountMax: 1 << 20)
    let path = fixture.directory + "/snapshots/damaged.snapshot"
    for damage in damages(bytes, every: 7) {
      try write(damage.bytes, to: path)
      let error = #expect(throws: RequestError.self, "\(damage.what)") {
        try verifySnapshot(at: path).description()
      }
      #expect(error?.message.contains(path) ?? true, "\(damage.what)")
    }
  }

  /// Damage below what is known to be durable stops its collection only.
  @Test func aDamagedLogStopsItsCollectionOnly() async throws {
    let fixture = try EngineFixture()
    for name in ["c", "sound"] {
      try await fixture.create(configuration, named: name)
      for id in 0..<6 as Range<UInt64> {
        _ = try await fixture.write(.upsert(UpsertOperation(points: [point(id)])), to: name)
      }
    }
    let id = try #require(fixture.engine.catalogue.current.collections["c"])
    let directory = fixture.engine.snapshots.directory.shard(of: id).logPath
    try fixture.engine.shutdown()
    let path = directory + "/" + (try #require(try disk.list(directory).first))
    var bytes = try disk.readFile(path, byteCountMax: 1 << 20)
    bytes[bytes.count / 2] ^= 1
    try write(bytes, to: path)
    try fixture.reopen()
    #expect(try await fixture.count(nil, "sound") == 6)
    for request in [
      Request.count(collection: "c", CountRequest()), .collectionInfo("c"),
      .write(collection: "c", .upsert(UpsertOperation(points: [point(9)])), UpdateParameters()),
    ] {
      guard case .failure(let error) = await fixture.outcome(request) else {
        Issue.record("a damaged collection answers \(request)")
        continue
      }
      #expect(error.code == .internalError)
      #expect(error.message.contains(path) && error.message.contains("offset"), "\(error.message)")
    }
    try disk.unlink(path)
    try fixture.restart()
    #expect(try await fixture.count(nil, "sound") == 6)
    guard case .failure(let error) = await fixture.outcome(.count(collection: "c", CountRequest())) else {
      Issue.record("a collection without its log answers")
      return
    }
    #expect(error.message.contains(directory) && error.message.contains("missing"), "\(error.message)")
  }
}
