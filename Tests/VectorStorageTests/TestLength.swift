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

  /// `short` rounds, or `long` ones.
  static func rounds(_ short: Int, long: Int) -> Int { isLong ? long : short }
}
