import Testing
import VectorModel

@testable import VectorStorage

/// A store in a temporary directory, and points that are made from their numbers.
struct StoreTesting {
  static let collection = UUID128(high: 7, low: 9)

  let directory: TemporaryDirectory
  var path: String { directory.path + "/store-0.mdb" }

  init() throws { directory = try TemporaryDirectory() }

  func create(_ options: PointStore.Options = .init()) throws -> PointStore {
    try PointStore.create(directory.fileSystem, path: path, collection: Self.collection, options: options)
  }

  func open(_ options: PointStore.Options = .init()) throws(StorageError) -> PointStore {
    try PointStore.open(directory.fileSystem, path: path, collection: Self.collection, options: options)
  }

  static func id(_ number: UInt64) -> PointID {
    number % 3 == 0 ? .uuid(UUID128(high: number &* 0x9E37_79B9_7F4A_7C15, low: number)) : .number(number)
  }

  static func payload(_ number: UInt64) -> [UInt8] { Array(#"{"n":\#(number)}"#.utf8) }

  static func vectors(_ number: UInt64, count: Int = 1536) -> [UInt8] {
    var random = SplitMix64(seed: number)
    return random.bytes(count: count)
  }

  static func batch(_ numbers: some Sequence<UInt64>, vectorBytes: Int = 1536) -> StoreBatch {
    var batch = StoreBatch()
    for number in numbers {
      batch.put(
        number: number, id: id(number), version: number + 1000, payload: payload(number),
        vectors: vectors(number, count: vectorBytes))
    }
    return batch
  }
}

extension StoreBatch {
  mutating func put(number: UInt64, id: PointID, version: UInt64, payload: [UInt8], vectors: [UInt8]) {
    put(number: number, id: id, version: version, payload: payload.span, vectors: vectors.span)
  }

  mutating func putPoint(number: UInt64, id: PointID, version: UInt64, payload: [UInt8]) {
    putPoint(number: number, id: id, version: version, payload: payload.span)
  }

  mutating func putVectors(number: UInt64, _ vectors: [UInt8]) { putVectors(number: number, vectors.span) }

  mutating func setMeta(_ name: String, _ contents: [UInt8]) { setMeta(name, contents.span) }
}

@Suite struct PointStoreTests {
  @Test func pointsComeBackAfterReopening() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    var batch = StoreTesting.batch(1...500)
    batch.setMeta("applied", [1, 2, 3])
    try store.commit(batch)
    try store.sync()
    try store.close()
    try store.close()
    #expect(throws: StorageError.closed(file: testing.path)) { try store.sync() }

    let reopened = try testing.open()
    try reopened.read { (reader) throws(StorageError) in
      #expect(try reader.meta("applied") == [1, 2, 3])
      #expect(try reader.meta("other") == nil)
      #expect(try reader.pointCount() == 500)
      for number in 1...500 as ClosedRange<UInt64> {
        #expect(try reader.number(for: StoreTesting.id(number)) == number)
        #expect(
          try reader.point(number)
            == StoredPoint(
              number: number, version: number + 1000, id: StoreTesting.id(number),
              payload: StoreTesting.payload(number)))
        #expect(try reader.vectors(number) == StoreTesting.vectors(number))
      }
      #expect(try reader.number(for: .number(3)) == nil)
      #expect(try reader.point(501) == nil)
      #expect(try reader.vectors(501) == nil)
    }
    #expect(try reopened.verify().defectCount == 0)
    #expect(try reopened.verify().pointCount == 500)
  }

  @Test func aStoreGivesBackItsPagesAndGoesOn() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    try store.commit(StoreTesting.batch(1...500))
    #expect(store.keptByteCount > 500 * 1536)
    #expect(try store.read { (reader) throws(StorageError) in try reader.pointCount() } == 500)
    try store.sync()
    try store.read { (_) throws(StorageError) in
      let isDone = try store.giveBack()
      #expect(!isDone, "somebody reads")
    }
    #expect(store.keptByteCount > 500 * 1536)
    #expect(try store.giveBack())
    #expect(store.keptByteCount == 0)
    #expect(try store.read { (reader) throws(StorageError) in try reader.pointCount() } == 500)
    try store.commit(StoreTesting.batch(501...600))
    #expect(try store.giveBack())
    #expect(try store.verify().pointCount == 600)
    try store.close()
    #expect(throws: StorageError.closed(file: testing.path)) { try store.giveBack() }
    #expect(try testing.open().verify().defectCount == 0)
  }

  @Test func aStoreThatCannotBeOpenedAgainRefusesEverything() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    try store.commit(StoreTesting.batch(1...5))
    try testing.directory.fileSystem.rename(testing.path, to: testing.path + ".away")
    try testing.directory.fileSystem.createDirectory(testing.path)
    #expect(throws: StorageError.self) { try store.giveBack() }
    #expect(throws: StorageError.self) { try store.commit(StoreTesting.batch(6...7)) }
    #expect(throws: StorageError.self) {
      try store.read { (reader) throws(StorageError) in try reader.pointCount() }
    }
    try store.close()
  }

  @Test func partsOfAPointChangeAlone() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    try store.commit(StoreTesting.batch(1...3))
    var batch = StoreBatch()
    batch.putPoint(number: 2, id: StoreTesting.id(2), version: 77, payload: Array("{}".utf8))
    batch.putVectors(number: 3, [5, 6])
    try store.commit(batch)
    try store.read { (reader) throws(StorageError) in
      #expect(try reader.point(2)?.version == 77)
      #expect(try reader.point(2)?.payload == Array("{}".utf8))
      #expect(try reader.vectors(2) == StoreTesting.vectors(2))
      #expect(try reader.point(3)?.version == 1003)
      #expect(try reader.vectors(3) == [5, 6])
    }
    #expect(try store.verify().defectCount == 0)
  }

  @Test func aReplacedPointGetsANewNumberAndARemovedOneIsGone() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    try store.commit(StoreTesting.batch(1...10))
    var batch = StoreBatch()
    let id = StoreTesting.id(4)
    batch.put(number: 11, id: id, version: 5, payload: [], vectors: [9])
    batch.remove(number: 4, id: id)
    batch.remove(number: 7, id: StoreTesting.id(7))
    batch.remove(number: 99, id: .number(99))
    #expect(batch.changeCount == 6)
    try store.commit(batch)
    try store.read { (reader) throws(StorageError) in
      #expect(try reader.number(for: id) == 11)
      #expect(try reader.point(4) == nil)
      #expect(try reader.vectors(4) == nil)
      #expect(try reader.number(for: StoreTesting.id(7)) == nil)
      #expect(try reader.point(7) == nil)
      #expect(try reader.pointCount() == 9)
    }
    #expect(try store.verify().defectCount == 0)
  }

  @Test func rangesAreLentInBoundedPieces() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    try store.commit(StoreTesting.batch((1...200).map { $0 * 3 }))
    var seen: [UInt64] = []
    var next: UInt64? = 0
    var pieceCount = 0
    while let number = next {
      pieceCount += 1
      next = try store.read { (reader) throws(StorageError) in
        try reader.forEachPoint(from: number, countMax: 30, byteCountMax: 20_000) {
          (number, version, id, payload, vectors) throws(StorageError) in
          #expect(version == number + 1000)
          #expect(id == StoreTesting.id(number))
          #expect(Array(copying: payload) == StoreTesting.payload(number))
          #expect(Array(copying: vectors) == StoreTesting.vectors(number))
          seen.append(number)
        }
      }
    }
    #expect(seen == (1...200).map { $0 * 3 })
    #expect(pieceCount > 10, "20,000 bytes are 13 points")
  }

  @Test func idsAreInTheirOrder() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    try store.commit(StoreTesting.batch(1...100, vectorBytes: 4))
    let expected = (1...100 as ClosedRange<UInt64>).map(StoreTesting.id).sorted()
    var seen: [PointID] = []
    var from: PointID?
    repeat {
      let ids = try store.read { (reader) throws(StorageError) in try reader.ids(from: from, countMax: 8) }
      for (id, number) in ids { #expect(StoreTesting.id(number) == id) }
      seen += ids.map(\.id).dropFirst(from == nil ? 0 : 1)
      from = ids.count == 8 ? ids.last?.id : nil
    } while from != nil
    #expect(seen == expected)
    let largest = try store.read { (reader) throws(StorageError) in
      try reader.ids(from: .uuid(UUID128(high: .max, low: .max)), countMax: 8)
    }
    #expect(largest.isEmpty)
  }

  @Test func keysSortAsIDsDo() {
    var random = SplitMix64()
    var ids: [PointID] = []
    for shift in 0..<500 as Range<UInt64> {
      let word = random.next() >> (shift % 64)
      ids.append(shift % 2 == 0 ? .number(word) : .uuid(UUID128(high: word, low: random.next())))
    }
    let byKey = ids.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    #expect(byKey == ids.sorted(), "seed \(random.seed)")
    for id in ids {
      #expect(Self.decoded(id.key) == id)
    }
    #expect(Self.decoded([1, 2, 3]) == nil)
    #expect(Self.decoded([2, 0, 0, 0, 0, 0, 0, 0, 0]) == nil)
  }

  private static func decoded(_ key: [UInt8]) -> PointID? { PointID.fromKey(key.span)?.0 }

  @Test func theMapGrowsWhileOthersRead() async throws {
    let testing = try StoreTesting()
    var options = PointStore.Options()
    options.mapByteCountMin = 1 << 20
    let store = try testing.create(options)
    try store.commit(StoreTesting.batch(1...10))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for start in stride(from: 11 as UInt64, to: 8011, by: 1000) {
          try store.commit(StoreTesting.batch(start..<(start + 1000)))
        }
      }
      for _ in 0..<3 {
        group.addTask {
          for round in 0..<2000 {
            let number = UInt64(round % 10 + 1)
            let vectors = try store.read { (reader) throws(StorageError) in try reader.vectors(number) }
            #expect(vectors == StoreTesting.vectors(number))
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try store.usedByteCount() > 12 << 20)
    #expect(try store.verify().pointCount == 8010)
    try store.close()
    #expect(try testing.open(options).verify().pointCount == 8010)
  }

  @Test func aFullMapIsRefusedWithTheBatchNotApplied() throws {
    let testing = try StoreTesting()
    var options = PointStore.Options()
    options.mapByteCountMin = 1 << 20
    options.mapByteCountMax = 4 << 20
    let store = try testing.create(options)
    try store.commit(StoreTesting.batch(1...100))
    let error = #expect(throws: StorageError.self) { try store.commit(StoreTesting.batch(101...5000)) }
    #expect(error?.requestError.code == .insufficientStorage)
    #expect(error?.description.contains("4194304") == true)
    #expect(try store.verify().pointCount == 100)
    try store.commit(StoreTesting.batch(101...110))
    #expect(try store.verify().pointCount == 110)
  }

  @Test func compactionGivesSpaceBack() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    try store.commit(StoreTesting.batch(1...4000))
    var batch = StoreBatch()
    for number in 1...3900 as ClosedRange<UInt64> {
      batch.remove(number: number, id: StoreTesting.id(number))
    }
    try store.commit(batch)
    let before = try store.usedByteCount()
    let destination = testing.directory.path + "/store-1.mdb"
    try store.compact(to: destination)
    let compacted = try PointStore.open(
      testing.directory.fileSystem, path: destination, collection: StoreTesting.collection)
    #expect(try compacted.usedByteCount() < before / 10)
    #expect(try compacted.verify().pointCount == 100)
    #expect(try compacted.verify().defectCount == 0)
    try compacted.commit(StoreTesting.batch(5000...5010))
    #expect(try compacted.verify().pointCount == 111)
    try store.close()
    try PointStore.removeFiles(testing.directory.fileSystem, path: testing.path)
    let names = try testing.directory.fileSystem.list(testing.directory.path).sorted()
    #expect(names == ["store-1.mdb", "store-1.mdb-lock"])
  }

  @Test func aMissingOrForeignStoreIsRefused() throws {
    let testing = try StoreTesting()
    #expect(throws: StorageError.missing(file: testing.path, what: "the collection's store")) {
      try testing.open()
    }
    try testing.create().close()
    #expect(throws: StorageError.self) {
      try PointStore.open(
        testing.directory.fileSystem, path: testing.path, collection: UUID128(high: 1, low: 1))
    }
  }

  @Test func manyStoresAreOpenAtOnce() throws {
    let directory = try TemporaryDirectory()
    var stores: [PointStore] = []
    for index in 0..<200 {
      stores.append(
        try PointStore.create(
          directory.fileSystem, path: "\(directory.path)/store-\(index).mdb",
          collection: StoreTesting.collection))
    }
    for store in stores { try store.commit(StoreTesting.batch(1...3)) }
    for store in stores {
      #expect(try store.read { (reader) throws(StorageError) in try reader.pointCount() } == 3)
    }
  }
}
