#if canImport(Glibc)
  import Glibc
  import Testing
  import VectorModel

  @testable import VectorStorage

  /// Every write, truncation and sync that LMDB makes, met by every fault, with the process or the machine ending
  /// afterwards.
  @Suite(.serialized) struct PointStoreFaultTests {
    /// What a store's user knows: batch `n` puts point `n` and sets the applied sequence to `n`.
    private struct Ledger {
      var attempted: UInt64 = 0
      var committed: UInt64 = 0
      var synced: UInt64 = 0
    }

    private static let disk = POSIXFileSystem()

    private static func batch(_ number: UInt64) -> StoreBatch {
      var batch = StoreTesting.batch([number], vectorBytes: 700 * Int(number % 12))
      if number > 6 { batch.remove(number: number - 6, id: StoreTesting.id(number - 6)) }
      var applied: [UInt8] = []
      applied.append(littleEndian: number)
      batch.setMeta("applied", applied)
      return batch
    }

    /// Commits and syncs until the first failure.
    private static func run(_ store: PointStore, _ ledger: inout Ledger) throws(StorageError) {
      for number in (ledger.committed + 1)...(ledger.committed + 12) {
        ledger.attempted = number
        try store.commit(batch(number))
        ledger.committed = number
        if number % 4 == 0 {
          try store.sync()
          ledger.synced = number
        }
      }
    }

    /// The store is whole, is in the state after one batch, and that batch is at least `least`.
    private static func check(_ testing: StoreTesting, least: UInt64, _ ledger: Ledger) throws(StorageError)
      -> Bool
    {
      guard try StoreInspection.run(disk, path: testing.path).defectCount == 0 else { return false }
      let store = try testing.open()
      defer { try? store.close() }
      let applied = try store.read { (reader) throws(StorageError) in try reader.meta("applied") }
      let number = applied?.span.load(UInt64.self, at: 0) ?? 0
      guard number >= least, number <= ledger.attempted else { return false }
      let report = try store.verify()
      guard report.defectCount == 0, report.pointCount == min(number, 6) else { return false }
      var next = Ledger(attempted: number, committed: number, synced: number)
      try run(store, &next)
      return try store.verify().pointCount == 6
    }

    private static func makeStore() throws -> (StoreTesting, Ledger) {
      let testing = try StoreTesting()
      let store = try testing.create()
      var ledger = Ledger()
      try run(store, &ledger)
      try store.sync()
      ledger.synced = ledger.committed
      try store.close()
      return (testing, ledger)
    }

    /// Ends a child's round with what went wrong.
    private struct Failure: Error, CustomStringConvertible {
      let description: String
    }

    static func meetEveryCall(_ fault: FaultLibrary.Fault) throws {
      var fired: Set<String> = []
      var resumedCount = 0
      var call = 0
      while true {
        let (testing, before) = try makeStore()
        var ledger = before
        FaultLibrary.arm(testing.path, fault, atCall: call)
        let store = try testing.open()
        var failure: StorageError?
        do throws(StorageError) { try run(store, &ledger) } catch { failure = error }
        guard !FaultLibrary.fired.isEmpty else {
          FaultLibrary.disarm()
          break
        }
        fired.insert(FaultLibrary.fired)
        let place = "\(fault) at call \(call), \(FaultLibrary.fired)"
        let isResumed = failure == nil || (try? store.commit(batch(ledger.attempted))) != nil
        if isResumed { ledger.committed = ledger.attempted }
        if isResumed, failure != nil {
          // Only a write that found no space lets the store go on. (LMDB gives up for good at its meta page.)
          guard fault == .noSpace, FaultLibrary.fired == "pwrite", failure?.isOutOfSpace == true else {
            throw Failure(description: "\(place): a commit was taken after \(String(describing: failure))")
          }
          resumedCount += 1
        }
        try store.close()
        FaultLibrary.disarm()
        do {
          guard try check(testing, least: ledger.committed, ledger) else {
            throw Failure(description: "wrong state")
          }
        } catch {
          throw Failure(description: "\(place): \(error)")
        }
        call += 1
      }
      guard fired == ["pwrite", "sync"], call > 30, resumedCount > 5 || fault != .noSpace else {
        throw Failure(description: "\(fired) of \(call) calls, \(resumedCount) resumed")
      }
    }

    static func losePowerAtEveryCall(seeds: Int) throws {
      var call = 0
      while true {
        for seed in 0..<seeds {
          let (testing, before) = try makeStore()
          var ledger = before
          FaultLibrary.arm(testing.path, call % 2 == 0 ? .kill : .tornWrite, atCall: call)
          let store = try testing.open()
          do throws(StorageError) { try run(store, &ledger) } catch {}
          let isReached = !FaultLibrary.fired.isEmpty
          try store.close()
          FaultLibrary.disarm()
          guard isReached else { return }
          FaultLibrary.losePower(testing.path, seed: UInt64(call * 1000 + seed))
          guard try check(testing, least: ledger.synced, ledger) else {
            throw Failure(description: "power loss at call \(call), seed \(seed)")
          }
        }
        call += 1
      }
    }

    private static let source = Path.parent(of: #filePath) + "/Fixtures/faults.c.txt"

    /// Writes what `body` throws to a file for the parent process.
    static func report(to path: String, _ body: () throws -> Void) {
      do { try body() } catch {
        try? disk.replaceFile(path, with: Array("\(error)".utf8))
        exit(1)
      }
    }

    private static func expectNoReport(_ path: String) throws {
      guard try disk.kind(of: path) != nil else { return }
      Issue.record("\(String(decoding: try disk.readFile(path, byteCountMax: 1 << 20), as: UTF8.self))")
    }

    @Test func everyCallOfLMDBMetByAFault() async throws {
      let directory = try TemporaryDirectory()
      guard FaultLibrary.preload(from: Self.source, into: directory.path) else { return }
      let report = directory.path + "/report"
      await #expect(processExitsWith: .success) { [report = report as String] in
        PointStoreFaultTests.report(to: report) {
          for fault in FaultLibrary.Fault.allCases { try PointStoreFaultTests.meetEveryCall(fault) }
        }
      }
      FaultLibrary.unload()
      try Self.expectNoReport(report)
    }

    @Test func powerLossAtEveryCallOfLMDB() async throws {
      let directory = try TemporaryDirectory()
      guard FaultLibrary.preload(from: Self.source, into: directory.path) else { return }
      let report = directory.path + "/report"
      await #expect(processExitsWith: .success) { [report = report as String] in
        PointStoreFaultTests.report(to: report) {
          try PointStoreFaultTests.losePowerAtEveryCall(seeds: TestLength.rounds(2, long: 100))
        }
      }
      FaultLibrary.unload()
      try Self.expectNoReport(report)
    }
  }
#endif
