import VectorModel

@testable import VectorEngine

/// A collection `c` of 1,500 points in a generation and 100 in the delta; payload `n` has an index, `m` has none.
enum TieredFixture {
  static let dimension = 16

  /// One unnamed vector, with default settings.
  static var configuration: CollectionConfiguration {
    CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "", parameters: VectorParameters(dimension: dimension, distance: .euclid))
    ])
  }

  /// For the points nearest to the vector of one.
  static func nearest(to id: UInt64) -> QueryRequest {
    var query = QueryRequest()
    query.query = .nearest(.vector(.dense(vector(id))), mmr: nil)
    return query
  }

  static func make(_ configure: (inout CollectionConfiguration) -> Void = { _ in }) async throws
    -> EngineFixture
  {
    let fixture = try EngineFixture { $0.deltaRowsMax = 1400 }
    var configuration = Self.configuration
    configuration.optimizers.indexingThreshold = 100
    configuration.hnsw.fullScanThreshold = 10
    configure(&configuration)
    try await fixture.create(configuration)
    _ = try await fixture.write(.createIndex(PayloadField(path: "n", type: .integer)))
    _ = try await fixture.write(.upsert(UpsertOperation(points: points(0..<1500))))
    try await fixture.waitForIndexed(1500)
    _ = try await fixture.write(.upsert(UpsertOperation(points: points(1500..<1600))))
    return fixture
  }

  static func points(_ ids: Range<UInt64>) -> [Point] {
    ids.map { id in
      Point(
        id: .number(id), vectors: NamedVectors(unnamed: .dense(vector(id))),
        payload: Array("{\"n\":\(id),\"m\":\(id % 2)}".utf8))
    }
  }

  static func vector(_ id: UInt64) -> [Float] {
    var random = SplitMix(seed: id)
    return (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
  }
}
