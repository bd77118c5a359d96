import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

/// What tests of the upkeep of files ask of an engine.
extension EngineFixture {
  static let plain = CollectionConfiguration(vectors: [
    NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 4, distance: .euclid))
  ])

  static func point(_ id: UInt64, payloadBytes: Int = 0) -> Point {
    let padding = String(repeating: "x", count: payloadBytes)
    return Point(
      id: .number(id), vectors: NamedVectors(unnamed: .dense([Float(id), 1, 2, 3])),
      payload: Array("{\"n\":\(id),\"s\":\"\(padding)\"}".utf8))
  }

  func put(_ ids: Range<UInt64>, payloadBytes: Int = 0, to name: String = "c") async throws {
    let points = ids.map { Self.point($0, payloadBytes: payloadBytes) }
    _ = try await write(.upsert(UpsertOperation(points: points)), to: name)
  }

  func shard(of name: String = "c") throws -> ShardDirectory {
    engine.snapshots.directory.shard(of: try #require(engine.catalogue.current.collections[name]))
  }

  /// The path of the store that the collection's manifest names.
  func storePath(of name: String = "c") throws -> String {
    let shard = try shard(of: name)
    return shard.storePath(try shard.readManifest().storeNumber)
  }

  /// A collection whose 2,000 points are all in parts.
  static func built() async throws -> EngineFixture {
    let fixture = try EngineFixture { $0.deltaRowsMax = 100 }
    var configuration = plain
    configuration.optimizers.indexingThreshold = 1
    try await fixture.create(configuration)
    try await fixture.put(0..<2000)
    while try await fixture.information().indexedVectorsCount != 2000 { await Task.yield() }
    try await fixture.waitForBuilds()
    return fixture
  }

  /// Changes the store of a collection behind the engine's back.
  func tamper(with name: String = "c", _ batch: (borrowing StoreReader) throws(StorageError) -> StoreBatch)
    throws
  {
    let (shard, path) = (try shard(of: name), try storePath(of: name))
    let id = try #require(engine.catalogue.current.collections[name])
    try engine.shutdown()
    let store = try PointStore.open(shard.fileSystem, path: path, collection: id)
    try store.commit(try store.read { (reader) throws(StorageError) in try batch(reader) })
    try store.sync()
    try store.close()
    try reopen()
  }

  /// Takes a point out of the store of `c` behind the engine's back.
  func loseFromStore(_ id: PointID) throws {
    try tamper { (reader) throws(StorageError) in
      var batch = StoreBatch()
      if let number = try reader.number(for: id) { batch.remove(number: number, id: id) }
      return batch
    }
  }
}

/// The disk, where the calls that a test picks fail; from then on all do, as after the end of the process.
final class PickyFileSystem: FileSystem {
  private let disk = POSIXFileSystem()
  private let picks: @Sendable (_ operation: String, _ path: String) -> Bool
  private let dead = Cancellation()

  init(_ picks: @escaping @Sendable (_ operation: String, _ path: String) -> Bool) { self.picks = picks }

  var hasFailed: Bool { dead.isCancelled }

  private func pass(_ operation: String, _ path: String) throws(StorageError) {
    if !dead.isCancelled, picks(operation, path) { dead.cancel() }
    guard dead.isCancelled else { return }
    throw .io(operation: operation, file: path, offset: nil, errno: 5)
  }

  func open(_ path: String, _ access: FileAccess) throws(StorageError) -> any File {
    try pass("open", path)
    return try disk.open(path, access)
  }
  func rename(_ source: String, to destination: String) throws(StorageError) {
    try pass("rename", destination)
    try disk.rename(source, to: destination)
    try pass("renamed", destination)
  }
  func unlink(_ path: String) throws(StorageError) {
    try pass("unlink", path)
    try disk.unlink(path)
  }
  func list(_ directory: String) throws(StorageError) -> [String] {
    try pass("list", directory)
    return try disk.list(directory)
  }
  func kind(of path: String) throws(StorageError) -> FileKind? {
    try pass("stat", path)
    return try disk.kind(of: path)
  }
  func createDirectory(_ path: String) throws(StorageError) {
    try pass("mkdir", path)
    try disk.createDirectory(path)
  }
  func removeDirectory(_ path: String) throws(StorageError) {
    try pass("rmdir", path)
    try disk.removeDirectory(path)
  }
  func syncDirectory(_ path: String) throws(StorageError) {
    try pass("sync", path)
    try disk.syncDirectory(path)
  }
  func map(_ path: String) throws(StorageError) -> MemoryRegion {
    try pass("map", path)
    return try disk.map(path)
  }
  func freeByteCount(at path: String) throws(StorageError) -> UInt64 { try disk.freeByteCount(at: path) }
}
