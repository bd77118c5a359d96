import ArgumentParser
import VectorEmbedder

/// `needletail-embedder status`: what the journal says.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what is done and what failed.")

  @OptionGroup var options: SettingOptions

  func run() throws {
    let values = try options.values()
    let directory = values.stateDirectory
    let state = try Journal.peek(path: directory + "/" + EmbedderSession.journalFile)
    let paths = state.videos.values.reduce(0) { $0 + $1.paths.count }
    Terminal.line("\(state.videos.count) videos in \(paths) files, \(state.failures.count) failed")
    for (path, failure) in state.failures.sorted(by: { $0.key < $1.key }) {
      Terminal.line("  \(path)\n    \(failure.stage), attempt \(failure.attempts): \(failure.reason)")
    }
  }
}
