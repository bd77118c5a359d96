import Logging
import Synchronization
import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A process that is killed while it restores a collection in the place of an older one.
@Suite struct RestoreKillTests {
  /// Restores the only snapshot in place; calls `step` before each call to the disk from its begin on.
  private static func restore(_ directory: String, _ step: @escaping @Sendable () -> Void) async throws {
    let isArmed = Cancellation()
    let fileSystem = PickyFileSystem { _, _ in
      if isArmed.isCancelled { step() }
      return false
    }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let engine = try Engine(
      EngineConfiguration(dataDirectory: directory), fileSystem: fileSystem, logger: logger)
    try engine.snapshots.library.refresh()
    let name = try #require(engine.snapshots.library.list("c").first).description.name
    isArmed.cancel()
    try engine.snapshots.recover(SnapshotRecovery(collection: "c", source: .location(name)))
    try engine.shutdown()
  }

  @Test func theOldDataStayUntilTheNewIsWhole() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(SnapshotWorkload.configuration)
    var workload = SnapshotWorkload(seed: 50)
    for _ in 0..<20 { _ = try await fixture.write(workload.operation()) }
    let snapshotted = try await fixture.dump()
    try await fixture.snapshot()
    for _ in 0..<20 { _ = try await fixture.write(workload.operation()) }
    let old = try await fixture.dump()
    #expect(old != snapshotted)

    let directory = fixture.directory
    let calls = Mutex(0)
    do {
      // How many calls it takes, on a copy that is thrown away.
      let copy = "/tmp/needletail-engine-\(UUID128.random())"
      defer { try? POSIXTree.remove(copy) }
      try fixture.engine.shutdown()
      #expect(unsafe system("cp -r \(directory) \(copy)") == 0)
      try await Self.restore(copy) { calls.withLock { $0 += 1 } }
    }
    let callCount = calls.withLock { $0 }
    #expect(callCount > 20)
    var kept = 0
    for number in [1, callCount / 4, callCount / 2, callCount * 3 / 4, callCount - 8, callCount - 3] {
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [directory = directory as String, number = number as Int] in
        let calls = Mutex(0)
        try await RestoreKillTests.restore(directory) {
          let count = calls.withLock { calls in
            calls += 1
            return calls
          }
          if count == number { kill(getpid(), SIGKILL) }
        }
      }
      try fixture.reopen()
      let dump = try await fixture.dump()
      // Only behind the change of the catalogue is it the snapshot's.
      if dump == old {
        kept += 1
      } else {
        #expect(dump == snapshotted, "killed at call \(number) of \(callCount)")
      }
      #expect(try fixture.verifyOffline().defects == [])
      #expect(try POSIXFileSystem().list(directory + "/collections").count == 1, "leftovers go at the start")
      try fixture.engine.shutdown()
      if dump != old { break }
    }
    #expect(kept >= 3)
    try fixture.reopen()
  }
}
