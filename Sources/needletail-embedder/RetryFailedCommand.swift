import ArgumentParser
import VectorEmbedder

/// `needletail-embedder retry-failed`: tries again what failed.
struct RetryFailedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry-failed", abstract: "Try again what failed, whole or in part.")

  @OptionGroup var options: WorkOptions
  @Option(help: "The manifest with which it failed, for titles and languages.") var manifest: String?

  func run() async throws {
    let values = try options.values()
    let state = try Journal.peek(path: values.stateDirectory + "/" + EmbedderSession.journalFile)
    let known = try manifest.map { try EmbedderSession.finder(values).find($0) } ?? []
    let report = try await Worker.run(
      values, state.failedEntries(manifest: known), .init(retriesFailed: true))
    Terminal.line(report.text)
    if report.failed > 0 { throw ExitCode(2) }
  }
}
