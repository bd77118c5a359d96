import Dispatch

@testable import VectorEngine

/// Keeps the commits of an engine's stores under way: they begin, and go on only when they are let go.
final class HeldCommits: Sendable {
  private let going = DispatchSemaphore(value: 0)
  private let threadCount: Int

  /// Returns when every thread that commits is held.
  init(_ engine: Engine) {
    threadCount = engine.configuration.writerThreads
    let held = DispatchSemaphore(value: 0)
    for _ in 0..<threadCount {
      let isAccepted = engine.environment.committers.submit { [going] in
        held.signal()
        going.wait()
      }
      precondition(isAccepted)
    }
    for _ in 0..<threadCount { held.wait() }
  }

  /// Lets all commits go on; called once.
  func letGo() {
    for _ in 0..<threadCount { going.signal() }
  }
}

extension Engine {
  /// Commits that have begun and are held.
  var heldCommitsCount: Int { environment.committers.waitingCount }
}
