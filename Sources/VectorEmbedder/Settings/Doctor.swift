/// Looks at what each stage needs, and says how to mend what is missing.
package struct Doctor: Sendable {
  package struct Finding: Sendable, Equatable {
    package var stage: String
    package var isGood: Bool
    /// What works, or what is missing.
    package var text: String
    /// The command or setting that mends it.
    package var remedy: String?
  }

  private let values: SettingValues

  package init(_ values: SettingValues) { self.values = values }

  /// - Parameter sink: asked whether the server answers.
  package func examine(sink: (any PointSink)?) async -> [Finding] {
    var findings: [Finding] = []
    for program in ["ffprobe", "ffmpeg"] {
      findings.append(
        await self.program(program, ["-version"], stage: "decode", package: "ffmpeg") { _ in nil })
    }
    findings.append(await text())
    findings.append(await video())
    findings.append(await speech())
    findings.append(await screen())
    findings.append(await language())
    if let sink { findings.append(await server(sink)) }
    return findings
  }

  private func program(
    _ name: String, _ arguments: [String], stage: String, package: String, text: String? = nil,
    _ judge: @Sendable (String) -> String?
  ) async -> Finding {
    let child = ChildProcess(.settings, name, arguments, timeLimit: .seconds(60))
    do {
      let output = String(decoding: try await child.run(), as: UTF8.self)
      if let complaint = judge(output) {
        return Finding(
          stage: stage, isGood: false, text: complaint, remedy: "apt-get install -y \(package)")
      }
      let first = output.split(whereSeparator: \.isNewline).first.map(String.init) ?? name
      return Finding(stage: stage, isGood: true, text: text ?? first, remedy: nil)
    } catch {
      return Finding(
        stage: stage, isGood: false, text: error.reason, remedy: "apt-get install -y \(package)")
    }
  }

  private func text() async -> Finding {
    if values.optional(.textEngine) == "none" {
      return Finding(stage: "text", isGood: true, text: "off (text_engine: none)", remedy: nil)
    }
    do {
      let factory = EngineFactory(values)
      let embedder = try await factory.textEmbedder()
      let vectors = try await embedder.embed(["a cat on a mat"], as: .query, by: try factory.textDeadline())
      let count = vectors.first?.count ?? 0
      return Finding(stage: "text", isGood: true, text: "\(embedder.identity.name), \(count)-d", remedy: nil)
    } catch {
      let isDefault = values.optional(.textEngine) == "minilm"
      return Finding(
        stage: "text", isGood: false, text: (error as? StageError)?.reason ?? "\(error)",
        remedy: isDefault
          ? "needletail-embedder model install minilm   (or text_engine: hashing, which knows words only)"
          : "see the settings text_… in Config/embedder.yaml")
    }
  }

  private func video() async -> Finding {
    do {
      guard let embedder = try await EngineFactory(values).videoEmbedder() else {
        return Finding(stage: "video", isGood: true, text: "off (video_engine: none)", remedy: nil)
      }
      if case .command = embedder, let missing = missingCommand(.videoCommand, stage: "video") {
        return missing
      }
      let identity = embedder.identity
      return Finding(
        stage: "video", isGood: true, text: "\(identity.name), \(identity.dimension)-d", remedy: nil)
    } catch {
      return Finding(
        stage: "video", isGood: false, text: (error as? StageError)?.reason ?? "\(error)",
        remedy: "see the settings video_… in Config/embedder.yaml, or video_engine: classical")
    }
  }

  /// Nil where the program of a command is there.
  private func missingCommand(_ setting: Setting, stage: String) -> Finding? {
    guard let program = values.optional(setting).flatMap({ try? CommandLineTemplate($0) })?.words.first else {
      return Finding(
        stage: stage, isGood: false, text: "\(setting.key) is not set", remedy: "see Docs/embedder.md")
    }
    if Files.isProgram(program) { return nil }
    return Finding(
      stage: stage, isGood: false, text: "the program \(program) is not there",
      remedy: "install \(program), see Docs/embedder.md")
  }

  private func speech() async -> Finding {
    guard EngineFactory(values).hears else {
      return Finding(
        stage: "speech", isGood: true, text: "off (transcript_sources without speech)", remedy: nil)
    }
    switch values.optional(.speechEngine) {
    case "none": return Finding(stage: "speech", isGood: true, text: "off (speech_engine: none)", remedy: nil)
    case "command":
      let line = values.optional(.speechCommand) ?? ""
      return missingCommand(.speechCommand, stage: "speech")
        ?? Finding(stage: "speech", isGood: true, text: line, remedy: nil)
    default:
      // Without its model, a package of its own, the program ends at once.
      return await program(
        PocketsphinxRecognizer.program, ["-infile", "/dev/null", "-logfn", "/dev/null"], stage: "speech",
        package: "pocketsphinx pocketsphinx-en-us", text: "pocketsphinx, English"
      ) { _ in nil }
    }
  }

  private func screen() async -> Finding {
    guard values.optional(.screenEngine) != "none" else {
      return Finding(stage: "screen", isGood: true, text: "off (ocr_engine: none)", remedy: nil)
    }
    let wanted = (values.optional(.screenLanguages) ?? "").split(separator: "+").map(String.init)
    let package = "tesseract-ocr " + wanted.map { "tesseract-ocr-\($0)" }.joined(separator: " ")
    return await program(
      ScreenTextReader.program, ["--list-langs"], stage: "screen",
      package: package.replacing("_", with: "-"), text: "tesseract, \(wanted.joined(separator: " and "))"
    ) { output in
      let there = Set(output.split(whereSeparator: \.isNewline).map(String.init))
      let missing = wanted.filter { !there.contains($0) }
      return missing.isEmpty ? nil : "tesseract lacks the language \(missing.joined(separator: ", "))"
    }
  }

  private func language() async -> Finding {
    do {
      guard let identifier = try EngineFactory(values).languageIdentifier() else {
        return Finding(stage: "language", isGood: true, text: "off (language_engine: none)", remedy: nil)
      }
      let text = "Hoy hace buen tiempo y vamos a ir a la playa con nuestros amigos."
      let code = try await identifier.identify(
        text, by: StageDeadline(.language, try values.seconds(.languageSeconds)))?.code
      return Finding(
        stage: "language", isGood: code == "es",
        text: code == "es"
          ? "cld2, and the lexicon of English for sentiment" : "cld2 takes Spanish for \(code ?? "nothing")",
        remedy: code == "es" ? nil : "apt-get install -y --reinstall libcld2-0")
    } catch {
      return Finding(
        stage: "language", isGood: false, text: (error as? StageError)?.reason ?? "\(error)",
        remedy: "apt-get install -y --reinstall libcld2-0   (or language_engine: none)")
    }
  }

  private func server(_ sink: any PointSink) async -> Finding {
    do {
      _ = try await sink.send(.listCollections)
      return Finding(stage: "upload", isGood: true, text: "the server answers", remedy: nil)
    } catch {
      return Finding(
        stage: "upload", isGood: false, text: error.message,
        remedy: "needletail serve, and host, binary_port, api_key and tls in the settings")
    }
  }
}
