import Testing
import VectorModel

@testable import VectorEngine

/// Formulas over what two prefetches found, against the same arithmetic written out.
@Suite struct FormulaTests {
  private static let payloads: [UInt64: String] = [
    1: #"{"opinion":0.5,"place":{"lon":0,"lat":1},"at":"1970-01-01T00:00:10Z","kind":"x"}"#,
    2: #"{"opinion":[-1],"place":{"lon":0,"lat":2},"at":"1970-01-01T00:00:20Z"}"#,
    3: #"{"opinion":0,"kind":["y","x"]}"#,
    4: #"{"opinion":"much"}"#,
  ]

  private func fixture() async throws -> EngineFixture {
    let fixture = try EngineFixture()
    try await fixture.create(
      CollectionConfiguration(vectors: [
        NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 2, distance: .dot))
      ]))
    var points: [Point] = []
    for (id, payload) in Self.payloads.sorted(by: { $0.key < $1.key }) {
      points.append(
        Point(
          id: .number(id), vectors: NamedVectors([.init(name: "", value: .dense([Float(id), -Float(id)]))]),
          payload: Array(payload.utf8)))
    }
    _ = try await fixture.write(.upsert(UpsertOperation(points: points)))
    return fixture
  }

  /// Scores by id: the first prefetch finds all with their id as score, the second one only the first three.
  private func scores(
    _ formula: String, defaults: String = #"{"opinion":0.25}"#, threshold: Float? = nil
  ) async throws -> [UInt64: Float] {
    let fixture = try await fixture()
    var request = QueryRequest()
    for (vector, filter) in [
      ([1, 0], nil), ([0, 1], Filter(must: [.hasID([.number(1), .number(2), .number(3)])])),
    ]
      as [([Float], Filter?)]
    {
      var prefetch = Prefetch()
      prefetch.query = .nearest(.vector(.dense(vector)), mmr: nil)
      prefetch.filter = filter
      request.prefetch.append(prefetch)
    }
    request.query = .formula(
      try JSONValue(parsing: Array(formula.utf8)), defaults: try JSONValue(parsing: Array(defaults.utf8)))
    request.scoreThreshold = threshold
    let points = try await fixture.query(request)
    #expect(points.map(\.score) == points.map(\.score).sorted(by: >))
    var scores: [UInt64: Float] = [:]
    for point in points { if case .number(let id) = point.record.id { scores[id] = point.score } }
    return scores
  }

  @Test func similarityAndSentimentAreWeighted() async throws {
    let found = try await scores(#"{"sum":[{"mult":[0.7,"$score"]},{"mult":[0.3,"opinion"]}]}"#)
    let wanted: [UInt64: Float] = [1: 0.7 + 0.15, 2: 1.4 - 0.3, 3: 2.1, 4: 2.8 + 0.075]
    #expect(found.keys.sorted() == [1, 2, 3, 4])
    for (id, score) in wanted { #expect(abs((found[id] ?? .nan) - score) < 1e-5) }
  }

  @Test(
    arguments: [
      (#""$score[1]""#, [-1, -2, -3, 0]),
      (#""$score[7]""#, [0.5, 0.5, 0.5, 0.5]),
      (#"{"key":"kind","match":{"value":"x"}}"#, [1, 0, 1, 0]),
      (#"{"has_id":[2]}"#, [0, 1, 0, 0]),
      (#"{"div":{"left":6,"right":{"sum":["$score",-3]},"by_zero_default":9}}"#, [-3, -6, 9, 6]),
      (#"{"pow":{"base":"$score","exponent":2}}"#, [1, 4, 9, 16]),
      (#"{"sqrt":{"mult":["$score","$score"]}}"#, [1, 2, 3, 4]),
      (#"{"neg":{"abs":{"neg":"$score"}}}"#, [-1, -2, -3, -4]),
      (#"{"ln":{"exp":"$score"}}"#, [1, 2, 3, 4]),
      (#"{"log10":{"pow":{"base":10,"exponent":"$score"}}}"#, [1, 2, 3, 4]),
      (#"{"lin_decay":{"x":"$score","target":1,"scale":2}}"#, [1, 0.75, 0.5, 0.25]),
      (#"{"exp_decay":{"x":"$score","target":1}}"#, [1, 0.5, 0.25, 0.125]),
      (#"{"gauss_decay":{"x":"$score","target":1}}"#, [1, 0.5, 0.0625, 0.001953125]),
      (#"{"sum":[{"datetime_key":"at"},{"neg":{"datetime":"1970-01-01"}}]}"#, [10, 20, 86_400, 86_400]),
      (
        #"{"div":{"left":{"geo_distance":{"origin":{"lon":0,"lat":0},"to":"place"}},"right":111195.08}}"#,
        [1, 2, 3, 3]
      ),
    ] as [(String, [Float])])
  func everyExpression(formula: String, wanted: [Float]) async throws {
    let defaults = #"{"$score[7]":0.5,"at":"1970-01-02","place":{"lon":0,"lat":3}}"#
    let found = try await scores(formula, defaults: defaults)
    for (index, score) in wanted.enumerated() {
      let value = try #require(found[UInt64(index + 1)])
      #expect(abs(value - score) <= 1e-5 * max(1, abs(score)), "point \(index + 1)")
    }
  }

  @Test func thresholdsCutTheScores() async throws {
    #expect(try await scores(#""$score""#, threshold: 2.5).keys.sorted() == [3, 4])
  }

  @Test(arguments: [
    (#""opinion""#, "point 4 has no number at `opinion`"), (#"{"datetime_key":"at"}"#, "no datetime at `at`"),
    (#"{"geo_distance":{"origin":{"lon":0,"lat":0},"to":"place"}}"#, "no geo point at `place`"),
    (#"{"ln":{"neg":"$score"}}"#, "`ln` of point"), (#"{"div":{"left":1,"right":0}}"#, "`div` of point"),
  ])
  func whatHasNoValueIsAnError(formula: String, excerpt: String) async throws {
    let error = await #expect(throws: RequestError.self) { try await scores(formula, defaults: "{}") }
    #expect(error?.httpStatus == 400)
    #expect(error?.message.contains(excerpt) == true, "\(error?.message ?? "")")
  }
}
