import Testing
import VectorModel

@testable import VectorEngine

/// What `params.quantization` and `params.indexed_only` change, seen in what a search says it did.
@Suite struct QuantizationTests {
  private struct Found {
    var points: [ScoredPoint]
    var codes: Int64
    var floats: Int64
    var tiers: [String]
  }

  private func search(
    _ fixture: EngineFixture, limit: Int = 10, _ set: (inout SearchParameters) -> Void = { _ in }
  ) async throws -> Found {
    var request = QueryRequest()
    request.query = .nearest(
      .vector(.dense([Float](repeating: 0.1, count: TieredFixture.dimension))), mmr: nil)
    request.limit = limit
    request.parameters.ef = 16
    set(&request.parameters)
    request.parameters.explain = true
    let response = try await fixture.outcome(.query(collection: "c", request, .points)).get()
    guard case .points(let points, _) = response.result else { throw RequestError.internalError("no points") }
    let tiers = try #require(response.explanation?["steps"]?.elements.first?["tiers"]?.elements)
    let parts = tiers.filter { $0["tier"] != .string("delta") }
    return Found(
      points: points, codes: parts.reduce(0) { $0 + ($1["distances"]?["codes"]?.number ?? 0) },
      floats: parts.reduce(0) { $0 + ($1["distances"]?["float32"]?.number ?? 0) },
      tiers: tiers.compactMap { if case .string(let name)? = $0["tier"] { name } else { nil } })
  }

  private func exact(_ limit: Int) -> [(id: PointID, score: Float)] {
    (0..<UInt64(1600)).map { id in
      let sum = TieredFixture.vector(id).reduce(Float(0)) { $0 + ($1 - 0.1) * ($1 - 0.1) }
      return (id: .number(id), score: sum.squareRoot())
    }
    .sorted { $0.score < $1.score }.prefix(limit).map { $0 }
  }

  @Test(arguments: ["scalar", "binary", "product", nil]) func requestsDecideHowCodesAreUsed(
    kind: String?
  ) async throws {
    let fixture = try await TieredFixture.make { configuration in
      configuration.quantization = kind.map { kind in
        let member = JSONValue.Member(
          key: kind == "product" ? "compression" : "type", value: .string(kind == "product" ? "x8" : "int8"))
        return .object([.init(key: kind, value: .object([member]))])
      }
    }
    // Codes of a bit need more rescoring, and more candidates for it.
    let usualFloats: Int64 = kind == "binary" ? 80 : 16
    let usual = try await search(fixture)
    #expect(usual.codes > 0 && usual.floats == usualFloats)
    let ignoring = try await search(fixture) { $0.ignoreQuantization = true }
    #expect(ignoring.codes == 0 && ignoring.floats > 100)
    let oversampled = try await search(fixture) { $0.oversampling = 6 }
    #expect(oversampled.floats == 60 && (oversampled.codes > usual.codes) == (60 > usualFloats))
    let rough = try await search(fixture) { $0.rescore = false }
    #expect(rough.codes > 0 && rough.floats == 0)
    // Codes' distances are near the true ones, but for bits.
    for point in rough.points where kind != "binary" {
      guard case .number(let id) = point.record.id else { continue }
      let sum = TieredFixture.vector(id).reduce(Float(0)) { $0 + ($1 - 0.1) * ($1 - 0.1) }
      #expect(abs(point.score - sum.squareRoot()) < 0.1)
    }
    let all = try await search(fixture, limit: 20) {
      $0.oversampling = 8
      $0.ef = 400
    }
    let expected = exact(20)
    #expect(Set(all.points.map(\.record.id)).intersection(expected.map(\.id)).count >= 19)
    for point in all.points {
      guard let hit = expected.first(where: { $0.id == point.record.id }) else { continue }
      #expect(abs(hit.score - point.score) < 1e-4)
    }
  }

  @Test func onlyFewRowsWithoutAnIndexAreSearchedWithIndexedOnly() async throws {
    let few = try await TieredFixture.make()
    #expect(try await search(few) { $0.indexedOnly = true }.tiers == ["generation", "delta"])
    let many = try await TieredFixture.make { $0.optimizers.indexingThreshold = 5 }
    try await many.waitForBuilds()
    _ = try await many.write(.upsert(UpsertOperation(points: TieredFixture.points(1600..<1700))))
    let found = try await search(many) { $0.indexedOnly = true }
    #expect(!found.tiers.contains("delta"))
    #expect(try await search(many).tiers.contains("delta"))
  }
}
