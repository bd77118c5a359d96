import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

/// Snapshots that others add to: how long they stay, and what is said when they are gone.
@Suite struct SnapshotChainTests {
  private let disk = POSIXFileSystem()

  private func filled(_ configure: @escaping (inout EngineConfiguration) -> Void = { _ in }) async throws
    -> EngineFixture
  {
    let fixture = try EngineFixture(configure)
    try await fixture.create(SnapshotWorkload.configuration)
    var workload = SnapshotWorkload(seed: 50)
    for _ in 0..<10 { _ = try await fixture.write(workload.operation()) }
    return fixture
  }

  /// A base goes once nothing that is kept adds to it, and with it what added to it.
  @Test func aBaseAndItsAdditionsGoInTheirTime() async throws {
    let fixture = try await filled { $0.snapshotsCountMax = 2 }
    let base = try await fixture.snapshot()
    let first = try await fixture.snapshot(base: base.name)
    let second = try await fixture.snapshot(base: first.name)
    #expect(try await fixture.list().map(\.name) == [base.name, first.name, second.name], "all are needed")
    let third = try await fixture.snapshot()
    #expect(try await fixture.list().count == 4, "the second of the two that stay needs two")
    let fourth = try await fixture.snapshot()
    #expect(try await fixture.list().map(\.name) == [third.name, fourth.name])
    try await fixture.recover(fourth.name, as: "d")
    #expect(try await fixture.dump("d") == fixture.dump())
  }

  @Test func whatStaysIsTheNewestAndItsBases() {
    func snapshot(_ name: String, _ age: UInt64, _ base: String? = nil) -> SnapshotDescription {
      SnapshotDescription(
        name: name, creationMilliseconds: 100 - age, byteCount: 1, checksum: "", description: "", base: base,
        sequence: 1, earliestSequence: 1)
    }
    let listed = [
      snapshot("a", 50), snapshot("b", 40, "a"), snapshot("c", 30, "a"), snapshot("d", 20),
      snapshot("e", 10, "d"),
    ]
    func kept(_ countMax: Int, _ ageMax: UInt64, made: String? = nil) -> String {
      SnapshotService.kept(listed, made: made, countMax: countMax, ageMillisecondsMax: ageMax, now: 100)
        .sorted().joined()
    }
    #expect(kept(0, 0) == "abcde")
    #expect(kept(1, 0) == "de")
    #expect(kept(2, 0) == "de")
    #expect(kept(3, 0) == "acde")
    #expect(kept(0, 5) == "de")
    #expect(kept(0, 30) == "acde")
    #expect(kept(4, 25) == "de")
    #expect(kept(1, 5, made: "b") == "abde", "the clock went back")
  }

  /// Verification calls a snapshot restorable only where all that it adds to is there and sound.
  @Test func aSnapshotOnABrokenBaseIsADefect() async throws {
    let fixture = try await filled()
    let base = try await fixture.snapshot()
    let first = try await fixture.snapshot(base: base.name)
    let second = try await fixture.snapshot(base: first.name)
    var workload = SnapshotWorkload(seed: 51)
    _ = try await fixture.write(workload.operation())
    let other = try await fixture.snapshot()
    let path = fixture.directory + "/snapshots/"
    let sound = try disk.readFile(path + base.name, byteCountMax: 1 << 20)
    var flipped = sound
    flipped[sound.count / 2] ^= 1
    let otherBytes = try disk.readFile(path + other.name, byteCountMax: 1 << 20)

    func expect(_ reason: String, defects: Int) throws {
      let report = try fixture.verifyOffline()
      #expect(report.restorable.map(\.snapshot.name).contains(other.name))
      #expect(!report.restorable.contains { [first.name, second.name].contains($0.snapshot.name) })
      #expect(report.defects.count == defects, "\(report.defects)")
      for (name, reason) in [(first.name, reason), (second.name, "cannot be restored")] {
        #expect(report.defects.contains { $0.what.contains("/\(name) adds to") && $0.what.contains(reason) })
      }
      #expect(fixture.engine.snapshots.library.defects { true }.count == defects)
    }
    try disk.replaceFile(path + base.name, with: flipped.span)
    try expect("damaged", defects: 3)
    try disk.replaceFile(path + base.name, with: otherBytes.span)
    try expect("not the one", defects: 2)
    try disk.unlink(path + base.name)
    try expect("missing", defects: 2)
    try disk.replaceFile(path + base.name, with: sound.span)
    #expect(try fixture.verifyOffline().restorable.count == 4)
  }

  /// The base of an upload is looked for in the directory, whether somebody has listed the snapshots or not.
  @Test func anUploadStandsOnABaseThatTheServerHas() async throws {
    let fixture = try await filled()
    let base = try await fixture.snapshot()
    var workload = SnapshotWorkload(seed: 52)
    _ = try await fixture.write(workload.operation())
    let added = try await fixture.snapshot(base: base.name)
    let bytes = try disk.readFile("\(fixture.directory)/snapshots/\(added.name)", byteCountMax: 1 << 20)
    try fixture.restart()
    guard case .sink(let sink) = try await fixture.snapshots(.beginUpload) else {
      throw RequestError.internalError("no sink")
    }
    try sink.write(bytes)
    _ = try await fixture.snapshots(
      .recover(SnapshotRecovery(collection: "d", source: .upload(sink)), wait: true))
    #expect(try await fixture.dump("d") == fixture.dump())
  }

  /// What a lost log would tell must not be taken for nothing.
  @Test func aTimeBehindALostLogIsRefused() async throws {
    let fixture = try await filled()
    let snapshot = try await fixture.snapshot()
    let later = currentMilliseconds() + 3_600_000
    try await fixture.recover(snapshot.name, as: "alive", until: .milliseconds(later))
    _ = try await fixture.send(.deleteCollection("c"))
    let error = await #expect(throws: RequestError.self) {
      try await fixture.recover(snapshot.name, as: "d", until: .milliseconds(later))
    }
    #expect(
      error?.message.contains("operation \(snapshot.sequence); the log of its collection is gone") == true)
    try await fixture.recover(snapshot.name, as: "d", until: .sequence(snapshot.sequence))
    #expect(try await fixture.dump("d") == fixture.dump("alive"))
  }

  /// Collections of a restored storage are noted in their directories, as created ones are.
  @Test func aRestoredStorageIsNotTakenForGarbage() async throws {
    let fixture = try await filled()
    let snapshot = try await fixture.snapshot(nil)
    try fixture.engine.snapshots.recoverStorage(StorageRecovery(source: .location(snapshot.name)))
    let directory = fixture.engine.snapshots.directory
    let id = try fixture.engine.catalogue.current.collection(named: "c")
    #expect(try directory.wasNamed(id))
  }

  @Test func whatIsNoFileIsNoDamage() async throws {
    let fixture = try await filled()
    let snapshot = try await fixture.snapshot()
    let path = "\(fixture.directory)/snapshots/\(snapshot.name)"
    #expect(try verifySnapshot(at: path).description().checksum == snapshot.checksum)
    #expect(throws: RequestError.self) { try verifySnapshot(at: fixture.directory) }
    #expect(throws: RequestError.self) { try verifySnapshot(at: path + "x") }
    var bytes = try disk.readFile(path, byteCountMax: 1 << 20)
    bytes[bytes.count - 1] ^= 1
    try disk.replaceFile(path, with: bytes.span)
    guard case .damaged(let what) = try verifySnapshot(at: path) else {
      Issue.record("the damage was not found")
      return
    }
    #expect(what.hasPrefix(path), "\(what)")
    // The version, and the checksum of the 60 bytes before it.
    bytes[8] = 2
    bytes.replaceSubrange(60..<64, with: withLittleEndian(CRC32C.checksum(bytes.span.extracting(0..<60))))
    try disk.replaceFile(path, with: bytes.span)
    #expect(throws: RequestError.self, "a later version") { try verifySnapshot(at: path) }
  }

  private func withLittleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
