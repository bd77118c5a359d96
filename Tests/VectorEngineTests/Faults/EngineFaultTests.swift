import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

/// Every call that an engine gives to the file system in a whole history, met by every fault, with the process or
/// the machine ending afterwards: what was acknowledged is there, and nothing else.
@Suite struct EngineFaultTests {
  private static let seed: UInt64 = 40

  /// What the database is before and after each step.
  private func states(_ steps: [FaultHistory.Step]) async throws -> (dumps: [[String]], callCount: Int) {
    let history = FaultHistory()
    history.disk.arm(.kill, atCall: .max)
    try history.open()
    var dumps: [[String]] = [[]]
    for step in steps {
      try await history.perform(step)
      dumps.append(try await history.dump())
    }
    try history.shutdown()
    return (dumps, history.disk.callCount)
  }

  /// Performs steps until the first that fails.
  /// - Returns: how many were acknowledged.
  private func run(_ history: FaultHistory, _ steps: [FaultHistory.Step]) async -> Int {
    do { try history.open() } catch { return 0 }
    for (index, step) in steps.enumerated() {
      do { try await history.perform(step) } catch { return index }
    }
    return steps.count
  }

  @Test(arguments: FaultyFileSystem.Fault.allCases)
  func everyCallMetByAFault(_ fault: FaultyFileSystem.Fault) async throws {
    let steps = FaultHistory.steps(seed: Self.seed)
    let (dumps, callCount) = try await states(steps)
    #expect(callCount > 400)
    let (first, stride) = TestLength.places(every: 47)
    var fired: Set<String> = []
    // Threads do not always make the same calls, so the last of them may come later.
    for call in Swift.stride(from: first, to: callCount * 5 / 4, by: stride) {
      let place = "\(fault) at call \(call)"
      let history = FaultHistory()
      history.disk.arm(fault, atCall: call)
      let acknowledgedCount = await run(history, steps)
      try? history.shutdown()
      if let operation = history.disk.disarm() { fired.insert(operation) }
      var random = SplitMix(seed: UInt64(call))
      if random.next() % 2 == 0 { try history.disk.losePower(&random) }
      try await check(history, dumps, acknowledgedCount, place)
    }
    guard TestLength.isLong else { return #expect(!fired.isEmpty) }
    #expect(
      fired.isSuperset(of: [
        "list", "map", "mkdir", "open", "preallocate", "read", "rename", "rmdir", "size", "stat", "sync",
        "sync directory", "truncate", "unlink", "write",
      ]), "only \(fired.sorted())")
  }

  /// The database is what it was after the acknowledged steps or after the one that failed, is sound, takes a write,
  /// and is the same after another loss of power.
  private func check(
    _ history: FaultHistory, _ dumps: [[String]], _ acknowledgedCount: Int, _ place: String
  ) async throws {
    do {
      try history.open()
      var found = try await history.dump()
      let allowed = dumps[acknowledgedCount..<min(acknowledgedCount + 2, dumps.count)]
      #expect(allowed.contains(found), "\(place): after \(acknowledgedCount) steps")
      if found.contains(where: { $0.hasPrefix("collection c") }) {
        let point = Point(id: .number(5), vectors: NamedVectors())
        try await history.perform(
          .request(
            .write(collection: "c", .upsert(UpsertOperation(points: [point])), UpdateParameters())))
        found = try await history.dump()
      }
      try history.shutdown()
      var random = SplitMix(seed: 1)
      try history.disk.losePower(&random)
      var check = try DataDirectoryCheck(history.directory)
      #expect(try check.run().defects == [], "\(place)")
      try history.open()
      #expect(try await history.dump() == found, "\(place): after a loss of power")
      try history.shutdown()
    } catch {
      Issue.record("\(place), after \(acknowledgedCount) steps: \(error)")
    }
  }
}
