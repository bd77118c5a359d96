#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How far a command has come: a bar that is drawn over on a terminal, else a line for each tenth; on stderr.
struct Progress {
  private static let width = 30

  private let title: String
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var shown = -1

  /// - Parameter isQuiet: shows nothing.
  init(_ title: String, isQuiet: Bool = false) {
    self.title = title
    self.isQuiet = isQuiet
  }

  /// Shows that `done` of `total` is done, where that is more than was shown.
  mutating func show(_ done: Int, of total: Int) {
    guard !isQuiet, total > 0 else { return }
    let percent = min(100, done * 100 / total)
    let step = isTerminal ? percent : percent / 10 * 10
    guard step > shown else { return }
    shown = step
    if isTerminal {
      let filled = percent * Self.width / 100
      let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Self.width - filled)
      StandardError.text("\r\(title) [\(bar)] \(percent) %" + (percent == 100 ? "\n" : ""))
    } else {
      StandardError.line("\(title): \(percent) %")
    }
  }
}
