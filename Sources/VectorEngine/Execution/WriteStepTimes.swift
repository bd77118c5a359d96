import Synchronization

/// How long the steps of all writes have taken together; read by `/metrics`.
package final class WriteStepTimes: Sendable {
  /// The steps, in the order of a write.
  package enum Step: Int, CaseIterable, Sendable {
    case resolve, encode, append, apply, sync, publish, commit
  }

  private let nanoseconds = Mutex([Int64](repeating: 0, count: Step.allCases.count))

  /// Runs `body` and adds its time to `step`.
  func measure<T, E: Error>(_ step: Step, _ body: () throws(E) -> T) throws(E) -> T {
    let start = ContinuousClock.now
    defer {
      let elapsed = start.duration(to: .now).components
      let spent = elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
      nanoseconds.withLock { $0[step.rawValue] += spent }
    }
    return try body()
  }

  /// Seconds spent in `step` since the start.
  package func seconds(_ step: Step) -> Double {
    Double(nanoseconds.withLock { $0[step.rawValue] }) / 1e9
  }
}
