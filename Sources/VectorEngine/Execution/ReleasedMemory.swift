import Synchronization
import VectorStorage

/// Gives what the allocator keeps back to the system once builds have released memory and a while has passed.
///
/// A build frees the rows and graphs that it replaces all at once; glibc keeps them for later below whatever lies
/// above, three times as much as the points take. Giving back locks the allocator for milliseconds, so it waits for
/// a pause between builds.
final class ReleasedMemory: Sendable {
  private static let pause = Duration.seconds(5)
  private let last = Mutex<ContinuousClock.Instant?>(nil)

  /// Says that much was freed, or is about to be.
  func note(at now: ContinuousClock.Instant = .now) { last.withLock { $0 = now } }

  /// Whether it is time to give back; true once for each pause.
  func isDue(at now: ContinuousClock.Instant = .now) -> Bool {
    last.withLock { last in
      guard let noted = last, noted.duration(to: now) >= Self.pause else { return false }
      last = nil
      return true
    }
  }

  func giveBackIfDue() {
    if isDue() { LargeAllocations.giveBack() }
  }
}
