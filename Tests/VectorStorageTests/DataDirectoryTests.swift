import Testing
import VectorModel

@testable import VectorStorage

@Suite struct DataDirectoryTests {
  @Test func aSecondUserIsRefused() throws {
    let temporary = try TemporaryDirectory()
    let path = temporary.path + "/data"
    let first = try DataDirectory(temporary.fileSystem, path: path)
    #expect(throws: StorageError.locked(directory: path)) {
      try DataDirectory(temporary.fileSystem, path: path)
    }
    try first.close()
    _ = try DataDirectory(temporary.fileSystem, path: path)
  }

  @Test func collectionsComeAndGo() throws {
    let temporary = try TemporaryDirectory()
    let path = temporary.path + "/data"
    let data = try DataDirectory(temporary.fileSystem, path: path)
    let ids = [UUID128(high: 1, low: 2), UUID128(high: .max, low: .max)]
    for id in ids {
      let shard = try data.createCollection(id)
      try shard.writeManifest(Manifest(collection: id, epoch: 1))
    }
    #expect(try data.collections() == ids)
    #expect(try data.shard(of: ids[1]).readManifest().collection == ids[1])
    #expect(DataDirectory.directoryName(of: ids[0]) == "00000000000000010000000000000002")
    try data.removeCollection(ids[0])
    try data.removeCollection(ids[0])
    #expect(try data.collections() == [ids[1]])
    #expect(try data.freeByteCount() > 0)
    // A removal that was cut short is finished when the directory is opened.
    try temporary.fileSystem.createDirectory(data.collectionsPath + "/00.deleted")
    try data.close()
    let reopened = try DataDirectory(temporary.fileSystem, path: path)
    #expect(try temporary.fileSystem.list(reopened.collectionsPath).count == 1)
  }

  @Test func aMissingFileNeverMeansStartEmpty() throws {
    let fileSystem = SimulatedFileSystem()
    let data = try DataDirectory(fileSystem, path: "/data")
    _ = try data.createCollection(UUID128(high: 0, low: 1))
    try data.close()
    fileSystem.lose("/data/FORMAT")
    let error = #expect(throws: StorageError.self) { try DataDirectory(fileSystem, path: "/data") }
    #expect(error?.description.contains("/data/FORMAT is missing") == true)

    let foreign = SimulatedFileSystem()
    try foreign.createDirectory("/data")
    _ = try foreign.open("/data/thesis.tex", .createNew)
    #expect(throws: StorageError.self) { try DataDirectory(foreign, path: "/data") }
  }

  @Test func everyByteOfTheFormatCounts() throws {
    let fileSystem = SimulatedFileSystem()
    try DataDirectory(fileSystem, path: "/data").close()
    let contents = try #require(fileSystem.contents("/data/FORMAT"))
    #expect(String(validating: contents, as: UTF8.self) == "needletail data directory, version 1\n")
    for index in contents.indices {
      for bit in 0..<8 {
        fileSystem.kill()
        var flipped = contents
        flipped[index] ^= 1 << bit
        fileSystem.replace("/data/FORMAT", flipped)
        #expect(throws: StorageError.self, "bit \(bit) of byte \(index)") {
          try DataDirectory(fileSystem, path: "/data")
        }
      }
      fileSystem.kill()
      fileSystem.replace("/data/FORMAT", Array(contents[..<index]))
      #expect(throws: StorageError.self, "truncated to \(index)") {
        try DataDirectory(fileSystem, path: "/data")
      }
    }
    fileSystem.kill()
    fileSystem.replace("/data/FORMAT", Array("needletail data directory, version 2\n".utf8))
    #expect(throws: StorageError.newerFormat(file: "/data/FORMAT", found: 2, supported: 1)) {
      try DataDirectory(fileSystem, path: "/data")
    }
  }

  @Test(arguments: SimulatedFileSystem.Fault.allCases)
  func creationCutShortIsRepeated(_ fault: SimulatedFileSystem.Fault) throws {
    for call in 0..<40 {
      let fileSystem = SimulatedFileSystem()
      fileSystem.arm(fault, atCall: call)
      _ = try? DataDirectory(fileSystem, path: "/data").createCollection(UUID128(high: 0, low: 1))
      fileSystem.kill()
      let data = try DataDirectory(fileSystem, path: "/data")
      _ = try data.createCollection(UUID128(high: 0, low: 1))
      #expect(try data.collections() == [UUID128(high: 0, low: 1)])
    }
  }
}
