import Synchronization

/// How many searches ran, and how long they have taken together; read by `/metrics`.
final class SearchTimes: Sendable {
  private let searchCount = Atomic<UInt64>(0)
  private let nanoseconds = Atomic<Int64>(0)

  /// Runs `body`, which answers so many queries, and adds its time.
  func measure<T, E: Error>(count: Int = 1, _ body: () throws(E) -> T) throws(E) -> T {
    let start = ContinuousClock.now
    defer {
      let (seconds, attoseconds) = start.duration(to: .now).components
      searchCount.add(UInt64(count), ordering: .relaxed)
      nanoseconds.add(seconds * 1_000_000_000 + attoseconds / 1_000_000_000, ordering: .relaxed)
    }
    return try body()
  }

  var values: (count: UInt64, seconds: Double) {
    (searchCount.load(ordering: .relaxed), Double(nanoseconds.load(ordering: .relaxed)) / 1e9)
  }
}
