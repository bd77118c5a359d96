import Testing
import VectorModel

@testable import VectorEmbedder

/// Work in this process asks for the time between its pieces.
@Suite struct StageDeadlineTests {
  @Test func isOverWhenNothingIsLeft() throws {
    let clock = TickingClock()
    let deadline = StageDeadline(.sentiment, .seconds(5), spent: .seconds(2), now: clock.now)
    #expect(deadline.spent == .seconds(3))
    #expect(deadline.remaining == .seconds(1))
    let error = #expect(throws: StageError.self) { try deadline.check() }
    #expect(error == StageError(.sentiment, "took longer than 5 s"))
    #expect(deadline.remaining == .zero)
    #expect(throws: StageError.self) { try StageDeadline(.read, .zero).check() }
    try StageDeadline(.read, .seconds(3600)).check()
  }

  /// The work ends at the deadline, and with time enough it comes through and has looked as often as it has pieces.
  private func expectLooks<Value>(
    _ stage: Stage, atLeast pieces: Int, _ work: (StageDeadline) throws -> Value
  ) throws {
    let clock = TickingClock()
    _ = try work(clock.deadline(stage, looks: 1 << 40))
    #expect(clock.lookCount >= pieces)
    let error = #expect(throws: StageError.self) {
      _ = try work(TickingClock().deadline(stage, looks: pieces / 2))
    }
    #expect(error == StageError(stage, "took longer than \(pieces / 2) s"))
  }

  private let words = Array(repeating: "wonderful", count: 300).joined(separator: " ")

  @Test func textsAreCutWordByWord() throws {
    try expectLooks(.text, atLeast: 300) { try TextChunk.chunks(of: words, by: $0) }
    // One word is no way around.
    let long = String(repeating: "x", count: 50_000)
    try expectLooks(.text, atLeast: 10) { try TextChunk.chunks(of: long, by: $0) }
    // Nor is one character.
    let marked = "x" + String(repeating: "\u{301}", count: 50_000)
    try expectLooks(.text, atLeast: 10) { try TextChunk.chunks(of: marked, by: $0) }
  }

  @Test func sentimentIsJudgedWordByWord() throws {
    try expectLooks(.sentiment, atLeast: 300) {
      try Sentiment.polarity(of: words, language: "en", by: $0)
    }
  }

  @Test func scriptsAreCountedInPieces() throws {
    let text = String(repeating: "x", count: 50_000)
    try expectLooks(.language, atLeast: 12) { try LanguageDetector.detectByScript(text, by: $0) }
  }

  @Test(arguments: [SubtitleText.Format.srt, .vtt, .txt])
  func subtitlesAreReadLineByLine(format: SubtitleText.Format) throws {
    let cue = "1\n00:00:00,100 --> 00:00:02,900\nGood morning\n\n"
    let text = String(repeating: cue, count: 50)
    try expectLooks(.read, atLeast: 200) { try SubtitleText.words(of: text, format: format, by: $0) }
    let line = cue + String(repeating: "x", count: 200_000)
    try expectLooks(.read, atLeast: 7) { try SubtitleText.words(of: line, format: format, by: $0) }
  }

  @Test func whatProgramsPrintIsReadLineByLine() throws {
    let heard = String(repeating: "red 0.390 0.660 0.600000\n", count: 100)
    try expectLooks(.speech, atLeast: 100) { try PocketsphinxRecognizer.parse(heard, by: $0) }
    let table = (0..<100).map { "5\t1\t1\t1\t\($0)\t1\t0\t0\t9\t9\t95\tword\($0)" }.joined(separator: "\n")
    // Once for reading the line and once for comparing it with the others.
    try expectLooks(.screen, atLeast: 200) {
      try ScreenTextReader.lines(ofTable: table, confidenceMin: 70, by: $0)
    }
  }

  @Test func filesAreHashedBlockByBlock() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/film.mp4"
    try Files.write(Array(repeating: 7, count: 5 << 20), to: path, stage: .read)
    try expectLooks(.read, atLeast: 5) { try ContentHash.sha256(ofFile: path, by: $0) }
  }

  @Test func hashingWorksTextByText() async throws {
    let texts = Array(repeating: "a word", count: 20)
    let clock = TickingClock()
    _ = try await HashingEmbedder().embed(texts, as: .passage, by: clock.deadline(.text, looks: 1000))
    #expect(clock.lookCount >= 20)
    let error = await #expect(throws: StageError.self) {
      try await HashingEmbedder().embed(texts, as: .passage, by: TickingClock().deadline(.text, looks: 10))
    }
    #expect(error == StageError(.text, "took longer than 10 s"))
  }

  /// One text goes through six layers.
  @Test(.enabled(if: TestModel.isInstalled)) func miniLMWorksLayerByLayer() throws {
    let embedder = try MiniLMEmbedder(directory: TestModel.minilm)
    try expectLooks(.text, atLeast: 7) { try embedder.embed(["a red balloon"], by: $0) }
    let texts = Array(repeating: "a red balloon", count: 30)
    try expectLooks(.text, atLeast: 36) { try embedder.embed(texts, by: $0) }
  }

  @Test func whatIsDoneWithinAStageIsCountedOnce() async {
    let clock = StageClock()
    await clock.add(.seconds(10), to: .decode)
    await clock.move(.seconds(4), from: .decode, to: .video)
    #expect(await clock.seconds == [.decode: 6, .video: 4])
    #expect(await clock.spent(on: .video) == .seconds(4))
  }

  private struct FrameCount: FrameAccumulator {
    var count: Float = 0
    mutating func add(_ frame: Frame) { count += 1 }
    func vector() -> [Float]? { [count] }
  }

  /// Who is late with the frames keeps nobody else from them.
  @Test func framesThatComeTooLateLeaveTheTextOnScreen() async throws {
    let directory = try TemporaryDirectory()
    let frame = Frame(width: 32, height: 24, pixels: [UInt8](repeating: 90, count: 32 * 24 * 3))
    for (limit, isLate) in [(Duration.zero, true), (.seconds(3600), false)] {
      let collector = DecodeCollector(
        accumulator: FrameCount(), videoLimit: limit, framesPerSecond: 1, screenIntervalSeconds: 1,
        screenFramesMax: 10, directory: directory.path)
      for _ in 0..<3 { try await collector.add(frame) }
      #expect(await collector.screenPaths.count == 3)
      #expect(await (collector.spent > .zero) == !isLate)
      if isLate {
        let error = await #expect(throws: StageError.self) { try await collector.vector() }
        #expect(error == StageError(.video, "took longer than 0 s"))
      } else {
        #expect(try await collector.vector() == [3])
      }
    }
  }
}
