/// How long each stage took, and what went wrong without ending the video.
package actor StageClock {
  private var durations: [Stage: Duration] = [:]
  package private(set) var warnings: [StageError] = []

  package init() {}

  package func add(_ duration: Duration, to stage: Stage) {
    durations[stage, default: .zero] += duration
  }

  /// Counts what was done within one stage as another's.
  func move(_ duration: Duration, from stage: Stage, to other: Stage) {
    guard duration > .zero else { return }
    durations[stage, default: .zero] -= duration
    durations[other, default: .zero] += duration
  }

  func spent(on stage: Stage) -> Duration { durations[stage] ?? .zero }

  package var seconds: [Stage: Double] { durations.mapValues { $0 / .seconds(1) } }

  package func warn(_ error: StageError) { warnings.append(error) }

  /// Runs a stage and adds its time.
  nonisolated func measure<Value: Sendable>(
    _ stage: Stage, _ body: () async throws(StageError) -> Value
  ) async throws(StageError) -> Value {
    let start = ContinuousClock.now
    do {
      let value = try await body()
      await add(ContinuousClock.now - start, to: stage)
      return value
    } catch {
      await add(ContinuousClock.now - start, to: stage)
      throw error
    }
  }
}
