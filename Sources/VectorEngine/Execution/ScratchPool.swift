import Synchronization
import VectorIndex

/// Search buffers, handed from search to search; as many as ever searched at once.
final class ScratchPool: Sendable {
  /// A scratch that nobody uses; whoever takes it is its only owner.
  private struct Idle: @unchecked Sendable {
    let scratch: SearchScratch
  }

  private let idle = Mutex<[Idle]>([])

  /// Lends a scratch to `body`.
  func lend<T, E: Error>(_ body: (SearchScratch) throws(E) -> T) throws(E) -> T {
    let scratch = idle.withLock { $0.popLast() }?.scratch ?? SearchScratch()
    defer {
      let returned = Idle(scratch: scratch)
      idle.withLock { $0.append(returned) }
    }
    return try body(scratch)
  }
}
