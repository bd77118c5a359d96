import Synchronization
import VectorIndex
import VectorStorage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Gives what the allocator keeps back to the system once much was freed and a while has passed.
///
/// Builds, openings and stores at rest free much at once; glibc keeps it for later, three times as much as the points
/// take. Giving back locks the allocator for milliseconds, so it waits for a pause between them.
final class ReleasedMemory: Sendable {
  /// Prepares the process for giving memory back; first thing in the program, before it has threads.
  static func prepareProcess() {
    LargeAllocations.limitHeaps()
  }

  private static let pause = Duration.seconds(5)
  /// Pauses of 100 µs that a thread waits for the others.
  private static let pausesMax = 100
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
    if isDue() { giveBack() }
  }

  /// Gives back now; allocations wait for milliseconds.
  func giveBack() {
    LargeAllocations.giveBackEnds { count, body in
      let arrivedCount = Atomic(0)
      WorkerThreads.run(count: count) { _ in
        body {
          arrivedCount.add(1, ordering: .sequentiallyConsistent)
          // Where the system gives fewer threads not all come.
          for _ in 0..<Self.pausesMax
          where arrivedCount.load(ordering: .sequentiallyConsistent) < count { usleep(100) }
        }
      }
    }
    LargeAllocations.giveBack()
  }
}
