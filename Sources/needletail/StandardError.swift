#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the program says beside its results.
enum StandardError {
  static func line(_ text: String) { self.text(text + "\n") }

  /// Writes text as it is.
  static func text(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
  }
}
