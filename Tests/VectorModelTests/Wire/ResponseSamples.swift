import VectorModel

/// Answers of every kind.
enum ResponseSamples {
  static func all() throws(RequestError) -> [(name: String, response: Response)] {
    let scored = Self.scored()
    return [
      ("bool", Response(.bool(true))),
      ("exists", Response(.exists(false))),
      ("collections", Response(.collections(["films", "größe"]))),
      ("collection", Response(.collection(information()))),
      ("aliases", Response(.aliases([Alias(alias: "latest", collection: "films")]))),
      ("update", Response(.update(UpdateResult(operationID: 258, status: .completed)))),
      (
        "updates",
        Response(
          .updates([
            UpdateResult(operationID: 1, status: .acknowledged),
            UpdateResult(operationID: 2, status: .waitTimeout),
          ]))
      ),
      ("record", Response(.record(records()[0]))),
      ("records", Response(.records(records()))),
      (
        "records-elements",
        Response(
          .records(
            RequestSamples.elementPoints().map { PointRecord(id: $0.id, payload: nil, vectors: $0.vectors) }))
      ),
      ("scroll", Response(.scroll(ordered(), nextPageOffset: .number(77)))),
      ("scroll-end", Response(.scroll([], nextPageOffset: nil))),
      ("count", Response(.count(1_000_000))),
      (
        "facet",
        Response(
          .facet([FacetHit(value: .string("de"), count: 3), FacetHit(value: .integer(-1), count: 200)]))
      ),
      ("points", Response(.points(scored, .points))),
      ("points-applied", Response(.points(scored, .points), applied: .init(languages: ["de"]))),
      ("points-explained", explained()),
      ("point-batches", Response(.pointBatches([scored, []], .points))),
      (
        "groups",
        Response(
          .groups([
            PointGroup(id: .string("de"), hits: scored, lookup: records()[1]),
            PointGroup(id: .unsigned(.max), hits: []),
          ]))
      ),
    ]
  }

  static func explained() -> Response {
    var response = Response(.points(scored(), .points), applied: .init(languages: ["de"]))
    response.explanation = .object([.init(key: "steps", value: .array([.integer(3), .null]))])
    return response
  }

  static func records() -> [PointRecord] {
    [
      PointRecord(
        id: .number(1), payload: Array(#"{"lang":"de"}"#.utf8),
        vectors: NamedVectors(unnamed: .dense([0.5, -1, 2]))),
      PointRecord(id: .number(2), payload: [], vectors: NamedVectors(unnamed: .dense([1, 2, 3]))),
    ]
  }

  static func ordered() -> [PointRecord] {
    let values: [OrderValue?] = [.integer(-3), .float(0.5), .datetime(1_700_000_000_000_000), nil]
    return values.enumerated().map { index, value in
      PointRecord(id: .number(UInt64(index)), payload: index == 1 ? Array("{}".utf8) : nil, orderValue: value)
    }
  }

  static func scored() -> [ScoredPoint] {
    [
      ScoredPoint(record: PointRecord(id: .number(11)), version: 5, score: 0.875),
      ScoredPoint(record: PointRecord(id: .uuid(RequestSamples.uuid)), version: 1 << 40, score: -2.5),
    ]
  }

  static func information() -> CollectionInfo {
    var configuration = CollectionConfiguration(
      vectors: [NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 3, distance: .dot))])
    configuration.payloadSchema = [PayloadField(path: "lang", type: .keyword)]
    return CollectionInfo(
      status: .yellow, optimizerError: "disk full", pointsCount: 300, indexedVectorsCount: 200,
      segmentsCount: 2, configuration: configuration, indexedPointsCounts: [250], warnings: ["slow"])
  }
}
