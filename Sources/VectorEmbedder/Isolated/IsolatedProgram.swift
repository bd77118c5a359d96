/// The program whose hidden command answers isolated requests: this one.
struct IsolatedProgram: Sendable, Equatable {
  var path: String
  var arguments: [String]

  /// The name of the hidden command.
  static let command = "isolated"
  private static let name = "needletail-embedder"

  /// This program; where its code runs in another one, as in a test, the one that lies beside it.
  static let this: IsolatedProgram = {
    let own = Files.target(ofLink: "/proc/self/exe") ?? CommandLine.arguments.first ?? name
    let directory = own.lastIndex(of: "/").map { String(own[...$0]) } ?? ""
    let beside = directory + name
    // The link leads to the file that was started, even after another was put in its place.
    if own == beside, Files.exists("/proc/self/exe") {
      return IsolatedProgram(path: "/proc/self/exe", arguments: [command])
    }
    return IsolatedProgram(path: Files.exists(beside) ? beside : own, arguments: [command])
  }()
}
