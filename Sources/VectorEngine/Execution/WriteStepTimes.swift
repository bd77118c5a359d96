import Synchronization

/// How often the steps of all writes were done, and how long they have taken together; read by `/metrics`.
package final class WriteStepTimes: Sendable {
  /// The steps, in the order of a write.
  package enum Step: Int, CaseIterable, Sendable {
    case resolve, encode, append, apply, sync, publish, commit
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
      let elapsed = start.duration(to: .now).components
      let spent = elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
      totals.withLock { totals in
        totals[step.rawValue].count += 1
        totals[step.rawValue].nanoseconds += spent
      }
    }
    return try body()
  }

  /// Seconds spent in `step` since the start.
  package func seconds(_ step: Step) -> Double {
    Double(totals.withLock { $0[step.rawValue].nanoseconds }) / 1e9
  }

  /// How often `step` was done since the start: a sync serves all the writes that waited for it.
  package func count(_ step: Step) -> UInt64 { totals.withLock { $0[step.rawValue].count } }
}
