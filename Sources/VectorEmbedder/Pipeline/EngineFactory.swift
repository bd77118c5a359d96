import NIOCore

/// Makes the engines that the settings name.
package struct EngineFactory: Sendable {
  package let values: SettingValues

  package init(_ values: SettingValues) { self.values = values }

  package var minilmDirectory: String { (values.optional(.modelDirectory) ?? ".") + "/minilm" }

  /// - Throws: for an engine whose model or settings are missing, by name and remedy.
  package func engines() async throws -> Engines {
    if values.optional(.textEngine) == "none", values.optional(.videoEngine) == "none" {
      throw SettingsError("text_engine and video_engine are both none: videos would have no vector")
    }
    let transcriptSources = try transcriptSources()
    if transcriptSources.isEmpty, values.optional(.screenEngine) == "none",
      values.optional(.videoEngine) == "none"
    {
      throw SettingsError(
        "transcript_sources, ocr_engine and video_engine are all none: videos would have no vector")
    }
    let budget = CoreBudget(cores: workers)
    let limits = try limits()
    return Engines(
      text: values.optional(.textEngine) == "none"
        ? nil
        : TextBatcher(
          try await textEmbedder(), budget: budget, callLimit: try values.seconds(.embedSeconds),
          videoLimit: limits.text),
      video: try await videoEmbedder(),
      transcriptSources: transcriptSources,
      speech: try speechRecognizer(),
      screen: values.optional(.screenEngine) == "none"
        ? nil
        : ScreenTextReader(
          languages: try values.text(.screenLanguages),
          confidenceMin: try values.integer(.screenConfidenceMin),
          timeLimit: try values.seconds(.screenSeconds)),
      language: try languageIdentifier(),
      judgesSentiment: values.boolean(.sentiment),
      speechConfidenceMin: try values.fraction(.speechConfidenceMin),
      screenIntervalSeconds: try values.integer(.screenInterval),
      screenFramesMax: try values.integer(.screenFramesMax), secondsMax: try values.integer(.secondsMax),
      limits: limits, budget: budget)
  }

  private func limits() throws(SettingsError) -> StageLimits {
    StageLimits(
      read: try values.seconds(.readSeconds), probe: try values.seconds(.probeSeconds),
      decode: try values.seconds(.decodeSeconds), speech: try values.seconds(.speechSeconds),
      video: try values.seconds(.videoSeconds), text: try values.seconds(.textSeconds),
      language: try values.seconds(.languageSeconds), sentiment: try values.seconds(.sentimentSeconds))
  }

  /// For one call of the text model, beginning now.
  package func textDeadline() throws(SettingsError) -> StageDeadline {
    StageDeadline(.text, try values.seconds(.embedSeconds))
  }

  /// Videos that are worked on at once: as many as there are cores, or as its control group allows.
  private var workers: Int {
    let workers = values.optional(.workers).flatMap { Int($0) } ?? 0
    return workers > 0 ? workers : System.coreCount
  }

  package func languageIdentifier() throws -> LanguageIdentifier? {
    guard values.optional(.languageEngine) != "none" else { return nil }
    return LanguageIdentifier(processesMax: 1, timeLimit: try values.seconds(.languageSeconds))
  }

  /// The programs that the settings ask for, each with what mends its absence.
  package var programs: [(name: String, remedy: String)] {
    var programs = ["ffprobe", "ffmpeg"].map { ($0, "apt-get install -y ffmpeg") }
    if values.optional(.screenEngine) == "tesseract" {
      programs.append((ScreenTextReader.program, "apt-get install -y tesseract-ocr, or ocr_engine: none"))
    }
    if hears, values.optional(.speechEngine) == "pocketsphinx" {
      programs.append(
        (
          PocketsphinxRecognizer.program,
          "apt-get install -y pocketsphinx pocketsphinx-en-us, or speech_engine: none"
        ))
    }
    let commands: [(engine: Setting, command: Setting)] = [
      (.textEngine, .textCommand), (.videoEngine, .videoCommand), (.speechEngine, .speechCommand),
    ]
    for (engine, command) in commands
    where values.optional(engine) == "command" && (hears || engine != .speechEngine) {
      let line = values.optional(command).flatMap { try? CommandLineTemplate($0) }
      if let name = line?.words.first { programs.append((name, "install it, or change \(command.key)")) }
    }
    return programs
  }

  /// A program that is missing would fail every video for a reason that is not the video's.
  ///
  /// - Throws: naming the first one that is missing and what mends that.
  func checkPrograms() throws(SettingsError) {
    for program in programs where !Files.isProgram(program.name) {
      throw SettingsError("the program \(program.name) is not there: \(program.remedy)")
    }
  }

  package func vectorNames() throws(SettingsError) -> VectorNames {
    let names = VectorNames(
      transcript: try values.text(.transcriptVector), screen: try values.text(.screenVector),
      video: try values.text(.videoVector))
    guard Set([names.transcript, names.screen, names.video]).count == 3 else {
      throw SettingsError("transcript_vector, ocr_vector and video_vector must be three names")
    }
    return names
  }

  /// The vectors of the collection and what makes them.
  package static func vectors(
    _ names: VectorNames, _ engines: Engines
  ) -> [(name: String, identity: ModelIdentity)] {
    var vectors: [(name: String, identity: ModelIdentity)] = []
    if let text = engines.text?.embedder.identity {
      vectors = [(names.transcript, text), (names.screen, text)]
    }
    if let video = engines.video { vectors.append((names.video, video.identity)) }
    return vectors
  }

  /// - Throws: also where texts are not embedded.
  package func textEmbedder() async throws -> any TextEmbedder {
    switch values.optional(.textEngine) {
    case "none": throw SettingsError("text_engine is none: texts have no vectors")
    case "hashing": return HashingEmbedder()
    case "onnx": return try await onnxTextEmbedder()
    case "command":
      return try await CommandTextEmbedder(
        command: try CommandLineTemplate(try values.text(.textCommand)),
        by: try textDeadline())
    default: return try MiniLMEmbedder(directory: minilmDirectory)
    }
  }

  private func onnxTextEmbedder() async throws -> ONNXTextEmbedder {
    let model = VideoFinder.absolute(try values.text(.textModel))
    var recipe = try ONNXTextRecipe(preset: values.optional(.textPreset) ?? "none")
    if recipe == nil {
      recipe = ONNXTextRecipe(
        tokenizer: try values.text(.textTokenizer), pooling: try values.text(.textPooling),
        output: values.optional(.textOutput), tokensMax: try values.integer(.textTokensMax),
        isUncased: values.boolean(.textUncased), queryPrefix: values.optional(.queryPrefix) ?? "",
        passagePrefix: values.optional(.passagePrefix) ?? "")
    }
    guard let recipe else { throw SettingsError("text_preset names no preset") }
    let vocabulary = VideoFinder.absolute(try values.text(.textVocabulary))
    let merges = values.optional(.textMerges).map(VideoFinder.absolute)
    let plan = IsolatedPlan.text(
      library: try onnxLibrary(), model: model, vocabulary: vocabulary, merges: merges, recipe)
    return try await ONNXTextEmbedder(
      pool: try pool(plan), recipe: recipe,
      files: try ONNXModelFiles(model: model, others: [vocabulary, merges]))
  }

  package func videoEmbedder() async throws -> VideoEmbedder? {
    switch values.optional(.videoEngine) {
    case "none": return nil
    case "onnx":
      let model = VideoFinder.absolute(try values.text(.videoModel))
      let preset = try values.text(.videoPreset)
      let plan = IsolatedPlan.video(library: try onnxLibrary(), model: model, preset: preset)
      return .frames(
        try await ONNXVideoEmbedder(
          pool: try pool(plan), preset: preset, files: try ONNXModelFiles(model: model)))
    case "command":
      return .command(
        CommandVideoEmbedder(
          command: try CommandLineTemplate(try values.text(.videoCommand)),
          dimension: try values.integer(.videoDimension), timeLimit: try values.seconds(.embedSeconds)))
    default: return .frames(ClassicalEmbedder())
    }
  }

  /// Processes for a model of ONNX Runtime.
  private func pool(_ plan: IsolatedPlan) throws -> IsolatedPool {
    let processesMax = try values.integer(.modelProcesses)
    return IsolatedPool(
      plan, processesMax: processesMax > 0 ? processesMax : workers,
      timeLimit: try values.seconds(.embedSeconds))
  }

  private func onnxLibrary() throws(SettingsError) -> String {
    guard let library = values.optional(.onnxLibrary) else {
      throw SettingsError(
        "onnx_library is not set: pip download onnxruntime, unzip it, and name libonnxruntime.so.…")
    }
    return library
  }

  private func transcriptSources() throws(SettingsError) -> [Transcript.Kind] {
    try values.words(.transcriptSources).compactMap { Transcript.Kind(rawValue: $0) }
  }

  /// Whether speech is among the sources of transcripts.
  package var hears: Bool { (try? transcriptSources())?.contains(.speech) == true }

  private func speechRecognizer() throws -> (any SpeechRecognizer)? {
    guard hears else { return nil }
    return switch values.optional(.speechEngine) {
    case "none": nil
    case "command": CommandRecognizer(command: try CommandLineTemplate(try values.text(.speechCommand)))
    default: PocketsphinxRecognizer()
    }
  }
}
