import Testing
import VectorModel

@testable import VectorEngine

/// What a collection does behind a call that failed.
@Suite struct PoisonTests {
  private func point(_ id: UInt64) -> FaultHistory.Step {
    let point = Point(
      id: .number(id), vectors: NamedVectors([.init(name: "a", value: .dense([1, 2, 3, 4]))]))
    return .request(.write(collection: "c", .upsert(UpsertOperation(points: [point])), UpdateParameters()))
  }

  private func opened() async throws -> FaultHistory {
    let history = FaultHistory(hasUpkeep: false)
    try history.open()
    try await history.perform(.request(.createCollection("c", SnapshotWorkload.configuration)))
    try await history.perform(point(1))
    return history
  }

  /// Writes point 2 with one call of that write failing, the one named `operation`.
  /// - Returns: what the write was answered with.
  private func failing(
    _ operation: String, _ kind: FaultyFileSystem.Fault
  ) async throws -> (history: FaultHistory, answer: RequestError?) {
    for call in 0..<20 {
      let history = try await opened()
      history.disk.arm(kind, atCall: call)
      var answer: RequestError?
      do { try await history.perform(point(2)) } catch { answer = error as? RequestError }
      if history.disk.disarm() == operation { return (history, answer) }
    }
    throw RequestError.internalError("no call \(operation)")
  }

  @Test func aFailedSyncMakesTheCollectionReadOnlyUntilARestart() async throws {
    let (history, answer) = try await failing("sync", .inputOutput)
    #expect(answer?.code == .unavailable)
    #expect(answer?.message.contains("its outcome is unknown") == true, "\(String(describing: answer))")
    let before = try await history.dump()
    for _ in 0..<2 {
      let error = await #expect(throws: RequestError.self) { try await history.perform(point(50)) }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("read-only until a restart: ") == true, "\(String(describing: error))")
      #expect(error?.message.contains("sync of ") == true)
    }
    #expect(try await history.dump() == before, "reads go on")
    try await history.perform(.restart)
    try await history.perform(point(50))
    let after = try await history.dump()
    #expect(after.contains { $0.hasPrefix("50 ") })
    #expect(after.count - before.count <= 2, "the write of unknown outcome, and the new one")
  }

  /// The second answer is as unknown as the first, whatever the collection remembers of the producer.
  @Test func aRepeatOfAWriteOfUnknownOutcomeIsNotAcknowledged() async throws {
    var parameters = UpdateParameters()
    parameters.producer = ProducerStamp(producer: UUID128(high: 1, low: 2), sequence: 1)
    let points = [Point(id: .number(7), vectors: NamedVectors())]
    let write = FaultHistory.Step.request(
      .write(collection: "c", .upsert(UpsertOperation(points: points)), parameters))
    var answers: [RequestError.Code?] = []
    for call in 0..<20 where answers.isEmpty {
      let history = try await opened()
      history.disk.arm(.inputOutput, atCall: call)
      let isRefused = (try? await history.perform(write)) == nil
      guard history.disk.disarm() == "sync" else { continue }
      #expect(isRefused)
      for _ in 0..<2 {
        do {
          try await history.perform(write)
          answers.append(nil)
        } catch { answers.append((error as? RequestError)?.code) }
      }
      try await history.perform(.restart)
      try await history.perform(write)
    }
    #expect(answers == [.unavailable, .unavailable])
  }

  @Test func aFullDiskRefusesAWriteAndTakesTheNext() async throws {
    let (history, answer) = try await failing("write", .noSpace)
    #expect(answer?.code == .insufficientStorage)
    // The next write finds space: what waited for it is made durable first.
    while (try? await history.perform(point(50))) == nil { await Task.yield() }
    let after = try await history.dump()
    for id in [1, 2, 50] { #expect(after.contains { $0.hasPrefix("\(id) ") }, "point \(id)") }
    try history.shutdown()
    var random = SplitMix(seed: 3)
    try history.disk.losePower(&random)
    try history.open()
    #expect(try await history.dump() == after)
  }
}
