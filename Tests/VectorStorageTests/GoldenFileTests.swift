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

/// Files of format version 1 as they were written once; every later program must read them.
///
/// What is written today must equal them to the byte, too, so that a change of a format is noticed.
/// `NEEDLETAIL_WRITE_FIXTURES=1` writes them anew.
@Suite struct GoldenFileTests {
  private static let fixtures = Path.parent(of: #filePath) + "/Fixtures"
  private static let disk = POSIXFileSystem()
  private static let isWriting = unsafe getenv("NEEDLETAIL_WRITE_FIXTURES") != nil

  /// Compares `bytes` with the fixture, or makes it the fixture.
  private static func expectFixture(_ name: String, _ bytes: [UInt8]) throws {
    let path = fixtures + "/" + name
    if isWriting { try disk.replaceFile(path, with: bytes.span) }
    #expect(try disk.readFile(path, byteCountMax: 1 << 20) == bytes, "\(name) is written differently today")
  }

  /// A segment with an operation of two parts, an empty one, and the end mark; the next ends with a plain mark.
  @Test func logSegments() throws {
    let identity = LogTesting.identity
    var bytes: [UInt8] = []
    let first = SegmentHeader(
      collection: identity.collection, epoch: identity.epoch, firstSequence: 5, durableThrough: 4,
      salt: 0x5A17_5A17_5A17_5A17)
    var seed: UInt32
    (bytes, seed) = first.encoded()
    for (part, body) in [Array("first part, ".utf8), Array("second part".utf8)].enumerated() {
      RecordHeader(
        bodyByteCount: body.count, sequence: 5, timeMilliseconds: 1_700_000_000_000, durableThrough: 4,
        part: UInt32(part), isLast: part == 1
      ).append(to: &bytes, body: body.span, seed: seed)
    }
    let empty: [UInt8] = []
    LogSegment.encode(
      empty.span, sequence: 6, timeMilliseconds: 1_700_000_000_001, durableThrough: 5, seed: seed,
      into: &bytes)
    RecordHeader(
      bodyByteCount: 0, sequence: 6, timeMilliseconds: 0, durableThrough: 6, part: 0, isLast: true,
      isMark: true,
      isEnd: true
    ).append(to: &bytes, body: empty.span, seed: seed)
    try Self.expectFixture("log-v1-00000000000000000005.log", bytes)

    let second = SegmentHeader(
      collection: identity.collection, epoch: identity.epoch, firstSequence: 7, durableThrough: 6, salt: 1)
    (bytes, seed) = second.encoded()
    let last = Array("last".utf8)
    LogSegment.encode(
      last.span, sequence: 7, timeMilliseconds: 1_700_000_000_002, durableThrough: 6,
      seed: seed,
      into: &bytes)
    RecordHeader(
      bodyByteCount: 0, sequence: 7, timeMilliseconds: 0, durableThrough: 7, part: 0, isLast: true,
      isMark: true
    ).append(to: &bytes, body: empty.span, seed: seed)
    try Self.expectFixture("log-v1-00000000000000000007.log", bytes)

    let directory = try TemporaryDirectory()
    for name in ["00000000000000000005.log", "00000000000000000007.log"] {
      let segment = try Self.disk.readFile(Self.fixtures + "/log-v1-" + name, byteCountMax: 1 << 20)
      try Self.disk.replaceFile(directory.path + "/" + name, with: segment.span)
    }
    let log = try SegmentedLog.open(Self.disk, directory: directory.path, identity: identity)
    #expect(
      try log.allRecords() == [
        LogRecord(
          sequence: 5, timeMilliseconds: 1_700_000_000_000, body: Array("first part, second part".utf8)),
        LogRecord(sequence: 6, timeMilliseconds: 1_700_000_000_001, body: []),
        LogRecord(sequence: 7, timeMilliseconds: 1_700_000_000_002, body: Array("last".utf8)),
      ])
  }

  @Test func sectionFile() throws {
    let fileSystem = SimulatedFileSystem()
    let writer = try SectionFileWriter(fileSystem, path: "/part")
    try writer.section("numbers", bytes: Array(0..<100))
    try writer.section("nothing", bytes: [])
    try writer.section("größe", bytes: Array("text".utf8))
    _ = try writer.finish()
    try Self.expectFixture("sections-v1.part", try #require(fileSystem.contents("/part")))
    let file = try SectionFile(Self.disk, path: Self.fixtures + "/sections-v1.part", verify: .all)
    #expect(file.names == ["numbers", "nothing", "größe"])
    let numbers = try file.requireSection("numbers")
    #expect(unsafe Array(numbers.bytes) == Array(0..<100))
  }

  @Test func manifest() throws {
    try Self.expectFixture("manifest-v1", ManifestTests.manifest.encoded())
    let path = Self.fixtures + "/manifest-v1"
    let bytes = try Self.disk.readFile(path, byteCountMax: 1 << 20)
    #expect(try Manifest(bytes, file: path) == ManifestTests.manifest)
  }

  /// LMDB's own bytes may differ between its versions, so a store is only read.
  @Test func store() throws {
    let path = Self.fixtures + "/store-v1.mdb"
    let directory = try TemporaryDirectory()
    if Self.isWriting {
      let made = directory.path + "/made.mdb"
      let store = try PointStore.create(Self.disk, path: made, collection: StoreTesting.collection)
      var batch = StoreTesting.batch(1...5, vectorBytes: 40)
      batch.setMeta("applied", [5])
      try store.commit(batch)
      try store.sync()
      try store.close()
      let bytes = try Self.disk.readFile(made, byteCountMax: 1 << 20)
      try Self.disk.replaceFile(path, with: bytes.span)
    }
    let copy = directory.path + "/store-0.mdb"
    let bytes = try Self.disk.readFile(path, byteCountMax: 1 << 20)
    try Self.disk.replaceFile(copy, with: bytes.span)
    let store = try PointStore.open(Self.disk, path: copy, collection: StoreTesting.collection)
    #expect(try store.verify().defects == [])
    try store.read { (reader) throws(StorageError) in
      #expect(try reader.meta("applied") == [5])
      for number in 1...5 as ClosedRange<UInt64> {
        #expect(try reader.number(for: StoreTesting.id(number)) == number)
        #expect(try reader.point(number)?.payload == StoreTesting.payload(number))
        #expect(try reader.vectors(number) == StoreTesting.vectors(number, count: 40))
      }
    }
  }
}
