#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How thorough the tests are that try every place: `NEEDLETAIL_LONG_TESTS=1` (as `make fault` does) tries all.
enum TestLength {
  static let isLong = unsafe getenv("NEEDLETAIL_LONG_TESTS") != nil

  /// Every `short`th place from a random one on, or all.
  static func places(every short: Int) -> (first: Int, stride: Int) {
    isLong ? (0, 1) : (Int.random(in: 0..<short), short)
  }
}
