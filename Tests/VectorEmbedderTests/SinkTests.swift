import Testing
import VectorModel

@testable import VectorEmbedder

@Suite struct SinkTests {
  private let sink = FakeSink()
  private let model = ModelIdentity(name: "model A", hash: "aa", dimension: 2)

  private func collection(_ model: ModelIdentity, name: String = "transcript") -> VideoCollection {
    VideoCollection(name: "videos", vectors: [(name, model)], sink: sink)
  }

  private func point(_ number: UInt64, _ payload: String = "{}") -> Point {
    Point(
      id: .number(number), vectors: NamedVectors([.init(name: "transcript", value: .dense([1, 0]))]),
      payload: Array(payload.utf8))
  }

  @Test func makesTheCollectionAndRecordsItsModels() async throws {
    try await collection(model).ensure()
    let configuration = try #require(await sink.configuration)
    #expect(configuration.languageField == "language")
    #expect(configuration.vector(named: "transcript")?.dimension == 2)
    try await collection(model).ensure()
  }

  /// A worker may be killed between any two of its requests.
  @Test func whatIsHalfMadeIsFinished() async throws {
    let identity = try await collection(model).ensure()
    let later = ModelIdentity(name: "model B", hash: "bb", dimension: 3)
    for count in 1...3 {
      await sink.allowNext(count)
      _ = try? await collection(later, name: "transcript_\(count)").ensure()
      await sink.allowNext(nil)
      #expect(try await collection(later, name: "transcript_\(count)").ensure() == identity)
      #expect(await sink.configuration?.vector(named: "transcript_\(count)")?.dimension == 3)
    }
    let fields = await sink.configuration?.payloadSchema.map(\.path)
    #expect(fields == ["language", "tags", "sha256"])
  }

  @Test func otherMetadataStays() async throws {
    try await collection(model).ensure()
    await sink.setMetadata("owner", .string("me"))
    try await collection(model, name: "transcript_2").ensure()
    #expect(await sink.configuration?.metadata?["owner"]?.text == "me")
    #expect(await sink.configuration?.languageField == "language")
  }

  @Test func refusesAnotherModelAndSaysHowToMigrate() async throws {
    try await collection(model).ensure()
    let other = ModelIdentity(name: "model B", hash: "bb", dimension: 2)
    let error = await #expect(throws: RequestError.self) { try await collection(other).ensure() }
    #expect(error?.message.contains("transcript_vector: transcript_2") == true)
    #expect(error?.message.contains("model A") == true)
    // The migration: a vector of its own, beside the old one, whose model stays recorded.
    try await collection(other, name: "transcript_2").ensure()
    try await collection(model).ensure()
    #expect(await sink.configuration?.vectors.map(\.name) == ["transcript", "transcript_2"])
  }

  /// A version before hashed less of the model.
  @Test func theEarlierHashOfAModelIsTakenAndReplaced() async throws {
    try await collection(model).ensure()
    let now = ModelIdentity(name: "model A", hash: "aa-and-more", dimension: 2, earlierHash: "aa")
    #expect(try await collection(now).check().missing.isEmpty)
    try await collection(now).ensure()
    #expect(try await collection(now).check().missing.isEmpty)
    await #expect(throws: RequestError.self) { try await collection(model).check() }
  }

  @Test func waitsForTheServerWithTheSameStamp() async throws {
    try await collection(model).ensure()
    let uploader = PointUploader(
      collection: collection(model), batchMax: 4, backoff: Backoff(firstMilliseconds: 1))
    await sink.failNext([RequestError(.unavailable, "away"), RequestError(.tooManyRequests, "busy")])
    try await uploader.upload(point(1))
    #expect(await sink.points.count == 1)
    #expect(await uploader.retryCount == 2)
    #expect(Set(await sink.stamps).count == 1)
    #expect(await sink.stamps.count == 3)
  }

  @Test func readingPathsWaitsForTheServerToo() async throws {
    try await collection(model).ensure()
    let uploader = PointUploader(
      collection: collection(model), batchMax: 4, backoff: Backoff(firstMilliseconds: 1))
    #expect(try await uploader.paths(of: .number(1)) == nil)
    try await uploader.upload(point(1, #"{"paths":["/a","/b"]}"#))
    try await uploader.upload(point(2, #"{"title":"of another program"}"#))
    await sink.failNextReads([RequestError(.unavailable, "away"), RequestError(.tooManyRequests, "busy")])
    #expect(try await uploader.paths(of: .number(1)) == ["/a", "/b"])
    #expect(try await uploader.paths(of: .number(2)) == [])
    await sink.failNextReads([RequestError(.forbidden, "no")])
    let error = await #expect(throws: StageError.self) { try await uploader.paths(of: .number(1)) }
    #expect(error?.isOfServer == true)
  }

  /// Each of two writes may be the first to arrive.
  @Test func writesAtOnceNeverTakeEachOtherForRepeats() async throws {
    let uploader = PointUploader(collection: collection(model), batchMax: 4)
    try await uploader.upload(point(1))
    await sink.holdNext()
    async let second: Duration = uploader.upload(point(2))
    while !(await sink.isHolding) { await Task.yield() }
    try await uploader.setPayload(Array(#"{"a":1}"#.utf8), of: .number(1))
    _ = try await second
    #expect(await sink.points.count == 2)
    #expect(await sink.points[.number(1)]?.payload == Array(#"{"a":1}"#.utf8))
    try await uploader.delete([.number(1)])
    #expect(Set(await sink.stamps.map(\.producer)).count == 2)
    #expect(await sink.points.count == 1)
  }

  @Test func givesUpWhereItIsTold() async throws {
    let uploader = PointUploader(
      collection: collection(model), batchMax: 4, backoff: Backoff(firstMilliseconds: 1, attemptsMax: 2))
    await sink.failNext([RequestError(.unavailable, "1"), RequestError(.unavailable, "2")])
    let error = await #expect(throws: StageError.self) { try await uploader.upload(point(1)) }
    #expect(error?.isOfServer == true)
  }

  @Test func oneBadPointDoesNotTakeOthersWithIt() async throws {
    let uploader = PointUploader(collection: collection(model), batchMax: 8)
    await sink.setPoison("bad")
    let outcomes = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<8 {
        group.addTask {
          do {
            try await uploader.upload(point(UInt64(number), number == 3 ? #"{"a":"bad"}"# : "{}"))
            return true
          } catch {
            return false
          }
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(outcomes == 7)
    #expect(await sink.points.count == 7)
  }

  @Test func pausesGrowToTheirLimit() {
    let backoff = Backoff(firstMilliseconds: 200, largestMilliseconds: 1000)
    #expect([0, 1, 2, 3, 50].map(backoff.milliseconds) == [200, 400, 800, 1000, 1000])
  }
}
