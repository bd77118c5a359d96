import Synchronization
import VectorModel

/// What the writer knows about the build in the background.
struct BuildState {
  /// Set to end the running build.
  private(set) var cancellation: Cancellation?
  /// The generation could not be used and has to be built from the store's points.
  var needsRebuild = false
  /// Why the last build failed.
  var lastError: String?
  /// Builds that failed one after the other.
  var failureCount = 0
  /// No build is begun before this moment.
  var notBefore: ContinuousClock.Instant?

  var isRunning: Bool { cancellation != nil }

  mutating func begin() -> Cancellation {
    let cancellation = Cancellation()
    self.cancellation = cancellation
    return cancellation
  }

  mutating func end(error: String?) {
    cancellation = nil
    lastError = error
    if error == nil {
      failureCount = 0
      notBefore = nil
    } else {
      failureCount += 1
      notBefore = .now.advanced(by: .seconds(min(60, 1 << min(failureCount, 6))))
    }
  }

  func cancel() { cancellation?.cancel() }
}

/// A flag that a build looks at often.
final class Cancellation: Sendable {
  private let flag = Atomic(false)

  func cancel() { flag.store(true, ordering: .relaxed) }
  var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// What others see of the builds.
struct BuildStatus: Sendable {
  /// A build runs or is due.
  var isBuilding = false
  var error: String?
}
