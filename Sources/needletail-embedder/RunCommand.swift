import ArgumentParser
import VectorEmbedder

/// `needletail-embedder run`: embeds what is new or changed, then ends.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Embed a directory, a manifest (.csv, .jsonl) or one video.",
    discussion: """
      Finished work is not repeated: the journal in state_dir knows what the server has acknowledged. Videos that \
      failed are left alone until they change or `retry-failed` is called.
      """)

  @OptionGroup var options: WorkOptions
  @Argument(help: "A directory, a manifest or a video.") var path: String
  @Flag(help: "Delete points whose last file is gone from below the directory.") var prune = false

  func run() async throws {
    let values = try options.values()
    let entries = try EmbedderSession.finder(values).find(path, onNote: Terminal.note)
    guard !prune || VideoFinder.isDirectory(path) else {
      throw ValidationError("--prune deletes points below a directory, and \(path) is none")
    }
    let report = try await Worker.run(values, entries, .init(prunesBelow: prune ? path : nil))
    Terminal.line(report.text)
    if report.failed > 0 { throw ExitCode(2) }
  }
}
