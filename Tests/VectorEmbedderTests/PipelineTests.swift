import FoundationEssentials
import Testing
import VectorModel

@testable import VectorEmbedder

/// Real media through real programs into a server in memory.
@Suite(.enabled(if: TestMedia.isPossible)) struct PipelineTests {
  @Test func sidecarsAndSubtitleTracksBecomeTranscripts() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("a_film.mp4", source: "testsrc=size=160x120:rate=10")
    try worker.media.sidecar(
      "a_film.srt", "A wonderful story about a beautiful lighthouse keeper and his happy dog.")
    try await worker.media.subtitled(
      "b.mkv", "El pescador remienda su vieja red mientras el barco espera en el puerto.", language: "spa")
    let report = try await worker.run()
    #expect(report.embedded == 2 && report.failed == 0 && report.partial == 0)

    let english = try #require(await worker.sink.payload(ofFile: "a_film.mp4"))
    #expect(english["title"]?.text == "a film")
    #expect(english["transcript_source"]?.text == "sidecar")
    #expect(english["language"]?.text == "en")
    #expect((english["sentiment"]?.double ?? 0) > 0.3)
    #expect(english["asr_words"]?.double == 12)
    #expect((english["duration_s"]?.double ?? 0) > 2.5)
    let spanish = try #require(await worker.sink.payload(ofFile: "b.mkv"))
    #expect(spanish["transcript_source"]?.text == "subtitles")
    #expect(spanish["language"]?.text == "es")
    #expect(spanish["sentiment"] == .null)
    #expect(spanish["ocr_text"] == .null)

    let point = try #require(await worker.sink.point(ofFile: "b.mkv"))
    #expect(point.vectors.entries.map(\.name) == ["transcript", "video"])
    let query = HashingEmbedder.vector(of: "red del pescador")
    #expect(try await worker.first(query, using: "transcript") == "b.mkv")
  }

  @Test func brokenFilesDoNotStopTheOthers() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("good.mp4", source: "testsrc=size=160x120:rate=10")
    try await worker.media.textOnly("text.mkv", "Nothing to see here, only words about gardens.")
    try worker.media.bytes("empty.mp4", [])
    try worker.media.bytes("noise.mp4", (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    let good = try Files.bytes(at: worker.videos + "/good.mp4", stage: .read)
    try worker.media.bytes("cut.mp4", Array(good[..<(good.count / 3)]))
    let report = try await worker.run()
    #expect(report.embedded == 2)
    #expect(report.failed == 3)
    let text = try #require(await worker.sink.point(ofFile: "text.mkv"))
    #expect(text.vectors.entries.map(\.name) == ["transcript"])

    let letters = try Files.text(at: worker.state + "/dead-letters.jsonl", stage: .read)
    let lines = letters.split(separator: "\n")
    #expect(lines.count == 3)
    for line in lines {
      let letter = try JSONValue(parsing: Array(line.utf8))
      #expect(letter["path"]?.text?.hasSuffix(".mp4") == true)
      #expect(letter["stage"]?.text == "probe" || letter["stage"]?.text == "read")
      #expect(letter["attempts"]?.double == 1)
    }
    // They are left alone until somebody asks for them.
    let second = try await worker.run()
    #expect(second.unchanged == 2 && second.embedded == 0 && second.skipped == 3 && second.failed == 0)
    let unchanged = try Files.text(at: worker.state + "/dead-letters.jsonl", stage: .read)
    #expect(unchanged == letters)
    let third = try await worker.run(.init(retriesFailed: true))
    #expect(third.failed == 3)
  }

  @Test func equalFilesShareAPointAndRenamesTouchOnlyPaths() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10")
    let bytes = try Files.bytes(at: worker.videos + "/a.mp4", stage: .read)
    try worker.media.bytes("copy.mp4", bytes)
    #expect(try await worker.run().embedded == 1)
    #expect(await worker.sink.points.count == 1)
    #expect(await paths(worker) == ["a.mp4", "copy.mp4"])

    try FileManager.default.moveItem(atPath: worker.videos + "/a.mp4", toPath: worker.videos + "/z.mp4")
    let renamed = try await worker.run()
    #expect(renamed.renamed == 1 && renamed.embedded == 0)
    #expect(await paths(worker) == ["copy.mp4", "z.mp4"])
    #expect(await worker.sink.upsertCount == 1)

    Files.remove(worker.videos + "/z.mp4")
    #expect(try await worker.run(.init(prunesBelow: worker.videos)).renamed == 1)
    #expect(await paths(worker) == ["copy.mp4"])
    Files.remove(worker.videos + "/copy.mp4")
    try worker.media.bytes("note.txt", [])
    #expect(try await worker.run(.init(prunesBelow: worker.videos)).pruned == 1)
    #expect(await worker.sink.points.isEmpty)
  }

  @Test func onlyWhatIsGoneFromTheDirectoryIsPruned() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    let names = ["one", "two", "three"]
    for name in names {
      try Files.makeDirectory(worker.videos + "/\(name)/deep", stage: .read)
      try await worker.media.textOnly("a.mkv", "The gardener waters \(name) roses.")
      try Files.move(
        worker.videos + "/a.mkv", to: worker.videos + "/\(name)/deep/a.mkv", stage: .read)
    }
    #expect(try await worker.run().embedded == 3)
    for name in names { Files.remove(worker.videos + "/\(name)/deep/a.mkv") }
    func pruned(_ directory: String) async throws -> Int {
      try await worker.run(.init(prunesBelow: worker.videos + directory)).pruned
    }
    // As if three disks were not mounted.
    #expect(try await pruned("") == 0)
    for name in names { Files.remove(worker.videos + "/\(name)/deep") }
    try Files.write([], to: worker.videos + "/one/note.txt", stage: .read)
    #expect(try await pruned("/two") == 0)
    #expect(try await pruned("/one") == 1)
    #expect(try await pruned("") == 0)
    for name in names { Files.remove(worker.videos + "/" + name) }
    // Nothing at all is left: this may be a disk too.
    #expect(try await pruned("") == 0)
    try Files.write([], to: worker.videos + "/note.txt", stage: .read)
    #expect(try await pruned("") == 2)
  }

  /// A path that is too long for the file system stands for every other trouble with it.
  @Test func whatCannotBeSeenIsNotPruned() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    try await worker.media.textOnly("a.mkv", "The gardener waters his roses.")
    try await worker.media.textOnly("b.mkv", "The fisherman mends his net.")
    _ = try await worker.run()
    let journal = worker.state + "/journal.jsonl"
    let long = String(repeating: "x", count: 300)
    let text = try Files.text(at: journal, stage: .read).replacing("b.mkv", with: long + ".mkv")
    try Files.write(Array(text.utf8), to: journal, stage: .read)
    Files.remove(worker.videos + "/b.mkv")
    #expect(try await worker.run(.init(prunesBelow: worker.videos)).pruned == 0)
    #expect(FileState.look(at: worker.videos + "/" + long) == .unknown("File name too long"))
    #expect(FileState.look(at: worker.videos + "/b.mkv") == .gone)
    #expect(FileState.look(at: worker.videos + "/a.mkv/b.mkv") == .gone)
    #expect(await worker.sink.points.count == 2)
  }

  private func paths(_ worker: TestWorker) async -> [String] {
    let payload = await worker.sink.payload(ofFile: "copy.mp4")
    return payload?["paths"]?.elements?.compactMap { $0.text?.split(separator: "/").last.map(String.init) }
      ?? []
  }

  /// Tells by its vector how long it was told the video is.
  private struct DurationEmbedder: FrameEmbedder, FrameAccumulator {
    var seconds = 0.0
    let identity = ModelIdentity(name: "duration", hash: "duration", dimension: 384)
    let framesPerSecond = 1
    func accumulator(durationSeconds: Double?) -> any FrameAccumulator {
      DurationEmbedder(seconds: durationSeconds ?? 0)
    }
    mutating func add(_ frame: Frame) {}
    func vector() -> [Float]? { [Float(seconds)] }
  }

  @Test(arguments: [(2, 2 as Float), (7200, 3)])
  func embeddersKnowHowMuchIsDecoded(limit: Int, seconds: Float) async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10", seconds: 3)
    _ = try await worker.run(.init(), ["seconds_max=\(limit)"]) {
      $0.engines.video = .frames(DurationEmbedder())
    }
    let point = try #require(await worker.sink.point(ofFile: "a.mp4"))
    #expect(point.vectors["video"] == .dense([seconds]))
  }

  @Test func moreOfAVideoHasMoreSubtitles() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    let text = """
      1
      00:00:00,100 --> 00:00:00,900
      The gardener waters his roses.

      2
      00:00:05,000 --> 00:00:06,000
      The fisherman mends his net.

      """
    try await worker.media.textOnly("a.mkv", subtitles: text)
    func transcript(_ limit: Int) async throws -> String {
      _ = try await worker.run(.init(), ["seconds_max=\(limit)"])
      return await worker.sink.payload(ofFile: "a.mkv")?["transcript"]?.text ?? ""
    }
    let short = try await transcript(2)
    #expect(short.contains("roses") && !short.contains("fisherman"))
    #expect(try await transcript(60).contains("fisherman"))
  }

  @Test func changedSettingsRepeatOnlyWhatTheyTouch() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10")
    _ = try await worker.run()
    let manifest = worker.directory.path + "/list.csv"
    try Files.write(
      Array("path,title,language,tags\nvideos/a.mp4,New title,fr,x;y\n".utf8), to: manifest, stage: .read)
    let report = try await worker.run(manifest: manifest)
    #expect(report.embedded == 1)
    // The picture's vector came from the cache, so nothing was decoded.
    #expect(report.secondsByStage[.decode] == nil)
    let payload = try #require(await worker.sink.payload(ofFile: "a.mp4"))
    #expect(payload["title"]?.text == "New title")
    #expect(payload["language"]?.text == "fr")
    #expect(payload["language_source"]?.text == "manifest")
    #expect(payload["tags"] == .array([.string("x"), .string("y")]))
  }

  @Test func aNewModelGetsAVectorBesideTheOldOne() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    try await worker.media.textOnly("a.mkv", "The gardener waters his roses.")
    _ = try await worker.run()
    let other = "sh -c 'tr -dc , | tr , 1 >/dev/null; echo \"[[0.6, 0.8]]\"'"
    let flags = ["text_engine=command", "text_command=\(other)"]
    await #expect(throws: RequestError.self) { try await worker.run(.init(), flags) }
    let report = try await worker.run(
      .init(), flags + ["transcript_vector=transcript_2", "ocr_vector=ocr_2"])
    #expect(report.embedded == 1)
    let point = try #require(await worker.sink.point(ofFile: "a.mkv"))
    #expect(Set(point.vectors.entries.map(\.name)) == ["transcript", "transcript_2"])
  }

  @Test func textsMayGoWithoutVectors() async throws {
    let worker = try TestWorker(flags: ["text_engine=none", "ocr_engine=none"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10")
    try worker.media.sidecar("a.srt", "A wonderful story about a lighthouse keeper.")
    let report = try await worker.run()
    #expect(report.embedded == 1 && report.partial == 0)
    let point = try #require(await worker.sink.point(ofFile: "a.mp4"))
    #expect(point.vectors.entries.map(\.name) == ["video"])
    #expect(await worker.sink.configuration?.vectors.map(\.name) == ["video"])
    let payload = try JSONValue(parsing: point.payload)
    #expect(payload["transcript"]?.text == "A wonderful story about a lighthouse keeper.")
    #expect(payload["language"]?.text == "en")
    // Later they get some.
    #expect(try await worker.run(.init(), ["text_engine=hashing"]).embedded == 1)
    let later = try #require(await worker.sink.point(ofFile: "a.mp4"))
    #expect(Set(later.vectors.entries.map(\.name)) == ["transcript", "video"])
    await #expect(throws: SettingsError.self) { try await worker.run(.init(), ["video_engine=none"]) }
  }

  /// The program finds the path among its arguments and as JSON.
  @Test func aProgramForPicturesGetsJSON() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_dimension=2"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10")
    let script = worker.directory.path + "/embed.sh"
    let seen = worker.directory.path + "/seen.json"
    try Files.write(
      Array("cat > '\(seen)'; [ -f \"$1\" ] && echo '{\"vector\": [3, 4]}'".utf8), to: script, stage: .read)
    let report = try await worker.run(
      .init(), ["video_engine=command", "video_command=sh \(script) {video}"])
    #expect(report.embedded == 1 && report.partial == 0)
    let input = try JSONValue(parsing: try Files.bytes(at: seen, stage: .read))
    #expect(input["video"]?.text?.hasSuffix("/a.mp4") == true)
    let point = try #require(await worker.sink.point(ofFile: "a.mp4"))
    #expect(point.vectors["video"] == .dense([0.6, 0.8]))
  }

  @Test func aDeletedCollectionIsFilledAgain() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    try await worker.media.textOnly("a.mkv", "The gardener waters his roses.")
    _ = try await worker.run()
    await worker.sink.drop()
    #expect(try await worker.run().embedded == 1)
    #expect(await worker.sink.points.count == 1)
  }

  /// A worker that was killed between making the collection and its first point.
  @Test func anEmptyCollectionOfTheSameNameIsFilledToo() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    try await worker.media.textOnly("a.mkv", "The gardener waters his roses.")
    _ = try await worker.run()
    await worker.sink.drop()
    let session = try await EmbedderSession(values: try worker.values(), sink: worker.sink)
    try await session.collection.ensure()
    #expect(try await worker.run().embedded == 1)
    #expect(try await worker.run().unchanged == 1)
  }

  @Test func aMissingProgramStopsTheWorkerBeforeAnyVideo() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    let flags = ["speech_engine=command", "speech_command=no-such-program {wav}"]
    let error = await #expect(throws: SettingsError.self) { try await worker.run(.init(), flags) }
    #expect(error?.message.contains("no-such-program") == true)
    #expect(!Files.exists(worker.state + "/journal.jsonl"))
  }

  /// A video of which one stage fails, with a point all the same.
  private func partialWorker() async throws -> TestWorker {
    let worker = try TestWorker(
      flags: [
        "text_engine=hashing", "ocr_engine=none", "video_engine=command", "video_dimension=2",
        "video_command=sh -c 'exit 1'",
      ])
    try await worker.media.textOnly("a.mkv", "The gardener waters his roses.")
    try await worker.media.textOnly("b.mkv", "The fisherman mends his net.")
    #expect(try await worker.run().partial == 2)
    return worker
  }

  @Test func partialVideosFillANewCollectionToo() async throws {
    let worker = try await partialWorker()
    await worker.sink.drop()
    let report = try await worker.run()
    #expect(report.embedded == 2 && report.skipped == 0)
    #expect(await worker.sink.points.count == 2)
  }

  @Test func aKillBehindTheFailureLosesNoPartialVideo() async throws {
    let worker = try await partialWorker()
    let path = worker.state + "/journal.jsonl"
    let lines = try Files.text(at: path, stage: .read).split(separator: "\n")
    let kept = lines.filter { !$0.hasPrefix(#"{"done""#) }
    #expect(kept.count == lines.count - 2)
    try Files.write(Array((kept.joined(separator: "\n") + "\n").utf8), to: path, stage: .read)
    #expect(try await worker.run().embedded == 2)
    #expect(try await worker.run().unchanged == 2)
  }

  @Test func failuresOfFilesThatAreGoneAreOver() async throws {
    let worker = try await partialWorker()
    try worker.media.bytes("noise.mp4", Array(repeating: 7, count: 5000))
    #expect(try await worker.run().failed == 1)
    func failures() throws -> [String] {
      try Journal.peek(path: worker.state + "/journal.jsonl").failedEntries().map {
        String($0.path.dropFirst(worker.videos.count + 1))
      }
    }
    #expect(try failures() == ["a.mkv", "b.mkv", "noise.mp4"])
    // A partial video under another name is tried again, and its failure goes with it.
    try Files.move(worker.videos + "/a.mkv", to: worker.videos + "/c.mkv", stage: .read)
    let renamed = try await worker.run()
    #expect(renamed.partial == 1 && renamed.unchanged == 1 && renamed.skipped == 1)
    #expect(try failures() == ["b.mkv", "c.mkv", "noise.mp4"])
    #expect(await worker.sink.point(ofFile: "a.mkv") == nil)
    // What is gone is over; what comes back is tried again.
    try Files.move(worker.videos + "/b.mkv", to: worker.videos + "/b.away", stage: .read)
    Files.remove(worker.videos + "/noise.mp4")
    #expect(try failures() == ["c.mkv"])
    #expect(try await worker.run().unchanged == 1)
    #expect(try Journal.peek(path: worker.state + "/journal.jsonl").failures.count == 1)
    try Files.move(worker.videos + "/b.away", to: worker.videos + "/b.mkv", stage: .read)
    #expect(try await worker.run().partial == 1)
    #expect(await worker.sink.points.count == 2)
  }

  /// What was decoded before the disk was full is gone when the video is given up, and the disk has room again.
  @Test func aDiskThatAVideoFillsIsNoFaultOfTheVideo() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10")
    let work = worker.state + "/work"
    let error = await #expect(throws: StageError.self) {
      try await worker.run { session in
        session.engines.limits.decode = .zero
        session.room.freeByteCount = {
          (try? Files.names(in: work, stage: .read))?.isEmpty == false ? 0 : 1 << 40
        }
      }
    }
    #expect(error?.stage == .settings)
    #expect(try Journal.peek(path: worker.state + "/journal.jsonl").failures.isEmpty)
    #expect(try await worker.run().embedded == 1)
  }

  @Test func theServersFaultsAreWaitedOut() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10")
    await worker.sink.failNext((0..<5).map { RequestError(.unavailable, "away \($0)") })
    #expect(try await worker.run().embedded == 1)
  }

  /// A key that was revoked, a collection that was deleted, a server that is damaged.
  @Test(arguments: [RequestError.Code.forbidden, .notFound, .internalError])
  func aServerThatTakesNothingIsNoFaultOfTheVideos(code: RequestError.Code) async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    for name in ["a", "b", "c"] {
      try await worker.media.textOnly("\(name).mkv", "The gardener \(name) digs.")
    }
    await worker.sink.failNext([RequestError(code, "no")])
    let error = await #expect(throws: StageError.self) { try await worker.run() }
    #expect(error?.isOfServer == true)
    #expect(try Files.bytes(at: worker.state + "/dead-letters.jsonl", stage: .read).isEmpty)
    // All that is left is embedded, and nothing is skipped.
    let report = try await worker.run()
    #expect(report.skipped == 0 && report.embedded + report.unchanged == 3)
    #expect(await worker.sink.points.count == 3)
  }

  @Test func watchingOutlivesAServerThatTakesNothing() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    try await worker.media.textOnly("a.mkv", "The gardener waters his roses.")
    let session = try await EmbedderSession(values: try worker.values(), sink: worker.sink)
    let backoff = Backoff(firstMilliseconds: 1)
    let run = try await session.makeRun(progress: RunProgress(), backoff: backoff)
    let watch = VideoWatch(session, run, .init(), backoff: backoff)
    let entries = try EmbedderSession.finder(try worker.values()).find(worker.videos)
    await worker.sink.failNext([RequestError(.unauthorized, "no"), RequestError(.notFound, "no")])
    #expect(try await watch.pass(over: entries) { _ in }.embedded == 1)
    // The journal knows the video, the new collection does not.
    await worker.sink.drop()
    #expect(try await watch.pass(over: entries) { _ in }.embedded == 2)
    #expect(await worker.sink.points.count == 1)
  }

  @Test func countsOfUnchangedVideosAreThoseOfOnePass() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    try await worker.media.textOnly("a.mkv", "The gardener waters his roses.")
    let session = try await EmbedderSession(values: try worker.values(), sink: worker.sink)
    let progress = RunProgress()
    let run = try await session.makeRun(progress: progress)
    let watch = VideoWatch(session, run, .init())
    let entries = try EmbedderSession.finder(try worker.values()).find(worker.videos)
    for _ in 0..<3 { _ = try await watch.pass(over: entries) { _ in } }
    let metrics = await progress.metrics
    #expect(metrics.contains(#"needletail_embedder_videos_total{outcome="embedded"} 1.0"#))
    #expect(metrics.contains(#"needletail_embedder_pass_videos{state="found"} 1.0"#))
    #expect(metrics.contains(#"needletail_embedder_pass_videos{state="unchanged"} 1.0"#))
  }

  @Test func aLostAcknowledgementIsNotAGap() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10")
    try await worker.media.picture("b.mp4", source: "mandelbrot=size=160x120:rate=10")
    _ = try await worker.run()
    // As after a kill between any two lines of the journal.
    let journal = try Files.bytes(at: worker.state + "/journal.jsonl", stage: .read)
    for cut in [0, journal.count / 3, journal.count / 2, journal.count - 5] {
      try Files.write(Array(journal[..<cut]), to: worker.state + "/journal.jsonl", stage: .read)
      let report = try await worker.run()
      #expect(report.embedded + report.unchanged == 2)
      #expect(await worker.sink.points.count == 2)
      #expect(try await worker.run().unchanged == 2)
    }
  }
}

/// Speech and text on screen, which take seconds.
@Suite(.enabled(if: TestMedia.isPossible && TestModel.hasPrograms("tesseract", "pocketsphinx_continuous")))
struct RecognitionTests {
  @Test func spokenWordsFindTheirVideo() async throws {
    let worker = try TestWorker(
      flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none", "speech_engine=pocketsphinx"])
    try await worker.media.speech("balloon.mp4", saying: "The red balloon floats over the quiet harbor")
    let report = try await worker.run()
    #expect(report.embedded == 1 && report.partial == 0)
    let payload = try #require(await worker.sink.payload(ofFile: "balloon.mp4"))
    #expect(payload["transcript_source"]?.text == "speech")
    #expect(payload["transcript"]?.text?.contains("red balloon") == true)
    #expect(payload["language"]?.text == "en")
  }

  /// A decoder that was ended too early has not seen a film without text.
  @Test func whatABrokenDecodingGaveIsNotKept() async throws {
    let worker = try TestWorker()
    try await worker.media.title("opening.mp4", "GRAND OPENING")
    try worker.media.sidecar("opening.srt", "A wonderful story about a lighthouse keeper.")
    let first = try await worker.run { $0.engines.limits.decode = .zero }
    #expect(first.partial == 1)
    let second = try await worker.run(.init(retriesFailed: true))
    #expect(second.embedded == 1 && second.partial == 0)
    let payload = try #require(await worker.sink.payload(ofFile: "opening.mp4"))
    #expect(payload["ocr_text"]?.text?.contains("OPENING") == true)
    let point = try #require(await worker.sink.point(ofFile: "opening.mp4"))
    #expect(Set(point.vectors.entries.map(\.name)) == ["transcript", "ocr", "video"])
  }

  @Test func titlesFindTheirVideo() async throws {
    let worker = try TestWorker()
    try await worker.media.title("opening.mp4", "GRAND OPENING")
    try await worker.media.title("closing.mp4", "FINAL CHAPTER")
    let report = try await worker.run()
    #expect(report.embedded == 2 && report.partial == 0)
    let query = HashingEmbedder.vector(of: "grand opening")
    #expect(try await worker.first(query, using: "ocr") == "opening.mp4")
    let payload = try #require(await worker.sink.payload(ofFile: "opening.mp4"))
    #expect(payload["ocr_text"]?.text?.contains("OPENING") == true)
    #expect(payload["transcript"] == .null)
  }
}
