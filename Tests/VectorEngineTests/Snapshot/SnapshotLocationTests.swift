import Synchronization
import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Restores of files that are neither uploads nor the server's own.
@Suite struct SnapshotLocationTests {
  /// A directory beside the engine's, and what it permits.
  private final class Outside {
    let directory = "/tmp/needletail-outside-\(UUID128.random())"
    let disk = POSIXFileSystem()

    init() throws {
      try disk.createDirectory(directory)
      try disk.createDirectory(directory + "/allowed")
      try disk.createDirectory(directory + "/allowed/deeper")
    }

    deinit { try? POSIXTree.remove(directory) }

    func copy(_ source: String, to name: String) throws -> String {
      let bytes = try disk.readFile(source, byteCountMax: 1 << 24)
      try disk.replaceFile(directory + "/" + name, with: bytes.span)
      return "file://\(directory)/\(name)"
    }
  }

  private func filled(_ configure: @escaping (inout EngineConfiguration) -> Void) async throws
    -> EngineFixture
  {
    let fixture = try EngineFixture(configure)
    try await fixture.create(EngineFixture.plain)
    try await fixture.put(0..<100)
    return fixture
  }

  private func refusal(
    _ fixture: EngineFixture, _ location: String, checksum: String? = nil
  ) async -> RequestError? {
    do {
      try await fixture.recover(location, as: "d", checksum: checksum)
      return nil
    } catch {
      return error as? RequestError
    }
  }

  @Test func nothingIsPermittedUnlessConfigured() async throws {
    let outside = try Outside()
    let fixture = try await filled { _ in }
    let snapshot = try await fixture.snapshot()
    let file = try outside.copy(fixture.engine.snapshots.library.path(of: snapshot.name), to: "allowed/s")
    for location in [file, "http://127.0.0.1/s", "https://127.0.0.1/s"] {
      let refused = await refusal(fixture, location)
      #expect(refused?.httpStatus == 403, "\(location)")
      #expect(refused?.message.contains("snapshot_url_prefixes") == true, "\(refused?.message ?? "")")
    }
  }

  @Test func filesBelowAPermittedDirectoryAreRestored() async throws {
    let outside = try Outside()
    let directory = outside.directory
    let fixture = try await filled {
      $0.snapshotURLs = (try? SnapshotURLs(prefixes: ["file://\(directory)/allowed/"])) ?? .none
    }
    let snapshot = try await fixture.snapshot()
    let own = fixture.engine.snapshots.library.path(of: snapshot.name)
    let file = try outside.copy(own, to: "allowed/deeper/s")
    let dump = try await fixture.dump()
    try await fixture.recover(file, as: "d", checksum: snapshot.checksum)
    #expect(try await fixture.dump("d") == dump)
    #expect(await refusal(fixture, file, checksum: String(repeating: "0", count: 64))?.httpStatus == 400)

    let secret = try outside.copy(own, to: "secret")
    _ = try outside.copy(own, to: "allowedtoo")
    #expect(unsafe symlink("\(directory)/secret", "\(directory)/allowed/link") == 0)
    #expect(unsafe symlink(directory, "\(directory)/allowed/up") == 0)
    #expect(unsafe mkfifo("\(directory)/allowed/pipe", 0o600) == 0)
    for (location, status) in [
      (secret, 403), ("file://\(directory)/allowed/../secret", 403), ("file://\(directory)/allowedtoo", 403),
      ("file://\(directory)/allowed/%2e%2e/secret", 403), ("file://\(directory)/allowed/", 403),
      ("file://\(directory)/allowed/link", 400), ("file://\(directory)/allowed/up/secret", 400),
      ("file://\(directory)/allowed/pipe", 400), ("file://\(directory)/allowed/deeper", 400),
      ("file://\(directory)/allowed/missing", 400),
    ] {
      #expect(await refusal(fixture, location)?.httpStatus == status, "\(location)")
    }
  }

  @Test func whatIsFetchedIsBoundedAndLeavesNothing() async throws {
    let fetcher = Fetcher()
    let fixture = try await filled {
      guard var urls = try? SnapshotURLs(prefixes: ["http://backup.example/a/"]) else { return }
      urls.fetcher = fetcher
      urls.byteCountMax = 1 << 20
      $0.snapshotURLs = urls
    }
    let snapshot = try await fixture.snapshot()
    let library = fixture.engine.snapshots.library
    let bytes = try POSIXFileSystem().readFile(library.path(of: snapshot.name), byteCountMax: 1 << 24)
    let dump = try await fixture.dump()
    fetcher.answer(bytes)
    try await fixture.recover("http://backup.example/a/s", as: "d", checksum: snapshot.checksum)
    #expect(try await fixture.dump("d") == dump)
    #expect(fetcher.urls == ["http://backup.example/a/s"])

    for location in [
      "http://backup.example/b/s", "http://backup.example.evil.com/a/s", "https://backup.example/a/s",
      "http://backup.example/a/../b/s", "http://backup.example/a/%2e%2e/b", "http://backup.example/a/",
      "http://backup.example/a/s\r\nx: y", "http://u@backup.example/a/s",
    ] {
      #expect(await refusal(fixture, location)?.httpStatus == 403, "\(location)")
    }
    fetcher.answer([UInt8](repeating: 0, count: 2 << 20))
    #expect(await refusal(fixture, "http://backup.example/a/s")?.message.contains("larger than") == true)
    fetcher.answer(bytes, fails: true)
    #expect(await refusal(fixture, "http://backup.example/a/s")?.message.contains("cut off") == true)
    var damaged = bytes
    damaged[bytes.count / 2] ^= 1
    fetcher.answer(damaged)
    #expect(await refusal(fixture, "http://backup.example/a/s") != nil)
    #expect(try await fixture.dump("d") == dump)
    let left = try POSIXFileSystem().list(fixture.directory + "/snapshots")
    #expect(left.filter { $0.hasSuffix(".tmp") } == [])
  }

  @Test(arguments: [
    "backup/", "ftp://h/", "http://", "http://host", "http://u:p@h/", "http://h/../", "file:///a/b",
    "file://a/",
    "http://h/?a=/", "http://h/ /",
  ])
  func beginningsThatPermitTooMuchAreRefused(_ prefix: String) {
    #expect(throws: SnapshotURLs.Malformed.self) { try SnapshotURLs(prefixes: [prefix]) }
  }

  @Test func aStreamedSnapshotIsNotKept() async throws {
    let fixture = try await filled { _ in }
    guard case .source(let source) = try await fixture.snapshots(.stream(.collection("c"))) else {
      throw RequestError.internalError("no source")
    }
    #expect(try POSIXFileSystem().list(fixture.directory + "/snapshots") == [])
    let bytes = try source.read(at: 0, count: Int(source.byteCount))
    guard case .sink(let sink) = try await fixture.snapshots(.beginUpload) else {
      throw RequestError.internalError("no sink")
    }
    try sink.write(bytes)
    let recovery = SnapshotRecovery(collection: "d", source: .upload(sink))
    _ = try await fixture.snapshots(.recover(recovery, wait: true))
    #expect(try await fixture.dump("d") == fixture.dump())
  }

  @Test func anUploadThatIsNotUsedGoes() async throws {
    let fixture = try await filled { _ in }
    do {
      guard case .sink(let sink) = try await fixture.snapshots(.beginUpload) else {
        throw RequestError.internalError("no sink")
      }
      try sink.write([1, 2, 3])
      #expect(try POSIXFileSystem().list(fixture.directory + "/snapshots").count == 1)
    }
    // Whoever gave the sink away may be the last to let go of it.
    var left = 1
    for _ in 0..<100_000 where left > 0 {
      left = try POSIXFileSystem().list(fixture.directory + "/snapshots").count
      await Task.yield()
    }
    #expect(left == 0)
  }

  /// A list says to which operations a snapshot leads with the log that is kept, and verify says it of a directory.
  @Test func whatCanBeRestoredIsShown() async throws {
    let fixture = try EngineFixture { $0.logRetentionHours = 1 }
    try await fixture.create(EngineFixture.plain)
    try await fixture.put(0..<10)
    try await fixture.put(10..<20)
    let snapshot = try await fixture.snapshot()
    for id: UInt64 in 20..<25 { try await fixture.put(id..<(id + 1)) }
    let listed = try #require(try await fixture.list().first)
    #expect(listed.earliestSequence == snapshot.earliestSequence)
    #expect(listed.sequence == 2)
    #expect(listed.latestSequence == 7)
    let report = try fixture.verifyOffline()
    #expect(report.restorable.map(\.collection) == ["c"])
    #expect(report.restorable.first?.snapshot.latestSequence == 7)
    try await fixture.recover(snapshot.name, as: "d", until: .sequence(7))
    #expect(try await fixture.dump("d") == fixture.dump())
    // The snapshot is of a life that is over once the collection was restored: its log is another.
    try await fixture.recover(snapshot.name, as: "c")
    #expect(try await fixture.list().first?.latestSequence == 2)
  }
}

/// Gives what a test says, in pieces.
private final class Fetcher: SnapshotFetcher {
  private struct State {
    var bytes: [UInt8] = []
    var fails = false
    var urls: [String] = []
  }

  private let state = Mutex(State())

  var urls: [String] { state.withLock { $0.urls } }

  func answer(_ bytes: [UInt8], fails: Bool = false) {
    state.withLock {
      $0.bytes = bytes
      $0.fails = fails
    }
  }

  func fetch(
    _ url: String, key: String?, receive: @escaping @Sendable ([UInt8]) throws(RequestError) -> Void
  ) throws(RequestError) {
    let (bytes, fails) = state.withLock { state in
      state.urls.append(url)
      return (state.bytes, state.fails)
    }
    for start in stride(from: 0, to: bytes.count, by: 1000) {
      try receive(Array(bytes[start..<min(start + 1000, bytes.count)]))
    }
    if fails { throw .badRequest("cut off") }
  }
}
