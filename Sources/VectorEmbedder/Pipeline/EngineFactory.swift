/// Makes the engines that the settings name.
package struct EngineFactory: Sendable {
  package let values: SettingValues

  package init(_ values: SettingValues) { self.values = values }

  package var minilmDirectory: String { (values.optional(.modelDirectory) ?? ".") + "/minilm" }

  /// - Throws: for an engine whose model or settings are missing, by name and remedy.
  package func engines() async throws -> Engines {
    Engines(
      text: try await textEmbedder(), video: try videoEmbedder(), speech: try speechRecognizer(),
      screen: values.optional(.screenEngine) == "none"
        ? nil
        : ScreenTextReader(
          languages: try values.text(.screenLanguages),
          confidenceMin: try values.integer(.screenConfidenceMin),
          timeLimit: try values.seconds(.screenSeconds)),
      detectsLanguage: values.optional(.languageEngine) != "none",
      judgesSentiment: values.boolean(.sentiment),
      speechConfidenceMin: try values.fraction(.speechConfidenceMin),
      screenIntervalSeconds: try values.integer(.screenInterval),
      screenFramesMax: try values.integer(.screenFramesMax), secondsMax: try values.integer(.secondsMax),
      probeTimeLimit: try values.seconds(.probeSeconds), decodeTimeLimit: try values.seconds(.decodeSeconds),
      speechTimeLimit: try values.seconds(.speechSeconds))
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
    var vectors = [(names.transcript, engines.text.identity), (names.screen, engines.text.identity)]
    if let video = engines.video { vectors.append((names.video, video.identity)) }
    return vectors
  }

  package func textEmbedder() async throws -> any TextEmbedder {
    switch values.optional(.textEngine) {
    case "hashing": return HashingEmbedder()
    case "onnx": return try onnxTextEmbedder()
    case "command":
      return try await CommandTextEmbedder(
        command: try CommandLineTemplate(try values.text(.textCommand)),
        timeLimit: try values.seconds(.embedSeconds))
    default: return try MiniLMEmbedder(directory: minilmDirectory)
    }
  }

  private func onnxTextEmbedder() throws -> ONNXTextEmbedder {
    let session = try ONNXSession(library: onnxLibrary(), model: try values.text(.textModel))
    var recipe = try ONNXTextRecipe(preset: values.optional(.textPreset) ?? "none")
    if recipe == nil {
      recipe = ONNXTextRecipe(
        tokenizer: try values.text(.textTokenizer), pooling: try values.text(.textPooling),
        output: values.optional(.textOutput), tokensMax: try values.integer(.textTokensMax),
        isUncased: values.boolean(.textUncased), queryPrefix: values.optional(.queryPrefix) ?? "",
        passagePrefix: values.optional(.passagePrefix) ?? "")
    }
    guard let recipe else { throw SettingsError("text_preset names no preset") }
    return try ONNXTextEmbedder(
      session: session, recipe: recipe,
      tokenizer: try recipe.makeTokenizer(
        vocabulary: try values.text(.textVocabulary), merges: values.optional(.textMerges)),
      modelHash: try ContentHash.sha256(ofFile: try values.text(.textModel)).hex)
  }

  package func videoEmbedder() throws -> VideoEmbedder? {
    switch values.optional(.videoEngine) {
    case "none": return nil
    case "onnx":
      let model = try values.text(.videoModel)
      let preset = try values.text(.videoPreset)
      let session = try ONNXSession(library: onnxLibrary(), model: model)
      return .frames(
        try ONNXVideoEmbedder(
          session: session, preset: preset, modelHash: try ContentHash.sha256(ofFile: model).hex))
    case "command":
      return .command(
        CommandVideoEmbedder(
          command: try CommandLineTemplate(try values.text(.videoCommand)),
          dimension: try values.integer(.videoDimension), timeLimit: try values.seconds(.embedSeconds)))
    default: return .frames(ClassicalEmbedder())
    }
  }

  private func onnxLibrary() throws(SettingsError) -> String {
    guard let library = values.optional(.onnxLibrary) else {
      throw SettingsError(
        "onnx_library is not set: pip download onnxruntime, unzip it, and name libonnxruntime.so.…")
    }
    return library
  }

  private func speechRecognizer() throws -> (any SpeechRecognizer)? {
    switch values.optional(.speechEngine) {
    case "none": nil
    case "command": CommandRecognizer(command: try CommandLineTemplate(try values.text(.speechCommand)))
    default: PocketsphinxRecognizer()
    }
  }
}
