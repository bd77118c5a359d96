import ArgumentParser
import VectorEmbedder

/// `needletail-embedder watch`: keeps a directory and the collection the same until it is told to stop.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Embed a directory and whatever comes into it, until interrupted.")

  @OptionGroup var options: SettingOptions
  @Argument(help: "A directory.") var directory: String
  @Flag(help: "Delete points whose last file is gone.") var prune = false

  func run() async throws {
    let values = try options.values()
    let finder = try EmbedderSession.finder(values)
    let prune = prune
    let directory = directory
    do {
      try await Interruption.cancelling {
        let session = try await EmbedderSession(values: values, sink: try ServerSink.connect(values))
        let progress = RunProgress(onChange: Terminal.progress)
        let run = try await session.makeRun(progress: progress)
        let metrics = try await MetricsPage.serve(values, progress: progress)
        let watcher = DirectoryWatcher(rescanEvery: .seconds(values.rescanSeconds))
        try await withTaskCancellationHandler {
          try await session.ensureCollection(for: run) { Terminal.note("waiting for the server: \($0)") }
          for await _ in watcher.changes(below: VideoFinder.absolute(directory)) {
            let settled = try await finder.settled(directory)
            let before = await progress.report
            let report = try await run.run(settled, .init(prunes: prune))
            if report.embedded + report.renamed + report.pruned + report.failed
              != before.embedded + before.renamed + before.pruned + before.failed
            {
              Terminal.note(report.text)
            }
          }
        } onCancel: {
          Task { await run.uploader.stop() }
        }
        try await metrics?.close()
      }
    } catch is Interrupted {
      Terminal.note("stopped")
    }
  }
}
