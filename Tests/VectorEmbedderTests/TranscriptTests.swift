import FoundationEssentials
import Testing
import VectorModel

@testable import VectorEmbedder

/// Where transcripts come from, and which file beside a video is taken.
@Suite struct TranscriptTests {
  /// The name of the file that is found beside `film.mp4`.
  private func sidecar(beside names: [String], language: String? = nil) throws -> String? {
    let directory = try TemporaryDirectory()
    for name in ["film.mp4"] + names { try Files.write([], to: directory.path + "/" + name, stage: .read) }
    let found = SidecarFinder().sidecar(of: directory.path + "/film.mp4", language: language)
    return found.map { String($0.path.dropFirst(directory.path.count + 1)) }
  }

  @Test(arguments: ["nl", "NL", "swe", "pt-BR", "pt_br", "zh-Hans-CN", "es-419"])
  func anyLanguageMayStandInTheName(tag: String) throws {
    #expect(try sidecar(beside: ["film.\(tag).srt"]) == "film.\(tag).srt")
    #expect(try sidecar(beside: ["film.\(tag).vtt"]) == "film.\(tag).vtt")
  }

  @Test(arguments: [
    "film.e.srt", "film.notes.srt", "film.e1.srt", "film.éé.srt", "film..srt", "film.en-.srt",
    "film.en-a.srt",
    "film.en-Latn-US-x.srt", "film.en.txt", "film.en.ass", "film2.en.srt", "film.b.en.srt", ".en.srt",
  ])
  func otherFilesAreNoSidecars(name: String) throws {
    #expect(try sidecar(beside: [name]) == nil)
  }

  @Test func withoutALanguageThenTheVideosThenTheAlphabet() throws {
    let names = ["film.sv.srt", "film.PT-br.vtt", "film.de.vtt", "film.de.srt", "film.Da.vtt"]
    #expect(try sidecar(beside: names) == "film.Da.vtt")
    #expect(try sidecar(beside: names, language: "de") == "film.de.srt")
    #expect(try sidecar(beside: names, language: "pt") == "film.PT-br.vtt")
    #expect(try sidecar(beside: names, language: "fi") == "film.Da.vtt")
    #expect(try sidecar(beside: ["film.en.srt", "film.spa.srt"], language: "es") == "film.spa.srt")
    #expect(try sidecar(beside: names + ["film.mp4.txt"], language: "de") == "film.mp4.txt")
  }

  @Test func filesOfOtherVideosAreLeftToThem() throws {
    #expect(try sidecar(beside: ["film.mkv", "film.mkv.srt", "film.old.mp4", "film.old.srt"]) == nil)
    let names = ["film.mkv", "film.mkv.srt", "film.nl.srt"]
    #expect(try sidecar(beside: names) == "film.nl.srt")
  }

  @Test func onlySoManyAreLookedAt() throws {
    let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { String(Unicode.Scalar($0)) }
    let tags = letters.flatMap { first in ["a", "b", "c"].map { first + $0 } }
    let others = tags.prefix(SidecarFinder.candidatesMax)
    let names = others.flatMap { ["film.\($0).mp4", "film.\($0).srt"] }
    #expect(try sidecar(beside: names + ["film.zz.srt"]) == nil)
    #expect(try sidecar(beside: names.dropLast(2) + ["film.zz.srt"]) == "film.zz.srt")
  }

  /// The listing that is kept is the directory's as it is now.
  @Test func aFileThatComesLaterIsFound() throws {
    let directory = try TemporaryDirectory()
    let finder = SidecarFinder()
    let path = directory.path + "/film.mp4"
    for tag in ["nl", "ga", "cy"] {
      #expect(finder.sidecar(of: path, language: tag) == nil)
      try Files.write([], to: directory.path + "/film.\(tag).srt", stage: .read)
      #expect(finder.sidecar(of: path, language: tag)?.path == directory.path + "/film.\(tag).srt")
      Files.remove(directory.path + "/film.\(tag).srt")
    }
  }

  /// A large directory is not listed for each of its videos.
  @Test func aDirectoryIsListedOncePerChange() throws {
    let directory = try TemporaryDirectory()
    let finder = SidecarFinder()
    func find(changedAt seconds: Double) throws -> Bool {
      let date = Date(timeIntervalSince1970: seconds)
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: directory.path)
      return finder.sidecar(of: directory.path + "/film.mp4", language: nil) != nil
    }
    #expect(try !find(changedAt: 1_000_000))
    try Files.write([], to: directory.path + "/film.nl.srt", stage: .read)
    #expect(try !find(changedAt: 1_000_000))
    #expect(try find(changedAt: 1_000_001))
  }

  @Test func theSettingSaysWhichSourceIsTaken() throws {
    let directory = try TemporaryDirectory()
    try Files.write([], to: directory.path + "/film.nl.srt", stage: .read)
    var entry = ManifestEntry(path: directory.path + "/film.mp4")
    entry.transcript = "words"
    let json = """
      {"streams": [{"index": 0, "codec_type": "audio"},
        {"index": 2, "codec_type": "subtitle", "codec_name": "srt"}], "format": {}}
      """
    let probe = try MediaProbe(json: Array(json.utf8))
    func source(_ kinds: [Transcript.Kind], hears: Bool = true) -> String? {
      Transcript.source(of: entry, probe: probe, kinds: kinds, hears: hears, sidecars: SidecarFinder()).name
    }
    for kind in Transcript.Kind.allCases { #expect(source([kind]) == kind.rawValue) }
    #expect(source(Transcript.Kind.allCases) == "manifest")
    #expect(source([.speech, .subtitles]) == "speech")
    #expect(source([.speech, .subtitles], hears: false) == "subtitles")
    #expect(source([]) == nil)
    entry.transcript = nil
    #expect(source(Transcript.Kind.allCases) == "sidecar")
    #expect(source([.manifest]) == nil)
  }

  @Test(arguments: [
    ("manifest, sidecar, subtitles, speech", ["manifest", "sidecar", "subtitles", "speech"]),
    ("speech  sidecar", ["speech", "sidecar"]), ("subtitles", ["subtitles"]), ("none", []),
  ])
  func sourcesAreAListOfWords(text: String, words: [String]) throws {
    #expect(try SettingValues(flags: ["transcript_sources=\(text)"]).words(.transcriptSources) == words)
    let environment = ["NEEDLETAIL_EMBEDDER_TRANSCRIPT_SOURCES": text]
    #expect(try SettingValues(environment: environment).words(.transcriptSources) == words)
    #expect(
      try SettingValues(file: ("transcript_sources: \(text)", "f")).words(.transcriptSources) == words)
  }

  @Test(arguments: ["sidecars", "none, speech", "speech speech", ",", "[manifest]"])
  func sourcesThatAreNoneAreNamed(text: String) {
    let error = #expect(throws: SettingsError.self) {
      try SettingValues(flags: ["transcript_sources=\(text)"])
    }
    #expect(
      error?.message == "transcript_sources «\(text)» (--set) must be none, or some of "
        + "manifest, sidecar, subtitles, speech, each once")
  }

  @Test func withoutSpeechAsASourceItsProgramIsNotNeeded() async throws {
    let command = ["speech_engine=command", "speech_command=no-such-program {wav}"]
    func programs(_ sources: String) throws -> [String] {
      let values = try SettingValues(flags: command + ["transcript_sources=\(sources)"])
      return EngineFactory(values).programs.map(\.name)
    }
    #expect(try programs("sidecar speech").contains("no-such-program"))
    #expect(try !programs("sidecar").contains("no-such-program"))
    let off = ["text_engine=none", "ocr_engine=none", "language_engine=none", "transcript_sources=none"]
    let findings = await Doctor(try SettingValues(flags: command + off)).examine(sink: nil)
    #expect(findings.contains { $0.text == "off (transcript_sources without speech)" && $0.isGood })
  }

  @Test func aWorkerThatCouldMakeNoVectorDoesNotStart() async throws {
    let flags = ["text_engine=hashing", "video_engine=none", "ocr_engine=none", "transcript_sources="]
    func engines(_ sources: String) async throws -> Engines {
      try await EngineFactory(try SettingValues(flags: flags.dropLast() + [flags[3] + sources])).engines()
    }
    let error = await #expect(throws: SettingsError.self) { _ = try await engines("none") }
    #expect(error?.message.hasPrefix("transcript_sources, ocr_engine and video_engine are all none") == true)
    #expect(try await engines("manifest").transcriptSources == [.manifest])
  }

  /// Each change of the setting makes the point again, and what does not come from the source anew.
  @Test(.enabled(if: TestMedia.isPossible)) func aChangedSettingChangesThePoint() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.subtitled("a.mkv", "The fisherman mends his net.", language: "eng")
    try worker.media.sidecar("a.nl.srt", "De tuinman geeft zijn rozen water.")
    func transcript(_ flags: [String]) async throws -> (source: JSONValue?, vectors: [String]) {
      let report = try await worker.run(.init(), flags)
      #expect(report.embedded == 1 && report.failed == 0 && report.partial == 0)
      #expect(try await worker.run(.init(), flags).unchanged == 1)
      let point = try #require(await worker.sink.point(ofFile: "a.mkv"))
      return (
        try JSONValue(parsing: point.payload)["transcript_source"], point.vectors.entries.map(\.name).sorted()
      )
    }
    #expect(try await transcript([]) == (.string("sidecar"), ["transcript", "video"]))
    #expect(try await transcript(["transcript_sources=none"]) == (.null, ["video"]))
    // A file that is no source changes nothing.
    try worker.media.sidecar("a.nl.srt", "De visser herstelt zijn net.")
    #expect(try await worker.run(.init(), ["transcript_sources=none"]).unchanged == 1)
    let subtitles = try await transcript(["transcript_sources=manifest subtitles"])
    #expect(subtitles == (.string("subtitles"), ["transcript", "video"]))
    #expect(try await transcript(["transcript_sources=sidecar"]).source == .string("sidecar"))
  }
}
