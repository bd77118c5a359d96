import Testing
import VectorModel

@testable import VectorEngine

/// What collections of halves, bytes and bits refuse, and what becomes of examples.
@Suite struct ElementRequestTests {
  private func parameters(
    _ distance: Distance, _ datatype: VectorParameters.Datatype? = nil, dimension: Int = 4
  ) -> VectorParameters {
    var parameters = VectorParameters(dimension: dimension, distance: distance)
    parameters.datatype = datatype
    return parameters
  }

  private func fixture(_ parameters: VectorParameters) async throws -> EngineFixture {
    let fixture = try EngineFixture()
    try await fixture.create(
      CollectionConfiguration(vectors: [NamedVectorParameters(name: "", parameters: parameters)]))
    return fixture
  }

  private func put(_ vectors: [[Float]], _ fixture: EngineFixture) async throws {
    let points = vectors.enumerated().map { index, vector in
      Point(id: .number(UInt64(index + 1)), vectors: NamedVectors(unnamed: .dense(vector)))
    }
    _ = try await fixture.write(.upsert(UpsertOperation(points: points)))
  }

  private func stored(_ id: UInt64, _ fixture: EngineFixture) async throws -> [Float]? {
    guard case .record(let record) = try await fixture.send(.getPoint(collection: "c", .number(id))) else {
      return nil
    }
    return record.vectors?[""]?.denseValues
  }

  private func refusal(_ vector: [Float], _ fixture: EngineFixture) async throws -> [String] {
    var request = QueryRequest()
    request.query = .nearest(.vector(.dense(vector)), mmr: nil)
    let upsert = UpsertOperation(points: [
      Point(id: .number(9), vectors: NamedVectors(unnamed: .dense(vector)))
    ])
    var messages: [String] = []
    for request in [
      Request.write(collection: "c", .upsert(upsert), UpdateParameters()),
      .query(collection: "c", request, .points),
    ] {
      let outcome = await fixture.outcome(request)
      let error = #expect(throws: RequestError.self) { try outcome.get() }
      #expect(error?.code == .badRequest)
      messages.append(error?.message ?? "")
    }
    return messages
  }

  @Test func halvesAreRoundedAndBounded() async throws {
    let fixture = try await fixture(parameters(.dot, .float16))
    try await put([[0.1, -65_519, 1e-9, 3]], fixture)
    #expect(try await stored(1, fixture) == [0.099975586, -65_504, 0, 3])
    for message in try await refusal([0, 0, 70_000, 0], fixture) {
      #expect(message.contains("70000") && message.contains("index 2") && message.contains("65504"))
    }
    for message in try await refusal([0, .nan, 0, 0], fixture) { #expect(message.contains("index 1")) }
  }

  @Test func bytesLoseWhatIsBehindThePoint() async throws {
    let fixture = try await fixture(parameters(.cosine, .uint8))
    try await put([[0, 255, 12.9, 1]], fixture)
    #expect(try await stored(1, fixture) == [0, 255, 12, 1])
    for (value, name) in [(Float(-1), "-1"), (256, "256"), (.infinity, "inf")] {
      for message in try await refusal([0, 0, 0, value], fixture) {
        #expect(message.contains(name) && message.contains("index 3") && message.contains("0 to 255"))
      }
    }
  }

  @Test(arguments: [Distance.hamming, .jaccard]) func bitsAreNothingElse(distance: Distance) async throws {
    let fixture = try await fixture(parameters(distance))
    try await put([[0, 1, 1, 0]], fixture)
    #expect(try await stored(1, fixture) == [0, 1, 1, 0])
    for value in [Float(0.5), -1, 2, .nan] {
      for message in try await refusal([0, value, 0, 0], fixture) {
        #expect(
          message.contains("index 1") && message.contains("\(value)") && message.contains(distance.word))
      }
    }
  }

  @Test func configurationsThatMakeNoSenseAreRefused() async throws {
    let fixture = try EngineFixture()
    let scalar = JSONValue.object([
      .init(key: "scalar", value: .object([.init(key: "type", value: .string("int8"))]))
    ])
    func error(_ configuration: CollectionConfiguration) async -> RequestError? {
      let outcome = await fixture.outcome(.createCollection("x", configuration))
      return #expect(throws: RequestError.self) { try outcome.get() }
    }
    var quantized = parameters(.hamming)
    quantized.quantization = scalar
    let own = await error(
      CollectionConfiguration(vectors: [NamedVectorParameters(name: "b", parameters: quantized)]))
    #expect(own?.code == .badRequest && own?.message.contains("quantization_config") == true)
    var all = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "b", parameters: parameters(.jaccard))
    ])
    all.quantization = scalar
    #expect(await error(all)?.message.contains("`b`") == true)
    let typed = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "b", parameters: parameters(.hamming, .uint8))
    ])
    let datatype = await error(typed)
    #expect(datatype?.code == .badRequest && datatype?.message.contains("uint8") == true)
  }

  /// 2·avg⁺ − avg⁻ becomes bits at ½, and bytes within their bounds.
  @Test func averagesAreWhatTheElementHas() async throws {
    let bits = try await fixture(parameters(.hamming))
    try await put([[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 0], [0, 0, 0, 1]], bits)
    var request = QueryRequest()
    request.limit = 2
    // The mean of 1 and 2 is [1, ½, ½, 0].
    request.query = .recommend(RecommendQuery(positive: [.id(.number(1)), .id(.number(2))], negative: []))
    let found = try await bits.query(request)
    #expect(found.map(\.record.id) == [.number(4), .number(3)])
    #expect(found.map(\.score) == [0, 3])
    let bests: [(RecommendQuery.Strategy, UInt64)] = [(.bestScore, 4), (.sumScores, 2)]
    for (strategy, best) in bests {
      request.query = .recommend(
        RecommendQuery(positive: [.id(.number(1))], negative: [.id(.number(3))], strategy: strategy))
      #expect(try await bits.query(request).first?.record.id == .number(best))
    }
    request.query = .nearest(.vector(.dense([1, 1, 0, 0])), mmr: MMR(diversity: 0.9, candidatesLimit: 5))
    let diverse = try await bits.query(request)
    #expect(diverse.map(\.record.id) == [.number(1), .number(5)])

    let bytes = try await fixture(parameters(.manhattan, .uint8))
    try await put([[200, 10, 0, 100], [10, 200, 0, 100], [255, 0, 0, 100], [0, 0, 0, 0]], bytes)
    request.limit = 1
    // 2 · [200, 10, 0, 100] − [10, 200, 0, 100] = [390, −180, 0, 100].
    request.query = .recommend(RecommendQuery(positive: [.id(.number(1))], negative: [.id(.number(2))]))
    let extreme = try await bytes.query(request)
    #expect(extreme.map(\.record.id) == [.number(3)] && extreme.map(\.score) == [0])
  }
}
