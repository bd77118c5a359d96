import ArgumentParser
import VectorEmbedder

/// One run with progress, metrics and interruption.
enum Worker {
  static func run(
    _ values: SettingValues, _ entries: [ManifestEntry], _ options: EmbedderRun.Options
  ) async throws -> RunReport {
    do {
      return try await ServerFailure.named { try await interruptibly(values, entries, options) }
    } catch is Interrupted {
      Terminal.endProgress()
      Terminal.note("stopped; what the server has acknowledged is not done again")
      throw ExitCode(130)
    }
  }

  private static func interruptibly(
    _ values: SettingValues, _ entries: [ManifestEntry], _ options: EmbedderRun.Options
  ) async throws -> RunReport {
    try await Interruption.cancelling {
      let session = try await EmbedderSession(values: values, sink: try ServerSink.connect(values))
      let progress = RunProgress(onChange: Terminal.progress, onNote: Terminal.note)
      let run = try await session.makeRun(progress: progress)
      let metrics = try await MetricsPage.serve(values, progress: progress)
      let report = try await withTaskCancellationHandler {
        try await session.ensureCollection(for: run) { Terminal.note("waiting for the server: \($0)") }
        return try await run.run(entries, options)
      } onCancel: {
        Task { await run.uploader.stop() }
      }
      Terminal.endProgress()
      try await metrics?.close()
      return report
    }
  }
}
