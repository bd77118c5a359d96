import Logging
import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

@Suite struct CompactionTests {
  private static func eager(_ configuration: inout EngineConfiguration) {
    configuration.compaction.freeBytesMin = 1 << 20
    configuration.compaction.intervalMilliseconds = 0
  }

  private func byteCount(_ path: String) throws -> UInt64 {
    try POSIXFileSystem().open(path, .read).byteCount()
  }

  @Test func thePolicyAsksForBytesAndShare() {
    let policy = CompactionPolicy()
    let megabyte: UInt64 = 1 << 20
    #expect(!policy.isDue(byteCount: 100 * megabyte, liveByteCount: 40 * megabyte), "too few bytes")
    #expect(!policy.isDue(byteCount: 1000 * megabyte, liveByteCount: 501 * megabyte), "too small a share")
    #expect(policy.isDue(byteCount: 1000 * megabyte, liveByteCount: 499 * megabyte))
    #expect(!policy.isDue(byteCount: 10, liveByteCount: 20))
  }

  @Test func spaceComesBackWhileWritesGoOn() async throws {
    let fixture = try EngineFixture(Self.eager)
    try await fixture.create(EngineFixture.plain)
    for start: UInt64 in stride(from: 0, to: 8000, by: 1000) {
      try await fixture.put(start..<(start + 1000), payloadBytes: 1000)
    }
    let before = try fixture.storePath()
    _ = try await fixture.write(.delete(.ids((100..<8000).map { .number($0) })))
    var next: UInt64 = 10_000
    while fixture.engine.figures.compactionsCount == 0 {
      try await fixture.put(next..<(next + 1))
      next += 1
    }
    try await fixture.put(next..<(next + 100))
    let expected = 100 + Int(next - 10_000) + 100
    #expect(try await fixture.count() == expected)
    #expect(fixture.engine.figures.compactionsFreedBytes > 4 << 20)
    let after = try fixture.storePath()
    #expect(after != before)
    #expect(try POSIXFileSystem().kind(of: before) == nil)
    #expect(try byteCount(after) < 4 << 20)
    let dump = try await fixture.dump()
    #expect(dump.count == expected)
    #expect(try fixture.verifyOffline().defects == [])
    #expect(try await fixture.dump() == dump)
  }

  /// A snapshot that began on the old store ends on it, whatever becomes of its file.
  @Test func snapshotsAreWholeWhileTheStoreIsExchanged() async throws {
    let fixture = try EngineFixture(Self.eager)
    try await fixture.create(EngineFixture.plain)
    let engine = fixture.engine
    var snapshots: [SnapshotDescription] = []
    for round: UInt64 in 1...6 where round <= 3 || fixture.engine.figures.compactionsCount == 0 {
      let first = round * 10_000
      for start in stride(from: first, to: first + 3000, by: 1000) {
        try await fixture.put(start..<(start + 1000), payloadBytes: 1000)
      }
      _ = try await fixture.write(.delete(.ids(((first + 10)..<(first + 3000)).map { .number($0) })))
      let tasks = (0..<2).map { _ in Task { try await engine.snapshot() } }
      for id in (first + 5000)..<(first + 5050) { try await fixture.put(id..<(id + 1)) }
      for task in tasks { snapshots.append(try await task.value) }
      for id in (first + 6000)..<(first + 6050) { try await fixture.put(id..<(id + 1)) }
    }
    #expect(fixture.engine.figures.compactionsCount > 0)
    // A restore compares count, digest and searches with what the snapshot says.
    for snapshot in snapshots { try await fixture.recover(snapshot.name, as: "d") }
    #expect(try fixture.verifyOffline().defects == [])
  }

  /// The disk dies at each step of the exchange; the next start has everything.
  @Test(arguments: [
    ("open", "store-2.mdb.tmp"), ("rename", "store-2.mdb"), ("renamed", "store-2.mdb"),
    ("open", "manifest.tmp"),
    ("rename", "manifest"), ("renamed", "manifest"), ("unlink", "store-1.mdb"),
    ("unlink", "store-1.mdb-lock"),
  ])
  func anEndWithinLosesNothing(_ operation: String, _ name: String) async throws {
    let directory = "/tmp/needletail-engine-\(UUID128.random())"
    defer { try? POSIXTree.remove(directory) }
    let fixture = try EngineFixture(directory: directory) { $0.compaction.freeBytesMin = .max }
    try await fixture.create(EngineFixture.plain)
    try await fixture.put(0..<3000, payloadBytes: 1000)
    _ = try await fixture.write(.delete(.ids((50..<3000).map { .number($0) })))
    let dump = try await fixture.dump()
    try fixture.engine.shutdown()

    // The manifest is replaced for nothing but the exchange: the collection is too small for parts.
    let fileSystem = PickyFileSystem { $0 == operation && $1.hasSuffix("/" + name) }
    var configuration = EngineConfiguration(dataDirectory: directory)
    Self.eager(&configuration)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let engine = try Engine(configuration, fileSystem: fileSystem, logger: logger)
    while !fileSystem.hasFailed {
      // Answered or not: it only keeps the collection open until the end comes.
      try? await engine.write(.clearPayload(.ids([])), to: "c")
    }
    try? engine.shutdown()

    try fixture.reopen()
    #expect(try await fixture.dump() == dump)
    #expect(try fixture.verifyOffline().defects == [])
  }
}
