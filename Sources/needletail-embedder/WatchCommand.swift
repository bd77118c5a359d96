import ArgumentParser
import VectorEmbedder

/// `needletail-embedder watch`: keeps a directory and the collection the same until it is told to stop.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Embed a directory and whatever comes into it, until interrupted.")

  @OptionGroup var options: WorkOptions
  @Argument(help: "A directory.") var directory: String
  @Flag(help: "Delete points whose last file is gone from below the directory.") var prune = false

  func run() async throws {
    let values = try options.values()
    guard VideoFinder.isDirectory(directory) else {
      throw ValidationError("\(directory) is no directory")
    }
    let prune = prune
    let directory = directory
    do {
      try await ServerFailure.named {
        try await Interruption.cancelling { try await Self.watch(directory, values, prune: prune) }
      }
    } catch is Interrupted {
      Terminal.note("stopped")
    }
  }

  private static func watch(_ directory: String, _ values: SettingValues, prune: Bool) async throws {
    let finder = try EmbedderSession.finder(values)
    let session = try await EmbedderSession(values: values, sink: try ServerSink.connect(values))
    let progress = RunProgress(onChange: Terminal.progress, onNote: Terminal.note)
    let run = try await session.makeRun(progress: progress)
    let metrics = try await MetricsPage.serve(values, progress: progress)
    let watch = VideoWatch(session, run, .init(prunesBelow: prune ? directory : nil))
    let watcher = DirectoryWatcher(rescanEvery: .seconds(values.rescanSeconds))
    try await withTaskCancellationHandler {
      // What the settings have wrong is said at once; later on the server may do as it likes.
      try await session.ensureCollection(for: run, onWait: onWait)
      var before = RunReport()
      for await _ in watcher.changes(below: VideoFinder.absolute(directory)) {
        var notes: [String] = []
        let entries: [ManifestEntry]
        do {
          entries = try await finder.settled(directory) { notes.append($0) }
        } catch let error as StageError {
          // The disk may come back.
          await progress.note(error.reason)
          continue
        }
        for note in notes { await progress.note(note) }
        let report = try await watch.pass(over: entries, onWait: onWait)
        if report.hasNews(since: before) { Terminal.note(report.text) }
        before = report
      }
    } onCancel: {
      Task { await run.uploader.stop() }
    }
    try await metrics?.close()
  }

  @Sendable private static func onWait(_ reason: String) {
    Terminal.note("waiting for the server: \(reason)")
  }
}
