import Synchronization
import Testing

@testable import VectorEmbedder

/// Many videos' texts in few calls.
@Suite struct TextBatcherTests {
  /// Gives each text its length as a vector; its first call waits until `open`.
  private final class Gate: TextEmbedder {
    let identity = ModelIdentity(name: "gate", hash: "gate", dimension: 1)
    let callsMax: Int
    private let state = Mutex<(calls: [[String]], isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>(
      ([], false, []))

    init(callsMax: Int = .max) { self.callsMax = callsMax }

    var calls: [[String]] { state.withLock { $0.calls } }

    func open() {
      let waiting = state.withLock { state in
        state.isOpen = true
        return state.waiting
      }
      waiting.forEach { $0.resume() }
    }

    func embed(_ texts: [String], as role: TextRole, by deadline: StageDeadline) async throws(StageError)
      -> [[Float]]
    {
      await withCheckedContinuation { continuation in
        let isOpen = state.withLock { state in
          state.calls.append(texts)
          if !state.isOpen { state.waiting.append(continuation) }
          return state.isOpen
        }
        if isOpen { continuation.resume() }
      }
      if texts.contains("poison") { throw StageError(.text, "poison") }
      return texts.map { [Float($0.count)] }
    }
  }

  private func batcher(_ gate: Gate, cores: Int) -> TextBatcher {
    TextBatcher(
      gate, budget: CoreBudget(cores: cores), callLimit: .seconds(3600), videoLimit: .seconds(7200))
  }

  @Test func textsGatherWhileACallComputes() async throws {
    let gate = Gate()
    let batcher = batcher(gate, cores: 1)
    let answers = try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
      for number in 0..<40 {
        group.addTask {
          (number, try await batcher.embed([String(repeating: "x", count: number)]).vectors)
        }
      }
      while await batcher.waitingCount + (gate.calls.first?.count ?? 0) < 40 { await Task.yield() }
      gate.open()
      return try await group.reduce(into: [Int: [[Float]]]()) { $0[$1.0] = $1.1 }
    }
    for number in 0..<40 { #expect(answers[number] == [[Float(number)]]) }
    #expect(gate.calls.allSatisfy { $0.count <= TextBatcher.textsMax })
    #expect(gate.calls.count <= 3)
    #expect(await batcher.textCount == 40)
  }

  @Test func oneVideosFaultIsNotTheOthers() async throws {
    let gate = Gate()
    let batcher = batcher(gate, cores: 1)
    let failed = await withTaskGroup(of: String?.self) { group in
      for text in ["first", "a", "poison", "b"] {
        group.addTask {
          do {
            _ = try await batcher.embed([text, text])
            return nil
          } catch {
            return text
          }
        }
      }
      while await batcher.waitingCount + (gate.calls.first?.count ?? 0) < 8 { await Task.yield() }
      gate.open()
      return await group.reduce(into: [String]()) { if let text = $1 { $0.append(text) } }
    }
    #expect(failed == ["poison"])
  }

  @Test func aLongTextIsOneVector() async throws {
    let gate = Gate()
    gate.open()
    let batcher = batcher(gate, cores: 2)
    let text = String(repeating: "word ", count: 9000)
    let chunks = try TextChunk.chunks(of: text, by: .far)
    let vector = try await TextChunk.vector(of: chunks, dimension: 1) { (texts) async throws(StageError) in
      try await batcher.embed(texts).vectors
    }
    #expect(vector == [1])
    #expect(gate.calls.map(\.count).max() == TextBatcher.textsMax)
  }

  /// Shows each call's limit to the test.
  private struct Watched: TextEmbedder {
    let identity = ModelIdentity(name: "watched", hash: "watched", dimension: 1)
    var callsMax = 1
    let onCall: @Sendable ([String], StageDeadline) -> Void

    func embed(
      _ texts: [String], as role: TextRole, by deadline: StageDeadline
    ) async throws(StageError) -> [[Float]] {
      onCall(texts, deadline)
      return texts.map { _ in [1] }
    }
  }

  @Test func whatAVideosTextsTookIsTakenFromItsTime() async throws {
    let calls = Mutex<[(Duration, Duration)]>([])
    let start = ContinuousClock.now
    let batcher = TextBatcher(
      Watched { _, deadline in calls.withLock { $0.append((deadline.limit, deadline.remaining)) } },
      budget: CoreBudget(cores: 1), callLimit: .seconds(600), videoLimit: .seconds(3600), now: { start })
    _ = try await batcher.embed(["a"], spent: .seconds(100))
    _ = try await batcher.embed(["a"], spent: .seconds(3590))
    let error = await #expect(throws: StageError.self) {
      try await batcher.embed(["a"], spent: .seconds(3600))
    }
    #expect(error == StageError(.text, "took longer than 3600 s"))
    let seen = calls.withLock { $0 }
    #expect(seen.map(\.0) == [.seconds(600), .seconds(3600)])
    #expect(seen.map(\.1) == [.seconds(600), .seconds(10)])
  }

  /// A call that waits for a process would hold a core and lose its time.
  @Test(arguments: [1, 2]) func noMoreCallsThanTheModelTakes(callsMax: Int) async throws {
    let gate = Gate(callsMax: callsMax)
    let batcher = batcher(gate, cores: 2)
    let texts = Array(repeating: "x", count: TextBatcher.textsMax)
    let first = Task { try await batcher.embed(texts) }
    while gate.calls.isEmpty { await Task.yield() }
    let second = Task { try await batcher.embed(texts) }
    while await batcher.waitingCount + gate.calls.dropFirst().count * texts.count < texts.count {
      await Task.yield()
    }
    #expect(await batcher.callCount == callsMax)
    gate.open()
    _ = try await first.value
    _ = try await second.value
    #expect(gate.calls.count == 2)
  }

  @Test func noMoreThanTheCoresWorkAtOnce() async throws {
    let budget = CoreBudget(cores: 3)
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          await budget.take()
          counter.add(1)
          for _ in 0..<10 { await Task.yield() }
          counter.add(-1)
          await budget.giveBack()
        }
      }
    }
    let (now, most) = counter.counts
    #expect(now == 0)
    #expect((1...3).contains(most))
  }

  private final class Counter: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var counts: (now: Int, most: Int) { state.withLock { $0 } }

    func add(_ number: Int) {
      state.withLock { $0 = ($0.now + number, max($0.most, $0.now + number)) }
    }
  }
}
