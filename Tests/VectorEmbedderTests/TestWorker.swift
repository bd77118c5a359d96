import VectorModel

@testable import VectorEmbedder

/// A worker on a directory of its own with a server in memory.
struct TestWorker {
  let directory: TemporaryDirectory
  let media: TestMedia
  let sink: FakeSink
  private let flags: [String]

  var videos: String { media.directory }
  var state: String { directory.path + "/state" }

  init(sink: FakeSink = FakeSink(), flags: [String] = ["text_engine=hashing"]) throws {
    directory = try TemporaryDirectory()
    media = TestMedia(directory: directory.path + "/videos")
    try Files.makeDirectory(media.directory, stage: .read)
    self.sink = sink
    self.flags = flags
  }

  func values(_ more: [String] = []) throws -> SettingValues {
    let model = "model_dir=\(TestModel.modelDirectory)"
    // A machine that has much to do is no trouble.
    let limits = ["probe", "language", "sentiment"].map { "\($0)_timeout_seconds=3600" }
    return try SettingValues(
      flags: ["state_dir=\(state)", "workers=2", model, "speech_engine=none"] + limits + flags + more)
  }

  /// One run over all videos, as a process of its own would do it.
  func run(
    _ options: EmbedderRun.Options = .init(), _ more: [String] = [], manifest: String? = nil,
    backoff: Backoff = Backoff(firstMilliseconds: 1), change: (inout EmbedderSession) -> Void = { _ in }
  ) async throws -> RunReport {
    let values = try values(more)
    var session = try await EmbedderSession(values: values, sink: sink)
    change(&session)
    let run = try await session.makeRun(progress: RunProgress(), backoff: backoff)
    try await session.ensureCollection(for: run, backoff: backoff) { _ in }
    return try await run.run(try EmbedderSession.finder(values).find(manifest ?? videos), options)
  }

  /// The name of the nearest video's first file.
  func first(_ vector: [Float], using name: String) async throws -> String? {
    let collection = VideoCollection(name: "videos", vectors: [], sink: sink)
    let found = try await collection.search(vector, using: name, limit: 1)
    guard let point = found.first else { return nil }
    let path = try JSONValue(parsing: point.record.payload ?? [])["paths"]?.elements?.first?.text
    return path?.split(separator: "/").last.map(String.init)
  }
}
