#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the program says to whoever started it.
enum StandardOutput {
  /// Writes one line and lets it out at once, also into a pipe.
  static func line(_ text: String) {
    print(text)
    fflush(nil)
  }
}
