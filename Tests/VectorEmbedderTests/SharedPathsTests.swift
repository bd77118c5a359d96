import Testing
import VectorModel

@testable import VectorEmbedder

/// Workers with journals of their own that have equal files.
@Suite(.enabled(if: TestMedia.isPossible)) struct SharedPathsTests {
  private static let flags = ["text_engine=hashing", "ocr_engine=none", "video_engine=none"]

  /// Two workers, each with the same film under its own name and another file beside it.
  private func workers() async throws -> (TestWorker, TestWorker) {
    let sink = FakeSink()
    let first = try TestWorker(sink: sink, flags: Self.flags)
    let second = try TestWorker(sink: sink, flags: Self.flags)
    try await first.media.textOnly("a.mkv", "The gardener waters his roses.")
    try second.media.bytes("b.mkv", try Files.bytes(at: first.videos + "/a.mkv", stage: .read))
    for worker in [first, second] { try worker.media.bytes("note.txt", []) }
    return (first, second)
  }

  /// The paths of the one point.
  private func paths(_ worker: TestWorker) async throws -> [String] {
    let points = await worker.sink.points
    #expect(points.count == 1)
    let payload = try JSONValue(parsing: points.values.first?.payload ?? [])
    return try #require(payload["paths"]?.elements).compactMap(\.text)
  }

  private func move(_ worker: TestWorker, _ name: String, to other: String) throws {
    try Files.move(worker.videos + "/" + name, to: worker.videos + "/" + other, stage: .read)
  }

  @Test func eachAddsItsPathsAndChangesOnlyThem() async throws {
    let (first, second) = try await workers()
    let (a, b) = (first.videos + "/a.mkv", second.videos + "/b.mkv")
    #expect(try await first.run().embedded == 1)
    #expect(try await second.run().embedded == 1)
    #expect(try await paths(first) == [a, b].sorted())
    // Another name, and then another title.
    try move(second, "b.mkv", to: "c.mkv")
    #expect(try await second.run().renamed == 1)
    let c = second.videos + "/c.mkv"
    #expect(try await paths(first) == [a, c].sorted())
    #expect(try await first.run(.init(), ["sentiment=false"]).embedded == 1)
    #expect(try await paths(first) == [a, c].sorted())
    #expect(try await second.run().unchanged == 1)
  }

  @Test func aPointGoesWithItsLastPathOfAll() async throws {
    let (first, second) = try await workers()
    _ = try await first.run()
    _ = try await second.run()
    Files.remove(first.videos + "/a.mkv")
    let report = try await first.run(.init(prunesBelow: first.videos))
    #expect(report.pruned == 0 && report.renamed == 1)
    #expect(try await paths(first) == [second.videos + "/b.mkv"])
    #expect(try Journal.peek(path: first.state + "/journal.jsonl").videos.isEmpty)
    Files.remove(second.videos + "/b.mkv")
    #expect(try await second.run(.init(prunesBelow: second.videos)).pruned == 1)
    #expect(await first.sink.points.isEmpty)
  }

  /// Killed between the server's word and the journal's, and then renamed: the old name is known to be this worker's.
  @Test func aKillLeavesNoPathBehind() async throws {
    let (first, second) = try await workers()
    _ = try await first.run()
    _ = try await second.run()
    let journal = first.state + "/journal.jsonl"
    let lines = try Files.text(at: journal, stage: .read).split(separator: "\n")
    let kept = lines.filter { !$0.hasPrefix(#"{"done""#) }
    #expect(kept.count == lines.count - 1)
    try Files.write(Array((kept.joined(separator: "\n") + "\n").utf8), to: journal, stage: .read)
    try move(first, "a.mkv", to: "z.mkv")
    #expect(try await first.run().embedded == 1)
    #expect(try await paths(first) == [first.videos + "/z.mkv", second.videos + "/b.mkv"].sorted())
  }

  /// A file that this worker found in another run, and whose point it has not seen, is its own too.
  @Test func whatAnEarlierRunFoundIsKept() async throws {
    let (first, second) = try await workers()
    let bytes = try Files.bytes(at: first.videos + "/a.mkv", stage: .read)
    try Files.makeDirectory(first.videos + "/more", stage: .read)
    try first.media.bytes("more/d.mkv", bytes)
    _ = try await first.run()
    _ = try await second.run()
    let journal = first.state + "/journal.jsonl"
    let lines = try Files.text(at: journal, stage: .read).split(separator: "\n")
    let kept = lines.filter { !$0.hasPrefix(#"{"done""#) }
    try Files.write(Array((kept.joined(separator: "\n") + "\n").utf8), to: journal, stage: .read)
    #expect(try await first.run(manifest: first.videos + "/more").embedded == 1)
    let own = [first.videos + "/a.mkv", first.videos + "/more/d.mkv"]
    #expect(try await paths(first) == (own + [second.videos + "/b.mkv"]).sorted())
    let state = try Journal.peek(path: journal)
    #expect(state.videos.values.map(\.paths) == [own])
  }

  /// What another worker's model made stays beside what this one's made.
  @Test func vectorsOfOtherNamesStay() async throws {
    let (first, second) = try await workers()
    _ = try await first.run()
    _ = try await second.run(.init(), ["transcript_vector=transcript_2", "ocr_vector=ocr_2"])
    let point = try #require(await first.sink.point(ofFile: "a.mkv"))
    #expect(Set(point.vectors.entries.map(\.name)) == ["transcript", "transcript_2"])
  }
}
