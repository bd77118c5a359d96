import FoundationEssentials
import Testing
import VectorModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@testable import VectorEmbedder

extension StageLimits {
  /// Leaves a stage no time at all.
  fileprivate mutating func end(_ stage: Stage) {
    switch stage {
    case .sentiment: sentiment = .zero
    case .language: language = .zero
    case .video: video = .zero
    case .text: text = .zero
    default: read = .zero
    }
  }
}

/// A stage that takes too long is one video's affair.
@Suite(.enabled(if: TestMedia.isPossible)) struct StageLimitTests {
  /// Comes to no end with a text about roses; every other one is hashed.
  private struct Endless: TextEmbedder {
    let identity = HashingEmbedder().identity

    func embed(
      _ texts: [String], as role: TextRole, by deadline: StageDeadline
    ) async throws(StageError) -> [[Float]] {
      while texts.contains(where: { $0.contains("roses") }) { try deadline.check() }
      return texts.map { HashingEmbedder.vector(of: $0) }
    }
  }

  private func letters(_ worker: TestWorker) throws -> [JSONValue] {
    try Files.text(at: worker.state + "/dead-letters.jsonl", stage: .read).split(separator: "\n")
      .map { try JSONValue(parsing: Array($0.utf8)) }
  }

  @Test func aTextThatComesToNoEndFailsAlone() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    for (name, text) in [
      ("a", "The gardener waters his roses."), ("b", "The fisherman mends his net."),
      ("c", "The baker sells bread."),
    ] { try await worker.media.textOnly("\(name).mkv", text) }
    let setEndless: (inout EmbedderSession) -> Void = { session in
      session.engines.text = TextBatcher(
        Endless(), budget: session.engines.budget, callLimit: .milliseconds(50), videoLimit: .seconds(3600))
    }
    let report = try await worker.run(change: setEndless)
    #expect(report.embedded == 2 && report.failed == 1)
    let again = try await worker.run(.init(retriesFailed: true), change: setEndless)
    #expect(again.unchanged == 2 && again.failed == 1)
    let letters = try letters(worker)
    #expect(letters.count == 2)
    for (index, letter) in letters.enumerated() {
      #expect(letter["path"]?.text?.hasSuffix("/a.mkv") == true)
      #expect(letter["stage"]?.text == "text")
      #expect(letter["reason"]?.text == "took longer than 0 s")
      #expect(letter["attempts"]?.double == Double(index + 1))
    }
    #expect(try await worker.run().skipped == 1)
    #expect(try await worker.run(.init(retriesFailed: true)).embedded == 1)
    let query = HashingEmbedder.vector(of: "a gardener with roses")
    #expect(try await worker.first(query, using: "transcript") == "a.mkv")
  }

  /// Each stage that runs in this process and a video can do without.
  @Test(arguments: [Stage.sentiment, .language, .video, .read, .text])
  func anOptionalStageThatIsLateIsLeftOut(stage: Stage) async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10")
    try worker.media.sidecar("a.srt", "A wonderful story about a beautiful lighthouse keeper and his dog.")
    // The file's hash is known from now on, so `read` is about what lies beside it.
    _ = try await worker.run(.init(), ["video_engine=none", "text_engine=hashing", "language_engine=none"])
    await worker.sink.drop()
    Files.remove(worker.state + "/cache")
    let report = try await worker.run { $0.engines.limits.end(stage) }
    #expect(report.embedded == 1 && report.partial == 1 && report.failed == 0)
    let letters = try letters(worker)
    #expect(letters.map { $0["stage"]?.text } == [stage.rawValue])
    #expect(letters.first?["reason"]?.text == "took longer than 0 s")
    let point = try #require(await worker.sink.point(ofFile: "a.mp4"))
    let payload = try JSONValue(parsing: point.payload)
    let names = Set(point.vectors.entries.map(\.name))
    #expect(payload["sentiment"]?.double == nil || ![.sentiment, .language, .read].contains(stage))
    #expect(payload["language"]?.text == nil || ![.language, .read].contains(stage))
    #expect(payload["transcript"]?.text == nil || stage != .read)
    #expect(names.contains("video") == (stage != .video))
    #expect(names.contains("transcript") == ![.text, .read].contains(stage))

    // Nothing of it was kept.
    let second = try await worker.run(.init(retriesFailed: true))
    #expect(second.embedded == 1 && second.partial == 0)
    let whole = try #require(await worker.sink.point(ofFile: "a.mp4"))
    #expect(Set(whole.vectors.entries.map(\.name)) == ["transcript", "video"])
    let mended = try JSONValue(parsing: whole.payload)
    #expect(mended["language"]?.text == "en" && (mended["sentiment"]?.double ?? 0) > 0.3)
  }

  @Test func eachStageThatIsLateHasALetter() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none"])
    try await worker.media.picture("a.mp4", source: "testsrc=size=160x120:rate=10")
    try worker.media.sidecar("a.srt", "A wonderful story about a beautiful lighthouse keeper and his dog.")
    let report = try await worker.run { session in
      session.engines.limits.end(.video)
      session.engines.limits.end(.sentiment)
    }
    #expect(report.partial == 1)
    let letters = try letters(worker)
    #expect(letters.map { $0["stage"]?.text } == ["video", "sentiment"])
    #expect(letters.allSatisfy { $0["attempts"]?.double == 1 })
  }

  @Test func aFileThatIsReadTooSlowlyFailsAndIsReadAgain() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    try await worker.media.textOnly("a.mkv", "The gardener waters his roses.")
    let report = try await worker.run { $0.engines.limits.read = .zero }
    #expect(report.failed == 1 && report.embedded == 0)
    let letter = try #require(try letters(worker).first)
    #expect(letter["stage"]?.text == "read" && letter["reason"]?.text == "took longer than 0 s")
    #expect(try await worker.run(.init(retriesFailed: true)).embedded == 1)
  }

  /// Opening a pipe waits for whoever writes into it.
  @Test func aPipeBesideAVideoIsNoSubtitle() async throws {
    let worker = try TestWorker(flags: ["text_engine=hashing", "ocr_engine=none", "video_engine=none"])
    try await worker.media.textOnly("a.mkv", "The gardener waters his roses.")
    for name in ["a.srt", "a.en.vtt"] { #expect(unsafe mkfifo(worker.videos + "/" + name, 0o600) == 0) }
    #expect(SidecarFinder().sidecar(of: worker.videos + "/a.mkv", language: nil) == nil)
    #expect(try await worker.run().embedded == 1)
  }
}
