import Testing
import VectorModel

@testable import VectorStorage

@Suite struct CrashNoteTests {
  /// A page of vectors says that a value has 4 GB; reading its checksum runs off the file.
  @Test func theStoreThatEndedTheProcessIsNamed() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    await #expect(processExitsWith: .failure) { [path = path as String] in
      let disk = POSIXFileSystem()
      let data = try DataDirectory(disk, path: path)
      try data.installCrashNote()
      let shard = try data.createCollection(StoreTesting.collection)
      let file = shard.storePath(0)
      let store = try PointStore.create(disk, path: file, collection: StoreTesting.collection)
      try store.commit(StoreTesting.batch(1...3, vectorBytes: 100))
      try store.sync()
      try store.close()
      var bytes = try disk.readFile(file, byteCountMax: 1 << 20)
      for end in CrashNoteTests.nodes(bytes, value: StoreTesting.vectors(2, count: 100)) {
        bytes.store(UInt32(0x7FFF_FFFF), at: end)
      }
      try disk.replaceFile(file, with: bytes)
      let damaged = try PointStore.open(disk, path: file, collection: StoreTesting.collection)
      _ = try? damaged.read { (reader) throws(StorageError) in try reader.vectors(2) }
    }
    let data = try DataDirectory(directory.fileSystem, path: path)
    let file = data.shard(of: StoreTesting.collection).storePath(0)
    #expect(data.suspectStorePaths == [file])
    let report = try StoreInspection.run(directory.fileSystem, path: file)
    #expect(report.defectCount > 0)
    let error = #expect(throws: StorageError.self) {
      try PointStore.open(
        directory.fileSystem, path: file, collection: StoreTesting.collection, inspecting: true)
    }
    #expect(error == report.defects[0])
    try data.close()
    let second = try DataDirectory(directory.fileSystem, path: path)
    #expect(second.suspectStorePaths == [file], "it stays suspect until somebody finds it sound")
    try second.clearSuspicion(ofStore: file)
    try second.close()
    #expect(try DataDirectory(directory.fileSystem, path: path).suspectStorePaths.isEmpty)
  }

  /// Where the nodes begin that hold `value` under a number: a header of 8 bytes, the key's 8, the checksum's 4.
  static func nodes(_ bytes: [UInt8], value: [UInt8]) -> [Int] {
    (20..<(bytes.count - value.count)).filter { Array(bytes[$0..<($0 + value.count)]) == value }.map {
      $0 - 20
    }
  }
}
