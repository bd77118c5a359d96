import Synchronization

@testable import VectorEmbedder

extension StageDeadline {
  /// For work that a test does not mean to end.
  static var far: StageDeadline { StageDeadline(.text, .seconds(3600)) }
}

/// A clock that goes on by a second whenever somebody looks at it.
final class TickingClock: Sendable {
  private let start = ContinuousClock.now
  private let count = Mutex(0)

  /// How often somebody looked.
  var lookCount: Int { count.withLock { $0 } }

  var now: StageDeadline.Clock {
    {
      self.count.withLock { count in
        count += 1
        return self.start + .seconds(count)
      }
    }
  }

  /// A deadline that is over behind so many looks.
  func deadline(_ stage: Stage, looks: Int) -> StageDeadline {
    StageDeadline(stage, .seconds(looks), now: now)
  }
}
