import Testing
import VectorModel

@testable import VectorStorage

/// Every call that a log makes, met by every fault, with the process or the machine ending afterwards.
@Suite struct LogFaultTests {
  /// What the clients of a log know.
  private struct Ledger {
    /// Bodies by sequence, as they were appended; those above `durable` may or may not survive.
    var bodies: [UInt64: [UInt8]] = [:]
    var durable: UInt64 = 0
    var discardedThrough: UInt64 = 0
    var isCreated = false
  }

  /// Appends, syncs, discards, closes and opens; stops at the first failure, as a poisoned collection does.
  private func run(_ fileSystem: SimulatedFileSystem, _ ledger: inout Ledger) throws(StorageError) {
    var log = try LogTesting.create(fileSystem, LogTesting.smallOptions(segmentBytes: 700))
    ledger.isCreated = true
    for step in 1...36 {
      let sequence = log.lastSequence + 1
      let body = LogTesting.body(sequence, count: step * 53 % 260)
      ledger.bodies[sequence] = body
      try log.append(body)
      if step % 3 == 0 {
        ledger.durable = try log.sync()
      }
      if step == 15 { try log.discard(through: 6) }
      if step == 20 {
        try log.close()
        ledger.durable = log.lastSequence
        log = try LogTesting.open(fileSystem, LogTesting.smallOptions(segmentBytes: 700))
      }
      if step == 28 {
        // A restart without a clean end, with operations that nothing proves durable.
        fileSystem.state.withLock { $0.life += 1 }
        log = try LogTesting.open(fileSystem, LogTesting.smallOptions(segmentBytes: 700))
        ledger.bodies = ledger.bodies.filter { $0.key <= log.lastSequence }
        ledger.durable = log.lastSequence
      }
    }
    try log.close()
    ledger.durable = log.lastSequence
  }

  /// Everything acknowledged is there, nothing else than what was appended, and the log works on.
  private func check(_ fileSystem: SimulatedFileSystem, _ ledger: Ledger, _ comment: String) throws {
    guard ledger.isCreated || !fileSystem.paths.filter({ $0.hasSuffix(".log") }).isEmpty else { return }
    let log = try LogTesting.open(fileSystem)
    #expect(log.lastSequence >= ledger.durable, "\(comment): acknowledged operations are gone")
    let records = try log.allRecords()
    #expect(records.map(\.sequence) == Array((log.firstSequence..<(log.lastSequence + 1))), "\(comment)")
    #expect(log.firstSequence <= 7, "\(comment)")
    for record in records { #expect(record.body == ledger.bodies[record.sequence], "\(comment)") }
    let sequence = try log.append([7])
    #expect(try log.sync() == sequence)
    fileSystem.kill()
    #expect(try LogTesting.open(fileSystem).allRecords().last?.body == [7], "\(comment)")
  }

  @Test(arguments: SimulatedFileSystem.Fault.allCases)
  func everyCallMetByAFault(_ fault: SimulatedFileSystem.Fault) throws {
    let whole = try LogTesting.makeFileSystem()
    var wholeLedger = Ledger()
    whole.arm(.shortWrite, atCall: .max)
    try run(whole, &wholeLedger)
    let callCount = whole.callCount
    #expect(callCount > 100)
    var fired: [String: Int] = [:]
    for call in 0..<callCount {
      for end in 0..<TestLength.rounds(2, long: 12) {
        let fileSystem = try LogTesting.makeFileSystem()
        var ledger = Ledger()
        fileSystem.arm(fault, atCall: call)
        do throws(StorageError) { try run(fileSystem, &ledger) } catch {}
        if let operation = fileSystem.firedOperation { fired[operation, default: 0] += 1 }
        // The process ends, then perhaps the machine.
        var random = SplitMix64(seed: UInt64(call * 12 + end))
        if (call + end) % 2 == 0 { fileSystem.kill() } else { fileSystem.losePower(&random) }
        try check(fileSystem, ledger, "\(fault) at call \(call), end \(end)")
      }
    }
    let operations =
      fault == .shortWrite
      ? ["write"]
      : [
        "close", "list", "open", "preallocate", "read", "rename", "size", "sync", "sync directory",
        "truncate", "unlink",
        "write",
      ]
    #expect(fired.keys.sorted() == operations)
  }

  /// A second power loss during the recovery from the first.
  @Test func powerLossDuringRecovery() throws {
    for seed in 0..<UInt64(TestLength.rounds(20, long: 300)) {
      let origin = try LogTesting.makeFileSystem()
      var ledger = Ledger()
      origin.arm(.kill, atCall: 40 + Int(seed) * 7 % 150)
      do throws(StorageError) { try run(origin, &ledger) } catch {}
      var random = SplitMix64(seed: seed)
      origin.losePower(&random)
      guard ledger.isCreated else { continue }
      for call in 0..<60 {
        let fileSystem = origin.copy()
        fileSystem.arm(.kill, atCall: call)
        do throws(StorageError) { _ = try LogTesting.open(fileSystem) } catch {}
        guard fileSystem.firedOperation != nil else { break }
        fileSystem.losePower(&random)
        try check(fileSystem, ledger, "seed \(seed), killed again at call \(call)")
      }
    }
  }

  @Test func aFailedSyncPoisonsUntilReopened() throws {
    let fileSystem = try LogTesting.makeFileSystem()
    let log = try LogTesting.create(fileSystem)
    try log.append([1])
    _ = try log.sync()
    try log.append([2])
    fileSystem.arm(.inputOutput, atCall: 1)
    #expect(throws: StorageError.self) { try log.sync() }
    #expect(fileSystem.firedOperation == "sync")
    fileSystem.disarm()
    for _ in 0..<2 {
      let append = #expect(throws: StorageError.self) { try log.append([3]) }
      let sync = #expect(throws: StorageError.self) { try log.sync() }
      for error in [append, sync] {
        guard case .poisoned = error else {
          Issue.record("expected a poisoned log, found \(String(describing: error))")
          return
        }
        #expect(error?.requestError.code == .unavailable)
      }
    }
    #expect(log.durableSequence == 1)
    #expect(try log.allRecords().map(\.body) == [[1]])
    fileSystem.kill()
    // The bytes are in the page cache, so the operation is there; it was answered "outcome unknown".
    let reopened = try LogTesting.open(fileSystem)
    #expect(reopened.lastSequence == 2)
    var random = SplitMix64(seed: 1)
    fileSystem.losePower(&random)
    #expect(try LogTesting.open(fileSystem).lastSequence == 2, "opening made it durable")
  }

  /// A start on a full disk has no space to copy what may be in the page cache only.
  @Test func aLogIsOpenedOnAFullDisk() throws {
    var writesCount = 0
    for call in 0..<20 {
      let fileSystem = try LogTesting.makeFileSystem()
      let log = try LogTesting.create(fileSystem, LogTesting.smallOptions(segmentBytes: 1 << 16))
      try log.append([1])
      _ = try log.sync()
      try log.append([UInt8](repeating: 2, count: 3000))
      // Written, and the sync fails: the pages are clean and not on the disk.
      fileSystem.arm(.inputOutput, atCall: 1)
      #expect(throws: StorageError.self) { try log.sync() }
      #expect(fileSystem.firedOperation == "sync")
      fileSystem.kill()
      fileSystem.arm(.noSpace, atCall: call)
      let reopened = try? LogTesting.open(fileSystem)
      let operation = fileSystem.firedOperation
      fileSystem.disarm()
      if operation == "write" {
        writesCount += 1
        #expect(try reopened?.allRecords().map(\.body.count) == [1, 3000])
        var random = SplitMix64(seed: UInt64(call))
        fileSystem.losePower(&random)
      } else {
        fileSystem.kill()
      }
      let again = try LogTesting.open(fileSystem)
      #expect(try again.allRecords().map(\.body.count) == [1, 3000])
      try again.append([3])
      #expect(try again.sync() == 3)
    }
    #expect(writesCount > 0)
  }

  @Test func aFullDiskRefusesAppendsAndResumes() throws {
    let fileSystem = try LogTesting.makeFileSystem()
    let log = try LogTesting.create(fileSystem, LogTesting.smallOptions(segmentBytes: 1 << 16))
    try log.append([1])
    _ = try log.sync()
    fileSystem.arm(.noSpace, atCall: 0)
    let error = #expect(throws: StorageError.self) { try log.append([UInt8](repeating: 1, count: 5000)) }
    #expect(fileSystem.firedOperation == "preallocate")
    #expect(error?.requestError.code == .insufficientStorage)
    #expect(log.lastSequence == 1)
    fileSystem.disarm()
    #expect(try log.append([UInt8](repeating: 1, count: 5000)) == 2)
    fileSystem.arm(.noSpace, atCall: 0)
    #expect(throws: StorageError.self) { try log.sync() }
    #expect(fileSystem.firedOperation == "write")
    fileSystem.disarm()
    #expect(try log.append([3]) == 3)
    #expect(try log.sync() == 3)
    fileSystem.kill()
    #expect(try LogTesting.open(fileSystem).allRecords().map(\.body.count) == [1, 5000, 1])
  }
}
