import VectorModel

/// Brings the collection to what the files are: each content once, with all its paths.
package struct EmbedderRun: Sendable {
  package var pipeline: VideoPipeline
  package var collection: VideoCollection
  package var uploader: PointUploader
  package var journal: Journal
  package var deadLetters: DeadLetters
  package var cache: StageCache
  package var progress: RunProgress
  /// Files that are hashed at once.
  package var workers: Int
  let room: DiskRoom

  /// Videos whose texts or points wait for each other, so that models and the server get batches. They hold no core
  /// and little memory, and what was found about them is cached.
  static let waitingMax = 64

  package struct Options: Sendable {
    /// Delete points whose last path is gone and was below this directory; nil deletes none.
    package var prunesBelow: String?
    /// Try what failed before.
    package var retriesFailed = false

    package init(prunesBelow: String? = nil, retriesFailed: Bool = false) {
      self.prunesBelow = prunesBelow
      self.retriesFailed = retriesFailed
    }
  }

  init(
    pipeline: VideoPipeline, collection: VideoCollection, uploader: PointUploader, journal: Journal,
    deadLetters: DeadLetters, cache: StageCache, progress: RunProgress, workers: Int, room: DiskRoom
  ) {
    self.pipeline = pipeline
    self.collection = collection
    self.uploader = uploader
    self.journal = journal
    self.deadLetters = deadLetters
    self.cache = cache
    self.progress = progress
    self.workers = workers
    self.room = room
  }

  /// One content and the files that have it.
  private struct Work: Sendable {
    var content: ContentHash
    /// By path.
    var entries: [ManifestEntry]
    var files: [FileState]
  }

  /// Works through the videos; nothing that happens to one of them ends the run.
  ///
  /// - Throws: when the journal cannot be written, the server takes no point at all, or the task is cancelled.
  package func run(_ entries: [ManifestEntry], _ options: Options = Options()) async throws -> RunReport {
    let start = ContinuousClock.now
    let before = await progress.report
    await progress.begin(total: entries.count)
    try await forgetGone(besides: entries)
    let works = try await identified(entries, options)
    // Equal files are one video.
    await progress.leaveOut(works.reduce(0) { $0 + $1.entries.count - 1 })
    try await inParallel(works, countMax: workers + Self.waitingMax) { try await work($0, options) }
    if let directory = options.prunesBelow { try await prune(below: VideoFinder.absolute(directory)) }
    let elapsed = (ContinuousClock.now - start).components
    let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    await progress.change { $0.seconds = before.seconds + seconds }
    return await progress.report
  }

  private func inParallel<Item: Sendable>(
    _ items: [Item], countMax: Int, _ body: @escaping @Sendable (Item) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      var rest = items[...]
      for item in rest.prefix(countMax) { group.addTask { try await body(item) } }
      rest = rest.dropFirst(countMax)
      while try await group.next() != nil {
        if let item = rest.popFirst() { group.addTask { try await body(item) } }
      }
    }
  }

  // MARK: Which contents there are

  private func identified(_ entries: [ManifestEntry], _ options: Options) async throws -> [Work] {
    let found = WorkList()
    try await inParallel(entries, countMax: workers) { entry in
      let look = FileState.look(at: entry.path)
      let file: FileState? = if case .there(let file) = look { file } else { nil }
      let state = await journal.state
      if !options.retriesFailed, let failure = state.failures[entry.path],
        file.flatMap({ state.content(of: $0) }) == nil, isHopeless(entry, file, failure)
      {
        await progress.change { $0.skipped += 1 }
        return
      }
      guard let file else {
        try await fail(entry, nil, StageError(.read, Self.absence(of: entry.path, look)))
        return
      }
      do throws(StageError) {
        var content = await journal.state.content(of: file)
        if content == nil {
          guard file.byteCount > 0 else { throw StageError(.read, "the file is empty") }
          let hash = try ContentHash.sha256(
            ofFile: entry.path, by: StageDeadline(.read, pipeline.engines.limits.read))
          try await journal.append(.file(file, hash))
          content = hash
        }
        if let content { await found.add(content, entry, file) }
      } catch {
        if error.stage == .settings { throw error }
        try await fail(entry, file, error)
      }
    }
    return await found.works
  }

  /// Whether it gave no point and nothing has changed since.
  private func isHopeless(_ entry: ManifestEntry, _ file: FileState?, _ failure: FailureState) -> Bool {
    failure.hasPoint == false && failure.fingerprint == fingerprint(entry)
      && failure.byteCount == file?.byteCount ?? 0
      && failure.modifiedMilliseconds == file?.modifiedMilliseconds ?? 0
  }

  private static func absence(of path: String, _ look: FileState.Look) -> String {
    if case .unknown(let reason) = look { return "the file cannot be seen: \(reason)" }
    return path.contains("\u{FFFD}")
      ? "the file's name is no UTF-8; rename the file" : "the file does not exist"
  }

  private actor WorkList {
    private var byContent: [ContentHash: Work] = [:]

    func add(_ content: ContentHash, _ entry: ManifestEntry, _ file: FileState) {
      byContent[content, default: Work(content: content, entries: [], files: [])].entries.append(entry)
      byContent[content]?.files.append(file)
    }

    var works: [Work] {
      byContent.values.map { work in
        var work = work
        work.entries.sort { $0.path < $1.path }
        work.files.sort { $0.path < $1.path }
        return work
      }
      .sorted { ($0.entries.first?.path ?? "") < ($1.entries.first?.path ?? "") }
    }
  }

  // MARK: One content

  private func work(_ work: Work, _ options: Options) async throws {
    guard let entry = work.entries.first, let file = work.files.first,
      let id = work.content.pointID
    else { return }
    try Task.checkCancellation()
    let state = await journal.state
    let fingerprint = fingerprint(entry)
    let known = state.videos[work.content]
    let paths = paths(of: work, known, state)
    let failure = state.failures[entry.path]
    do {
      if let known, known.fingerprint == fingerprint, !(options.retriesFailed && failure != nil) {
        // A failure of the file as it is now stays: the point is partial.
        try await clearFailures(work) { failure, file in
          failure.byteCount != file.byteCount || failure.modifiedMilliseconds != file.modifiedMilliseconds
        }
        guard known.paths != paths else {
          await progress.change { $0.unchanged += 1 }
          return
        }
        let shared = try await shared(paths, of: work.content, at: id, known)
        try await uploader.setPayload(VideoDocument.pathsPayload(shared.all), of: .uuid(id))
        try await journal.append(
          .done(work.content, VideoState(fingerprint: fingerprint, paths: shared.own)))
        await progress.change { $0.renamed += 1 }
        return
      }
      if let failure, isHopeless(entry, file, failure), !options.retriesFailed {
        await progress.change { $0.skipped += 1 }
        return
      }
      try await embed(work, entry, file, at: id, paths: paths, fingerprint: fingerprint, known)
    } catch let error as StageError where error.isOfServer || Task.isCancelled || error.stage == .settings {
      throw error
    } catch let error as StageError {
      try await fail(entry, file, error)
    }
  }

  private func embed(
    _ work: Work, _ entry: ManifestEntry, _ file: FileState, at id: UUID128, paths: [String],
    fingerprint: String, _ known: VideoState?
  ) async throws {
    let clock = StageClock()
    var document: VideoDocument
    do {
      document = try await pipeline.document(entry, content: work.content, paths: paths, clock: clock)
    } catch {
      await progress.add(clock)
      throw error
    }
    let shared = try await shared(paths, of: work.content, at: id, known)
    document.paths = shared.all
    let point = try document.point()
    let share = shared.isThere ? try await uploader.amend(point) : try await uploader.upload(point)
    await clock.add(share, to: .upload)
    await progress.add(clock)
    let warnings = await clock.warnings
    // The failure is on the disk before the success, so that a kill between them does not lose it; without the
    // success the video is done again.
    if warnings.isEmpty {
      try await clearFailures(work) { _, _ in true }
    } else {
      try await record(entry, file, warnings, hasPoint: true)
    }
    try await journal.append(.done(work.content, VideoState(fingerprint: fingerprint, paths: shared.own)))
    await progress.change { report in
      report.embedded += 1
      if !warnings.isEmpty { report.partial += 1 }
    }
  }

  /// The files of this run and those of earlier ones that are still there with this content.
  private func paths(of work: Work, _ known: VideoState?, _ state: JournalState) -> [String] {
    var paths = Set(work.entries.map(\.path))
    for path in known?.paths ?? [] where !paths.contains(path) {
      switch FileState.look(at: path) {
      case .there(let file) where state.content(of: file) == work.content: paths.insert(path)
      case .unknown: paths.insert(path)
      case .there, .gone: break
      }
    }
    return paths.sorted()
  }

  /// A hash of all that goes into the point besides the content and its paths.
  private func fingerprint(_ entry: ManifestEntry) -> String {
    let names = pipeline.names
    return ContentHash.sha256(of: [
      collection.name, names.transcript, names.screen, names.video, pipeline.engines.fingerprint,
      entry.fingerprint,
      Transcript.sidecarFingerprint(
        of: entry, kinds: pipeline.engines.transcriptSources, sidecars: pipeline.sidecars,
        timeLimit: pipeline.engines.limits.read),
    ]).hex
  }

  // MARK: Failures

  private func fail(_ entry: ManifestEntry, _ file: FileState?, _ error: StageError) async throws {
    try await record(entry, file, [error], hasPoint: false)
    await progress.change { $0.failed += 1 }
  }

  /// A dead letter for each error, and the first one for the journal.
  private func record(
    _ entry: ManifestEntry, _ file: FileState?, _ errors: [StageError], hasPoint: Bool
  ) async throws {
    guard let error = errors.first else { return }
    let judged = room.judged(error)
    if judged.stage == .settings { throw judged }
    let attempts = (await journal.state.failures[entry.path]?.attempts ?? 0) + 1
    for error in errors { try deadLetters.append(error, path: entry.path, attempts: attempts) }
    try await journal.append(
      .failed(
        path: entry.path,
        FailureState(
          stage: error.stage, reason: error.reason, attempts: attempts, byteCount: file?.byteCount ?? 0,
          modifiedMilliseconds: file?.modifiedMilliseconds ?? 0, fingerprint: fingerprint(entry),
          hasPoint: hasPoint)))
  }

  /// Takes what was wrong with these files for over.
  private func clearFailures(
    _ work: Work, where isOver: (FailureState, FileState) -> Bool
  ) async throws {
    for file in work.files {
      guard let failure = await journal.state.failures[file.path], isOver(failure, file) else { continue }
      try await journal.append(.cleared(path: file.path))
    }
  }
}
