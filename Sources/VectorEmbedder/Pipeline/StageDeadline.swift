/// When a stage that runs in this process has to be through with a video.
///
/// Nothing can end such work from outside, so it asks here between pieces of bounded size.
package struct StageDeadline: Sendable {
  /// Tells the time; a test puts its own in its place.
  package typealias Clock = @Sendable () -> ContinuousClock.Instant

  package let stage: Stage
  /// All that the stage may take for one video.
  package let limit: Duration
  /// What it took before this began.
  private let spentBefore: Duration
  private let start: ContinuousClock.Instant
  private let now: Clock

  /// Begins now.
  ///
  /// - Parameter spent: what of the limit is used up already.
  package init(
    _ stage: Stage, _ limit: Duration, spent: Duration = .zero,
    now: @escaping Clock = { ContinuousClock.now }
  ) {
    self.stage = stage
    self.limit = limit
    spentBefore = spent
    self.now = now
    start = now()
  }

  /// What the stage took until now, with what it took before.
  package var spent: Duration { spentBefore + (now() - start) }

  /// What is left of the limit; zero where nothing is.
  package var remaining: Duration { max(.zero, limit - spent) }

  /// - Throws: when nothing of the limit is left.
  package func check() throws(StageError) {
    guard remaining > .zero else {
      throw StageError(stage, "took longer than \(limit.components.seconds) s")
    }
  }
}
