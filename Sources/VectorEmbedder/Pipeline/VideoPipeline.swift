/// From a file to a document: probe, transcript, text on screen, picture, vectors, language, sentiment.
///
/// Each result is cached by content, model and settings. A stage that fails leaves its modality out and a warning;
/// only a file that is no media file, or that gives no vector at all, fails as a whole.
package struct VideoPipeline: Sendable {
  package let engines: Engines
  package let names: VectorNames
  private let cache: StageCache
  /// Where files of one video live while it is worked on.
  private let workDirectory: String

  package init(engines: Engines, names: VectorNames, cache: StageCache, workDirectory: String) {
    self.engines = engines
    self.names = names
    self.cache = cache
    self.workDirectory = workDirectory
  }

  /// Makes the document of a content that lies at `paths`; the first is read.
  ///
  /// - Throws: when the video gives no vector.
  package func document(
    _ entry: ManifestEntry, content: ContentHash, paths: [String], clock: StageClock
  ) async throws(StageError) -> VideoDocument {
    let probe = try await clock.measure(.probe) { () async throws(StageError) in
      try await cached(MediaProbe.self, content, .probe, key: "1") { () async throws(StageError) in
        try await MediaProbe.probe(entry.path, timeLimit: engines.probeTimeLimit)
      }
    }
    var document = VideoDocument(
      content: content, paths: paths, title: entry.title ?? probe.title ?? Self.title(ofPath: entry.path))
    document.durationSeconds = probe.durationSeconds
    document.tags = entry.tags
    let source = Transcript.source(of: entry, probe: probe, hears: engines.speech != nil)
    let directory = "\(workDirectory)/\(content.hex.prefix(20))"
    Files.remove(directory)
    try Files.makeDirectory(directory, stage: .decode)
    defer { Files.remove(directory) }

    let decoded = try await decode(
      entry.path, content, probe, source: source, directory: directory, clock: clock)
    document.transcript = try await transcript(source, content, entry, decoded, clock: clock)
    if document.transcript != nil { document.transcriptSource = source.name }
    document.screenText = decoded.screenText
    try await addLanguage(to: &document, entry: entry, track: source.trackLanguage)
    try await addVectors(to: &document, decoded.videoVector, path: entry.path, clock: clock)
    guard !document.vectors.isEmpty else {
      throw await clock.warnings.first
        ?? StageError(.video, "nothing to embed: no speech, no text, no picture")
    }
    return document
  }

  // MARK: Decoding

  struct Decoded: Sendable {
    var videoVector: [Float]?
    var screenText: String?
    var wavePath: String?
    var subtitleText: String?
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
      accumulator: embedder?.accumulator(durationSeconds: probe.durationSeconds),
      framesPerSecond: wish.framesPerSecond ?? 1,
      screenIntervalSeconds: screen == nil ? nil : engines.screenIntervalSeconds,
      screenFramesMax: engines.screenFramesMax, directory: directory)
    let fixed = wish
    _ = try await attempt(.decode, clock) { () async throws(StageError) in
      let decoder = MediaDecoder(timeLimit: engines.decodeTimeLimit)
      let outcome = try await decoder.decode(path, fixed) { try await collector.add($0) }
      if let warning = outcome.warning { await clock.warn(StageError(.decode, warning)) }
      return outcome.frameCount
    }
    if let embedder {
      decoded.videoVector = try await attempt(.video, clock) { () async throws(StageError) -> [Float]? in
        guard let vector = try await collector.vector() else { return nil }
        try cache.store(vector, content, .video, key: embedder.identity.hash + limit)
        return vector
      }
    }
    if let screen {
      decoded.screenText = try await attempt(.screen, clock) { () async throws(StageError) -> String? in
        let lines = try await screen.read(await collector.screenPaths, listPath: directory + "/screen.txt")
        try cache.store(ScreenLines(lines: lines), content, .screen, key: screenKey + limit)
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
      }
    }
    if let subtitle = wish.subtitle, Files.exists(subtitle.path) {
      let text = try Files.text(at: subtitle.path, stage: .decode, byteCountMax: SubtitleText.fileBytesMax)
      decoded.subtitleText = SubtitleText.words(of: text, format: .vtt)
      try cache.store(decoded.subtitleText ?? "", content, .decode, key: "subtitle \(subtitle.stream)")
    }
    return decoded
  }

  private func wishForTranscript(
    _ source: Transcript.Source, _ content: ContentHash, directory: String,
    _ wish: inout MediaDecoder.Wish, _ decoded: inout Decoded
  ) throws(StageError) {
    switch source {
    case .subtitles(let track):
      if let text = cache.value(String.self, content, .decode, key: "subtitle \(track.stream)") {
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
    case .sidecar(let path, let format):
      text = try await attempt(.read, clock) { () async throws(StageError) -> String? in
        let file = try Files.text(at: path, stage: .read, byteCountMax: SubtitleText.fileBytesMax)
        return SubtitleText.words(of: file, format: format)
      }
    case .subtitles: text = decoded.subtitleText
    case .speech:
      text = try await attempt(.speech, clock) { () async throws(StageError) -> String? in
        try await heardText(content, wavePath: decoded.wavePath)
      }
    }
    return text.flatMap { $0.contains { !$0.isWhitespace } ? $0 : nil }
  }

  /// What speech recognition hears, unless it is too unsure.
  private func heardText(_ content: ContentHash, wavePath: String?) async throws(StageError) -> String? {
    guard let speech = engines.speech else { return nil }
    let heard = try await cached(
      RecognizedSpeech.self, content, .speech, key: speechKey
    ) { () async throws(StageError) in
      guard let wavePath, Files.exists(wavePath) else {
        throw StageError(.speech, "the sound could not be decoded")
      }
      return try await speech.recognize(wavePath, timeLimit: engines.speechTimeLimit)
    }
    return heard.confidence ?? 1 >= engines.speechConfidenceMin ? heard.text : nil
  }

  private func addLanguage(
    to document: inout VideoDocument, entry: ManifestEntry, track: String?
  ) async throws(StageError) {
    if let given = entry.language {
      document.language = DetectedLanguage(code: given, confidence: 1, source: "manifest")
    } else if engines.detectsLanguage {
      let text = document.transcript ?? document.screenText ?? ""
      document.language = LanguageDetector.detect(text)
      if document.language == nil, document.transcript != nil, let track {
        let code = LanguageDetector.normalized(track)
        if !code.isEmpty {
          document.language = DetectedLanguage(code: code, confidence: 0.5, source: "subtitles")
        }
      }
    }
    if engines.judgesSentiment, let transcript = document.transcript {
      document.sentiment = Sentiment.polarity(of: transcript, language: document.language?.code)
    }
  }

  private func addVectors(
    to document: inout VideoDocument, _ videoVector: [Float]?, path: String, clock: StageClock
  ) async throws(StageError) {
    let content = document.content
    var vectors: [(name: String, value: [Float])] = []
    for (name, text) in [(names.transcript, document.transcript), (names.screen, document.screenText)] {
      guard let text else { continue }
      let vector = try await attempt(.text, clock) { () async throws(StageError) -> [Float]? in
        let key = engines.text.identity.hash + ContentHash.sha256(of: [text]).hex
        return try await cached([Float].self, content, .text, key: key) { () async throws(StageError) in
          try await engines.text.vector(of: text, as: .passage) ?? []
        }
      }
      if let vector, !vector.isEmpty { vectors.append((name, vector)) }
    }
    var picture = videoVector
    if case .command(let command)? = engines.video {
      picture = try await attempt(.video, clock) { () async throws(StageError) -> [Float]? in
        try await cached([Float].self, content, .video, key: command.identity.hash) {
          () async throws(StageError) in try await command.vector(of: path) ?? []
        }
      }
    }
    if let picture, !picture.isEmpty { vectors.append((names.video, picture)) }
    document.vectors = vectors
  }

  // MARK: Private parts

  /// Runs a stage; what it throws becomes a warning and nil, unless the whole work is being cancelled.
  private func attempt<Value: Sendable>(
    _ stage: Stage, _ clock: StageClock, _ body: () async throws(StageError) -> Value?
  ) async throws(StageError) -> Value? {
    do {
      return try await clock.measure(stage, body)
    } catch {
      if Task.isCancelled { throw error }
      await clock.warn(error)
      return nil
    }
  }

  private func cached<Value: Codable & Sendable>(
    _ type: Value.Type, _ content: ContentHash, _ stage: Stage, key: String,
    _ make: () async throws(StageError) -> Value
  ) async throws(StageError) -> Value {
    if let value = cache.value(type, content, stage, key: key) { return value }
    let value = try await make()
    try cache.store(value, content, stage, key: key)
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
