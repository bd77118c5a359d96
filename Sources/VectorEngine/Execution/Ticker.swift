import Dispatch

/// Calls a function at even intervals on a thread of its own, until it is stopped.
final class Ticker: Sendable {
  private let stopping = DispatchSemaphore(value: 0)
  private let pool = WorkerPool("tick", threadCount: 1, queueCountMax: 1)

  init(milliseconds: Int, _ body: @escaping @Sendable () -> Void) {
    let isAccepted = pool.submit { [stopping] in
      while stopping.wait(timeout: .now() + .milliseconds(milliseconds)) == .timedOut { body() }
    }
    precondition(isAccepted)
  }

  /// Returns when no call runs and none will.
  func stop() {
    stopping.signal()
    pool.stop()
  }
}
