/// How many computing pieces of work there may be at once, over all videos and stages.
package actor CoreBudget {
  package nonisolated let cores: Int
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []
  /// What is near its end and frees memory goes first.
  private var urgent: [CheckedContinuation<Void, Never>] = []

  package init(cores: Int) {
    precondition(cores > 0)
    self.cores = cores
    free = cores
  }

  /// Runs a piece of work as soon as a core is free.
  nonisolated func run<Value: Sendable>(
    _ body: () async throws(StageError) -> Value
  ) async throws(StageError) -> Value {
    await take()
    do {
      let value = try await body()
      await giveBack()
      return value
    } catch {
      await giveBack()
      throw error
    }
  }

  /// Returns when a core is free for the caller, who gives it back.
  func take(isUrgent: Bool = false) async {
    if free > 0 {
      free -= 1
      return
    }
    await withCheckedContinuation { continuation in
      if isUrgent { urgent.append(continuation) } else { waiting.append(continuation) }
    }
  }

  func giveBack() {
    if !urgent.isEmpty {
      urgent.removeFirst().resume()
    } else if !waiting.isEmpty {
      waiting.removeFirst().resume()
    } else {
      free += 1
    }
  }
}
