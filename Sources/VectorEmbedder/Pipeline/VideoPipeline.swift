/// From a file to a document: probe, transcript, text on screen, picture, vectors, language, sentiment.
///
/// Each result is cached by content, model and settings, unless the decoding before it broke off: then another attempt
/// may give more. A stage that fails leaves its modality out and a warning; only a file that is no media file, or that
/// gives no vector at all, fails as a whole.
package struct VideoPipeline: Sendable {
  package let engines: Engines
  package let names: VectorNames
  private let cache: StageCache
  /// Where files of one video live while it is worked on.
  private let workDirectory: String
  private let room: DiskRoom
  let sidecars = SidecarFinder()

  init(engines: Engines, names: VectorNames, cache: StageCache, workDirectory: String, room: DiskRoom) {
    self.engines = engines
    self.names = names
    self.cache = cache
    self.workDirectory = workDirectory
    self.room = room
  }

  /// Makes the document of a content that lies at `paths`; the first is read.
  ///
  /// - Throws: when the video gives no vector.
  package func document(
    _ entry: ManifestEntry, content: ContentHash, paths: [String], clock: StageClock
  ) async throws(StageError) -> VideoDocument {
    let seen = try await engines.budget.run { () async throws(StageError) in
      try await perceive(entry, content, clock: clock)
    }
    var document = VideoDocument(
      content: content, paths: paths,
      title: entry.title ?? seen.probe.title ?? Self.title(ofPath: entry.path))
    document.durationSeconds = seen.probe.durationSeconds
    document.tags = entry.tags
    document.transcript = seen.transcript
    if seen.transcript != nil { document.transcriptSource = seen.source.name }
    document.screenText = seen.screenText
    document.language = seen.language
    if engines.judgesSentiment, let transcript = document.transcript {
      let code = document.language?.code
      document.sentiment = try await attempt(.sentiment, clock) { () async throws(StageError) -> Double? in
        try Sentiment.polarity(
          of: transcript, language: code, by: StageDeadline(.sentiment, engines.limits.sentiment))
      }
    }
    try await addVectors(to: &document, seen.videoVector, clock: clock)
    guard !document.vectors.isEmpty else {
      throw await clock.warnings.first
        ?? StageError(.video, "nothing to embed: no speech, no text, no picture")
    }
    return document
  }

  /// What the file itself gives, before texts are embedded.
  private struct Perceived: Sendable {
    var probe: MediaProbe
    var source: Transcript.Source
    var transcript: String?
    var screenText: String?
    var videoVector: [Float]?
    var language: DetectedLanguage?
  }

  private func perceive(
    _ entry: ManifestEntry, _ content: ContentHash, clock: StageClock
  ) async throws(StageError) -> Perceived {
    let probe = try await clock.measure(.probe) { () async throws(StageError) in
      try await cached(MediaProbe.self, content, .probe, key: "1") { () async throws(StageError) in
        try await MediaProbe.probe(entry.path, timeLimit: engines.limits.probe)
      }
    }
    let source = Transcript.source(
      of: entry, probe: probe, kinds: engines.transcriptSources, hears: engines.speech != nil,
      sidecars: sidecars)
    let directory = "\(workDirectory)/\(content.hex.prefix(20))"
    Files.remove(directory)
    defer { Files.remove(directory) }
    do {
      try Files.makeDirectory(directory, stage: .decode)
      return try await perceive(entry, content, probe, source: source, directory: directory, clock: clock)
    } catch {
      throw room.judged(error)
    }
  }

  private func perceive(
    _ entry: ManifestEntry, _ content: ContentHash, _ probe: MediaProbe, source: Transcript.Source,
    directory: String, clock: StageClock
  ) async throws(StageError) -> Perceived {
    let decoded = try await decode(
      entry.path, content, probe, source: source, directory: directory, clock: clock)
    var seen = Perceived(probe: probe, source: source)
    seen.transcript = try await transcript(source, content, entry, decoded, clock: clock)
    seen.screenText = decoded.screenText
    seen.videoVector = decoded.videoVector
    if case .command(let command)? = engines.video {
      seen.videoVector = try await attempt(.video, clock) { () async throws(StageError) -> [Float]? in
        try await cached([Float].self, content, .video, key: command.identity.hash) {
          () async throws(StageError) in try await command.vector(of: entry.path) ?? []
        }
      }
    }
    seen.language = try await language(of: seen, entry, clock: clock)
    return seen
  }

  // MARK: Decoding

  struct Decoded: Sendable {
    var videoVector: [Float]?
    var screenText: String?
    var wavePath: String?
    var subtitleText: String?
    /// Whether the decoder came to the file's end; nothing that was made of less is cached.
    var isWhole = true
  }

  private struct ScreenLines: Codable, Sendable { var lines: [String] }

  /// Runs the one pass, for whatever of it is not cached.
  private func decode(
    _ path: String, _ content: ContentHash, _ probe: MediaProbe, source: Transcript.Source,
    directory: String, clock: StageClock
  ) async throws(StageError) -> Decoded {
    var decoded = Decoded()
    var wish = MediaDecoder.Wish(secondsMax: engines.secondsMax)
    let limit = "\(engines.secondsMax)"
    let screenKey =
      "\(engines.screen?.cacheKey ?? "") \(engines.screenIntervalSeconds) \(engines.screenFramesMax)"
    var embedder: (any FrameEmbedder)?
    if probe.hasVideo, case .frames(let frames)? = engines.video {
      let key = frames.identity.hash + limit
      decoded.videoVector = cache.value([Float].self, content, .video, key: key)
      if decoded.videoVector == nil { embedder = frames }
    }
    var screen = probe.hasVideo ? engines.screen : nil
    if screen != nil, let found = cache.value(ScreenLines.self, content, .screen, key: screenKey + limit) {
      decoded.screenText = found.lines.isEmpty ? nil : found.lines.joined(separator: "\n")
      screen = nil
    }
    if embedder != nil || screen != nil { wish.framesPerSecond = embedder?.framesPerSecond ?? 1 }
    try wishForTranscript(source, content, directory: directory, &wish, &decoded)
    if wish.isEmpty { return decoded }

    let collector = DecodeCollector(
      accumulator: embedder?.accumulator(
        durationSeconds: probe.durationSeconds.map { min($0, Double(engines.secondsMax)) }),
      videoLimit: engines.limits.video,
      framesPerSecond: wish.framesPerSecond ?? 1,
      screenIntervalSeconds: screen == nil ? nil : engines.screenIntervalSeconds,
      screenFramesMax: engines.screenFramesMax, directory: directory)
    let fixed = wish
    let decoder = MediaDecoder(timeLimit: engines.limits.decode)
    let outcome = try await attempt(.decode, clock) { () async throws(StageError) in
      try await decoder.decode(path, fixed) { try await collector.add($0) }
    }
    await clock.move(await collector.spent, from: .decode, to: .video)
    if let warning = outcome?.warning { try await warn(StageError(.decode, warning), clock) }
    let isWhole = outcome != nil && outcome?.warning == nil
    decoded.isWhole = isWhole
    if let embedder {
      decoded.videoVector = try await attempt(.video, clock) { () async throws(StageError) -> [Float]? in
        guard let vector = try await collector.vector() else { return nil }
        if isWhole { try cache.store(vector, content, .video, key: embedder.identity.hash + limit) }
        return vector
      }
    }
    if let screen {
      decoded.screenText = try await attempt(.screen, clock) { () async throws(StageError) -> String? in
        let lines = try await screen.read(await collector.screenPaths, listPath: directory + "/screen.txt")
        if isWhole { try cache.store(ScreenLines(lines: lines), content, .screen, key: screenKey + limit) }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
      }
    }
    if let subtitle = wish.subtitle, Files.exists(subtitle.path) {
      decoded.subtitleText = try await attempt(.decode, clock) { () async throws(StageError) -> String? in
        let file = try Files.text(at: subtitle.path, stage: .decode, byteCountMax: SubtitleText.fileBytesMax)
        let text = try SubtitleText.words(
          of: file, format: .vtt, by: StageDeadline(.decode, engines.limits.decode))
        if isWhole { try cache.store(text, content, .decode, key: subtitleKey(subtitle.stream)) }
        return text
      }
    }
    return decoded
  }

  private func wishForTranscript(
    _ source: Transcript.Source, _ content: ContentHash, directory: String,
    _ wish: inout MediaDecoder.Wish, _ decoded: inout Decoded
  ) throws(StageError) {
    switch source {
    case .subtitles(let track):
      if let text = cache.value(String.self, content, .decode, key: subtitleKey(track.stream)) {
        decoded.subtitleText = text
      } else {
        wish.subtitle = (track.stream, directory + "/subtitle.vtt")
      }
    case .speech:
      if cache.value(RecognizedSpeech.self, content, .speech, key: speechKey) == nil {
        wish.wavePath = directory + "/sound.wav"
        decoded.wavePath = wish.wavePath
      }
    case .manifest, .sidecar, .none: break
    }
  }

  private func subtitleKey(_ stream: Int) -> String { "subtitle \(stream) \(engines.secondsMax)" }

  private var speechKey: String { "\(engines.speech?.cacheKey ?? "") \(engines.secondsMax)" }

  // MARK: Texts

  private func transcript(
    _ source: Transcript.Source, _ content: ContentHash, _ entry: ManifestEntry, _ decoded: Decoded,
    clock: StageClock
  ) async throws(StageError) -> String? {
    let text: String?
    switch source {
    case .none: text = nil
    case .manifest(let given): text = given
    case .sidecar(let sidecar):
      text = try await attempt(.read, clock) { () async throws(StageError) -> String? in
        let deadline = StageDeadline(.read, engines.limits.read)
        let file = try Files.text(at: sidecar.path, stage: .read, byteCountMax: SubtitleText.fileBytesMax)
        return try SubtitleText.words(of: file, format: sidecar.format, by: deadline)
      }
    case .subtitles: text = decoded.subtitleText
    case .speech:
      text = try await attempt(.speech, clock) { () async throws(StageError) -> String? in
        try await heardText(content, decoded)
      }
    }
    return text.flatMap { $0.contains { !$0.isWhitespace } ? $0 : nil }
  }

  /// What speech recognition hears, unless it is too unsure.
  private func heardText(_ content: ContentHash, _ decoded: Decoded) async throws(StageError) -> String? {
    guard let speech = engines.speech else { return nil }
    let heard = try await cached(
      RecognizedSpeech.self, content, .speech, key: speechKey, isWhole: decoded.isWhole
    ) { () async throws(StageError) in
      guard let wavePath = decoded.wavePath, Files.exists(wavePath) else {
        throw StageError(.speech, "the sound could not be decoded")
      }
      return try await speech.recognize(wavePath, timeLimit: engines.limits.speech)
    }
    return heard.confidence ?? 1 >= engines.speechConfidenceMin ? heard.text : nil
  }

  private func language(
    of seen: Perceived, _ entry: ManifestEntry, clock: StageClock
  ) async throws(StageError) -> DetectedLanguage? {
    if let given = entry.language {
      return DetectedLanguage(code: given, confidence: 1, source: "manifest")
    }
    guard let identifier = engines.language else { return nil }
    let text = seen.transcript ?? seen.screenText ?? ""
    let found = try await attempt(.language, clock) {
      () async throws(StageError) -> DetectedLanguage? in
      try await identifier.identify(text, by: StageDeadline(.language, engines.limits.language))
    }
    if let found { return found }
    guard seen.transcript != nil, let track = seen.source.trackLanguage else { return nil }
    let code = LanguageDetector.normalized(track)
    return code.isEmpty ? nil : DetectedLanguage(code: code, confidence: 0.5, source: "subtitles")
  }

  private func addVectors(
    to document: inout VideoDocument, _ videoVector: [Float]?, clock: StageClock
  ) async throws(StageError) {
    var vectors: [(name: String, value: [Float])] = []
    for (name, text) in [(names.transcript, document.transcript), (names.screen, document.screenText)] {
      guard let text, let batcher = engines.text else { continue }
      let content = document.content
      let vector = try await warning(clock) { () async throws(StageError) -> [Float]? in
        try await self.vector(of: text, content, batcher, clock: clock)
      }
      if let vector, !vector.isEmpty { vectors.append((name, vector)) }
    }
    if let videoVector, !videoVector.isEmpty { vectors.append((names.video, videoVector)) }
    document.vectors = vectors
  }

  /// Empty for a text without a word.
  private func vector(
    of text: String, _ content: ContentHash, _ batcher: TextBatcher, clock: StageClock
  ) async throws(StageError) -> [Float] {
    let identity = batcher.embedder.identity
    let key = identity.hash + ContentHash.sha256(of: [text]).hex
    return try await cached([Float].self, content, .text, key: key) { () async throws(StageError) in
      let chunks = try await clock.measure(.text) { () async throws(StageError) in
        let deadline = StageDeadline(.text, engines.limits.text, spent: await clock.spent(on: .text))
        return try TextChunk.chunks(of: text, by: deadline)
      }
      return try await TextChunk.vector(of: chunks, dimension: identity.dimension) {
        (texts) async throws(StageError) in
        let answer = try await batcher.embed(texts, spent: await clock.spent(on: .text))
        // Waiting for other videos is no time of this one.
        await clock.add(answer.share, to: .text)
        return answer.vectors
      } ?? []
    }
  }

  // MARK: Private parts

  /// Runs a stage and adds its time; what it throws becomes a warning and nil.
  private func attempt<Value: Sendable>(
    _ stage: Stage, _ clock: StageClock, _ body: () async throws(StageError) -> Value?
  ) async throws(StageError) -> Value? {
    try await warning(clock) { () async throws(StageError) in try await clock.measure(stage, body) }
  }

  /// Makes a warning and nil of what the body throws, unless the whole work is being cancelled.
  private func warning<Value: Sendable>(
    _ clock: StageClock, _ body: () async throws(StageError) -> Value?
  ) async throws(StageError) -> Value? {
    do {
      return try await body()
    } catch {
      if Task.isCancelled { throw error }
      try await warn(error, clock)
      return nil
    }
  }

  /// Notes what the video lacks.
  ///
  /// - Throws: where the disk is full, which is no video's fault.
  private func warn(_ error: StageError, _ clock: StageClock) async throws(StageError) {
    let judged = room.judged(error)
    if judged.stage == .settings { throw judged }
    await clock.warn(error)
  }

  private func cached<Value: Codable & Sendable>(
    _ type: Value.Type, _ content: ContentHash, _ stage: Stage, key: String, isWhole: Bool = true,
    _ make: () async throws(StageError) -> Value
  ) async throws(StageError) -> Value {
    if let value = cache.value(type, content, stage, key: key) { return value }
    let value = try await make()
    if isWhole { try cache.store(value, content, stage, key: key) }
    return value
  }

  /// The file's name without ending and with spaces for signs.
  static func title(ofPath path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    let words = stem.split { $0 == "_" || $0 == "-" || $0 == "." || $0.isWhitespace }
    return words.isEmpty ? name : words.joined(separator: " ")
  }
}
