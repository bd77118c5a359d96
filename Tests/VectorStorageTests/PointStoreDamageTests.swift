import Testing
import VectorModel

@testable import VectorStorage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct PointStoreDamageTests {
  private static let disk = POSIXFileSystem()

  /// A small store with values inside pages and on pages of their own, a few free pages, and its bytes.
  private static func makeStore() throws -> (StoreTesting, [UInt8]) {
    let testing = try StoreTesting()
    let draft = try testing.create()
    var batch = StoreTesting.batch(1...8, vectorBytes: 40)
    batch.setMeta("applied", [1, 2, 3, 4, 5, 6, 7, 8])
    try draft.commit(batch)
    let compacted = testing.path + ".compacted"
    try draft.compact(to: compacted)
    try draft.close()
    try PointStore.removeFiles(disk, path: testing.path)
    try disk.rename(compacted, to: testing.path)
    let store = try testing.open()
    batch.removeAll()
    batch.putVectors(number: 3, StoreTesting.vectors(3, count: 5000))
    batch.remove(number: 8, id: StoreTesting.id(8))
    try store.commit(batch)
    try store.sync()
    try store.close()
    return (testing, try disk.readFile(testing.path, byteCountMax: 1 << 20))
  }

  /// Everything that a store says, as far as it can be read.
  private static func dump(_ store: PointStore) throws(StorageError) -> [String] {
    var lines: [String] = []
    try store.read { (reader) throws(StorageError) in
      lines.append(
        "count \(try reader.pointCount()) applied \(String(describing: try reader.meta("applied")))")
      for number in 0...9 as ClosedRange<UInt64> {
        let point = try reader.point(number)
        let vectors = try reader.vectors(number)
        let bound = try reader.number(for: StoreTesting.id(number))
        lines.append(
          "\(String(describing: point)) \(String(describing: vectors)) \(String(describing: bound))")
      }
      _ = try reader.forEachPoint(from: 0, countMax: 100) { (number, version, id, _, _) in
        lines.append("\(number) \(version) \(id)")
      }
      for (id, number) in try reader.ids(countMax: 100) { lines.append("\(id) \(number)") }
    }
    return lines
  }

  private static func inspect(_ bytes: [UInt8]) throws -> StoreReport {
    let memory = SimulatedFileSystem()
    _ = try memory.open("/store-0.mdb", .createNew)
    memory.replace("/store-0.mdb", bytes)
    return try StoreInspection.run(memory, path: "/store-0.mdb")
  }

  @Test func healthyStoresHaveNoDefects() throws {
    for count in [0, 1, 3, 40, 2000] as [UInt64] {
      let testing = try StoreTesting()
      let store = try testing.create()
      for start in stride(from: 1 as UInt64, through: count, by: 500) {
        try store.commit(
          StoreTesting.batch(start...min(start + 499, count), vectorBytes: Int(count % 7) * 900))
      }
      var batch = StoreBatch()
      for number in stride(from: 1 as UInt64, through: count, by: 3) {
        batch.remove(number: number, id: StoreTesting.id(number))
      }
      try store.commit(batch)
      let copy = testing.directory.path + "/store-1.mdb"
      try store.compact(to: copy)
      try store.close()
      for path in [testing.path, copy] {
        let report = try StoreInspection.run(Self.disk, path: path)
        #expect(report.defects == [], "\(count) points")
        #expect(report.pointCount == count - (count + 2) / 3)
      }
    }
    #expect(throws: StorageError.self) { try StoreInspection.run(Self.disk, path: "/nowhere/store-0.mdb") }
  }

  /// What the inspection passes, LMDB must survive and answer as before; all such flips at once, as each is in bytes
  /// that are not used.
  @Test func everyByteFlippedIsFoundOrMeansNothing() throws {
    let (testing, contents) = try Self.makeStore()
    let expected = try Self.dump(try testing.open())
    #expect(try Self.inspect(contents).defects == [])
    var harmless = contents
    var foundCount = 0
    for index in contents.indices where TestLength.isLong || !Self.isUnused(index, contents) {
      var flipped = contents
      flipped[index] ^= 1 << (index % 8)
      let report = try Self.inspect(flipped)
      if report.defectCount == 0 {
        harmless[index] = flipped[index]
      } else {
        foundCount += 1
        #expect(report.defects[0].description.contains("store-0.mdb"))
      }
    }
    #expect(foundCount > 5000, "the used bytes of the pages")
    try Self.disk.replaceFile(testing.path, with: harmless.span)
    #expect(try Self.dump(try testing.open()) == expected)
  }

  /// Zeros on both sides: free space, of which the short form of the test takes every eighth byte.
  private static func isUnused(_ index: Int, _ contents: [UInt8]) -> Bool {
    index % 8 != 0 && contents[max(0, index - 16)..<min(index + 16, contents.count)].allSatisfy { $0 == 0 }
  }

  @Test func everyByteOfAValueIsChecksummed() throws {
    let (testing, contents) = try Self.makeStore()
    let id = StoreTesting.id(5)
    let payload = StoreTesting.payload(5)
    let vectors = StoreTesting.vectors(5, count: 40)
    // The values end with these bytes; the checksum, version and id stand before them.
    let places = [
      (payload, payload.count + 8 + id.key.count + 4), (vectors, vectors.count + 4),
      ([1, 2, 3, 4, 5, 6, 7, 8], 12),
    ]
    for (ending, valueBytes) in places {
      let ends = (ending.count...contents.count).filter {
        Array(contents[($0 - ending.count)..<$0]) == ending
      }
      #expect(!ends.isEmpty)
      for back in 1...valueBytes {
        var flipped = contents
        for end in ends { flipped[end - back] ^= 0x10 }
        try Self.disk.replaceFile(testing.path, with: flipped.span)
        let store = try testing.open()
        let error = #expect(throws: StorageError.self) { try Self.dump(store) }
        #expect(error?.isDamage == true)
        #expect(error?.description.contains("key") == true, "\(String(describing: error))")
        #expect(error?.requestError.code == .internalError)
        #expect(try store.verify().defectCount >= 1)
      }
    }
  }

  @Test func aNumberUnderTheWrongIDIsNoticed() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    var batch = StoreTesting.batch(1...3, vectorBytes: 8)
    batch.put(number: 4, id: StoreTesting.id(1), version: 1, payload: [], vectors: [])
    try store.commit(batch)
    let report = try store.verify()
    // Number 1 is not what its id stands for any more, and was not removed.
    #expect(report.defectCount == 1)
    #expect(report.defects[0].description.contains("table ids, key 1: it stands for 4, expected 1"))
    #expect(report.pointCount == 3)
  }

  @Test func everyTruncationIsAnError() throws {
    let (testing, contents) = try Self.makeStore()
    let expected = try Self.dump(try testing.open())
    var refusedCount = 0
    for length in stride(from: 0, to: contents.count, by: 256) {
      try Self.disk.replaceFile(testing.path, with: Array(contents[..<length]).span)
      do throws(StorageError) {
        let store = try testing.open()
        // Free pages at the end may be missing, nothing else.
        let found = try Self.dump(store)
        #expect(found == expected, "truncated to \(length)")
      } catch {
        refusedCount += 1
        #expect(error.isDamage && error.description.contains(testing.path), "\(error)")
        let left = try Self.disk.open(testing.path, .read).byteCount()
        #expect(left == UInt64(length), "a refused file stays as it is")
      }
    }
    #expect(refusedCount > 60)
  }

  /// A flip can turn the newest transaction into the one before the other page's. Then the store is as it was one
  /// commit ago, whole, and the log has the rest; every other flip is refused.
  @Test func aFlippedTransactionIsRefusedOrOneCommitOld() throws {
    let (testing, contents) = try Self.makeStore()
    var olderCount = 0
    for meta in [0, 4096] {
      for byte in 144..<152 {
        for bit in 0..<8 {
          var flipped = contents
          flipped[meta + byte] ^= 1 << bit
          try Self.disk.replaceFile(testing.path, with: flipped.span)
          do throws(StorageError) {
            let report = try testing.open().verify()
            #expect(report.pointCount == 8 && report.defectCount == 0)
            olderCount += 1
          } catch {
            #expect(error.isDamage)
          }
        }
      }
    }
    #expect(olderCount <= 2)
  }

  @Test func aFullDiskRefusesABatchAndResumes() async {
    await #expect(processExitsWith: .success) {
      let testing = try StoreTesting()
      let store = try testing.create()
      try store.commit(StoreTesting.batch(1...100))
      _ = signal(SIGXFSZ, SIG_IGN)
      try setFileSizeMax(400_000)
      for _ in 0..<3 {
        do throws(StorageError) {
          try store.commit(StoreTesting.batch(101...600))
          exit(2)
        } catch {
          if error.requestError.code != .insufficientStorage { exit(3) }
        }
        if try store.verify().pointCount != 100 { exit(4) }
      }
      try setFileSizeMax(.max)
      try store.commit(StoreTesting.batch(101...600))
      try store.sync()
      try store.close()
      let report = try testing.open().verify()
      if report.pointCount != 600 || report.defectCount != 0 { exit(5) }
    }
  }
}

/// Limits the size of the files that this process writes, as a full disk does.
private func setFileSizeMax(_ byteCount: UInt64) throws {
  var limit = rlimit()
  #if canImport(Darwin)
    unsafe getrlimit(RLIMIT_FSIZE, &limit)
  #else
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
  #endif
  limit.rlim_cur = min(rlim_t(byteCount), limit.rlim_max)
  #if canImport(Darwin)
    #expect(unsafe setrlimit(RLIMIT_FSIZE, &limit) == 0)
  #else
    #expect(unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
  #endif
}
