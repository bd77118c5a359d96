#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the program says: results to the standard output, everything else to the standard error.
enum Terminal {
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// A line for people, over a progress line if one stands there.
  static func note(_ text: String) {
    write(isInteractive ? "\r\u{1B}[K\(text)\n" : text + "\n")
  }

  /// The one line that changes; nothing where nobody sees it.
  static func progress(_ line: String) {
    if isInteractive { write("\r\u{1B}[K\(line)") }
  }

  static func endProgress() {
    if isInteractive { write("\n") }
  }

  static func line(_ text: String) {
    print(text)
    fflush(nil)
  }

  private static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe systemWrite($0) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

private func systemWrite(_ bytes: UnsafeRawBufferPointer) -> Int {
  unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
}
