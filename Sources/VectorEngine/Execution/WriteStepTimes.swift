import Synchronization

/// How often the steps of all writes were done, and how long they have taken together; read by `/metrics`.
package final class WriteStepTimes: Sendable {
  /// The steps, in the order of a write.
  package enum Step: Int, CaseIterable, Sendable {
    case resolve, encode, append, apply, sync, publish, commit
    /// Writes that waited for a commit because the store was too far behind.
    case backlog
    /// Answers held back because too many rows wait for a part.
    case throttle
  }

  private struct Total {
    var count: UInt64 = 0
    var nanoseconds: Int64 = 0
  }

  private let totals = Mutex([Total](repeating: Total(), count: Step.allCases.count))

  /// Runs `body` and adds its time to `step`.
  func measure<T, E: Error>(_ step: Step, _ body: () throws(E) -> T) throws(E) -> T {
    let start = ContinuousClock.now
    defer {
      add(start.duration(to: .now), to: step)
    }
    return try body()
  }

  /// Notes that `step` was done once and took so long.
  func add(_ duration: Duration, to step: Step) {
    let (seconds, attoseconds) = duration.components
    let spent = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    totals.withLock { totals in
      totals[step.rawValue].count += 1
      totals[step.rawValue].nanoseconds += spent
    }
  }

  /// Seconds spent in `step` since the start.
  package func seconds(_ step: Step) -> Double {
    Double(totals.withLock { $0[step.rawValue].nanoseconds }) / 1e9
  }

  /// How often `step` was done since the start: a sync serves all the writes that waited for it.
  package func count(_ step: Step) -> UInt64 { totals.withLock { $0[step.rawValue].count } }
}
