import VectorModel

/// Everything that the settings describe, put together.
package struct EmbedderSession: Sendable {
  package let values: SettingValues
  package let names: VectorNames
  package var engines: Engines
  package let collection: VideoCollection
  package let stateDirectory: String
  var room: DiskRoom

  package static let journalFile = "journal.jsonl"
  package static let deadLetterFile = "dead-letters.jsonl"

  /// Opens the models; the server is not asked for anything yet.
  package init(values: SettingValues, sink: any PointSink) async throws {
    let factory = EngineFactory(values)
    try factory.checkPrograms()
    self.values = values
    names = try factory.vectorNames()
    engines = try await factory.engines()
    collection = VideoCollection(
      name: try values.text(.collection), vectors: EngineFactory.vectors(names, engines), sink: sink)
    stateDirectory = VideoFinder.absolute(try values.text(.stateDirectory))
    room = DiskRoom(directory: stateDirectory)
  }

  /// What finds videos.
  package static func finder(_ values: SettingValues) throws(SettingsError) -> VideoFinder {
    let endings = try values.text(.extensions).lowercased().split { $0 == " " || $0 == "," }
    return VideoFinder(extensions: Set(endings.map(String.init)))
  }

  /// Takes the state directory and gives a run that can be repeated.
  ///
  /// - Throws: when another worker has the directory, or the journal is damaged.
  package func makeRun(progress: RunProgress, backoff: Backoff = Backoff()) async throws -> EmbedderRun {
    let state = stateDirectory
    try Files.makeDirectory(state, stage: .settings)
    let journal = try Journal(path: state + "/" + Self.journalFile)
    // Whatever lies here was left by a worker that was killed.
    Files.remove(state + "/work")
    let cache = StageCache(directory: state + "/cache")
    return EmbedderRun(
      pipeline: VideoPipeline(
        engines: engines, names: names, cache: cache, workDirectory: state + "/work", room: room),
      collection: collection,
      uploader: PointUploader(
        collection: collection, batchMax: try values.integer(.batchPoints), backoff: backoff),
      journal: journal, deadLetters: try DeadLetters(path: state + "/" + Self.deadLetterFile), cache: cache,
      progress: progress, workers: engines.budget.cores, room: room)
  }

  /// Makes or checks the collection; waits while the server is away.
  ///
  /// Another collection, even of the same name, has none of the points that the journal knows.
  package func ensureCollection(
    for run: EmbedderRun, backoff: Backoff = Backoff(), onWait: @Sendable (String) -> Void
  ) async throws {
    for attempt in 0... {
      switch try await attemptToEnsure() {
      case .success(let identity):
        try await run.journal.begin(collection: identity)
        return
      case .failure(let failure):
        onWait(failure.message)
        guard await backoff.pause(afterAttempt: attempt) else { throw failure }
      }
    }
  }

  /// The collection's identity, or what kept it from being made where trying again may help.
  private func attemptToEnsure() async throws(RequestError) -> Result<String, RequestError> {
    do {
      return .success(try await collection.ensure())
    } catch {
      if error.isTransient { return .failure(error) }
      throw error
    }
  }
}
