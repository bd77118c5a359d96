import VectorModel

/// Keeps what lies below a directory and the collection the same, pass by pass.
package struct VideoWatch: Sendable {
  private let session: EmbedderSession
  private let run: EmbedderRun
  private let options: EmbedderRun.Options
  private let backoff: Backoff

  package init(
    _ session: EmbedderSession, _ run: EmbedderRun, _ options: EmbedderRun.Options,
    backoff: Backoff = Backoff()
  ) {
    self.session = session
    self.run = run
    self.options = options
    self.backoff = backoff
  }

  /// Brings the collection to what these videos are, as soon as the server lets it: a key that was revoked may be
  /// permitted again, and a collection that was deleted is made again.
  ///
  /// - Throws: what the server's operator cannot mend, and when the task is cancelled.
  package func pass(
    over entries: [ManifestEntry], onWait: @Sendable (String) -> Void
  ) async throws -> RunReport {
    var attempt = 0
    while true {
      let failure: any Error
      do {
        try await session.ensureCollection(for: run, backoff: backoff, onWait: onWait)
        return try await run.run(entries, options)
      } catch let error as StageError where error.isOfServer {
        onWait(error.reason)
        failure = error
      } catch let error as RequestError where !error.isOfRequest {
        onWait(error.message)
        failure = error
      }
      guard await backoff.pause(afterAttempt: attempt) else { throw failure }
      attempt += 1
    }
  }
}
