import VectorModel

extension RequestSamples {
  static func queries() throws(RequestError) -> [(name: String, query: QueryRequest)] {
    let pair = ContextPair(positive: .id(.number(1)), negative: .vector(.dense([1, -1])))
    let order = OrderBy(key: try PayloadPath("year"))
    let formula = JSONValue.object([.init(key: "sum", value: .array([.string("$score"), .double(0.5)]))])
    let kinds: [(name: String, query: Query)] = [
      ("query-nearest", .nearest(.vector(.dense([0.25, 0.5, 0.75, 1])), mmr: nil)),
      ("query-nearest-id", .nearest(.id(.uuid(uuid)), mmr: nil)),
      ("query-nearest-sparse", .nearest(.vector(.sparse(indices: [1, 9], values: [2, 3])), mmr: nil)),
      ("query-nearest-multi", .nearest(.vector(.multi(dimension: 1, values: [2, 3])), mmr: nil)),
      ("query-mmr", .nearest(.id(.number(3)), mmr: MMR(diversity: 0.25, candidatesLimit: 50))),
      (
        "query-recommend",
        .recommend(
          RecommendQuery(
            positive: [.id(.number(1)), .vector(.dense([1]))], negative: [.id(.number(2))],
            strategy: .bestScore))
      ),
      ("query-discover", .discover(target: .id(.number(1)), context: [pair])),
      ("query-context", .context([pair])),
      ("query-order-by", .orderBy(order)),
      ("query-sample", .sampleRandom),
      ("query-rrf", .fusion(.reciprocalRank(k: 60, weights: [1, 0.5]))),
      ("query-dbsf", .fusion(.distributionBased)),
      ("query-formula", .formula(formula, defaults: .object([.init(key: "year", value: .integer(1))]))),
    ]
    var queries = kinds.map { kind in
      var request = QueryRequest()
      request.query = kind.query
      return (kind.name, request)
    }
    queries.append(("query-full", try fullQuery()))
    queries.append(("query-plain", QueryRequest()))
    return queries
  }

  /// A search with every part that it can have.
  private static func fullQuery() throws(RequestError) -> QueryRequest {
    var inner = Prefetch()
    inner.query = .nearest(.vector(.dense([1, 2, 3])), mmr: nil)
    inner.limit = 40
    var prefetch = Prefetch()
    prefetch.prefetch = [inner, Prefetch()]
    prefetch.using = "image"
    prefetch.filter = try filter()
    prefetch.parameters.ef = 64
    prefetch.scoreThreshold = 0.125
    prefetch.lookupFrom = LookupLocation(collection: "other", vector: "v")
    var request = QueryRequest()
    request.prefetch = [prefetch]
    request.query = .fusion(.reciprocalRank(k: 2, weights: nil))
    request.using = "text"
    request.filter = try filter()
    request.parameters.ef = 128
    request.parameters.isExact = true
    request.parameters.indexedOnly = true
    request.parameters.ignoreQuantization = true
    request.parameters.rescore = true
    request.parameters.oversampling = 2.5
    request.parameters.language = .these(["de", "en"])
    request.parameters.explain = true
    request.scoreThreshold = -0.5
    request.limit = 20
    request.offset = 5
    request.withPayload = .all
    request.withVector = .named(["text"])
    request.lookupFrom = LookupLocation(collection: "other")
    request.timeoutMilliseconds = 2000
    var grouping = Grouping(groupBy: try PayloadPath("lang"))
    grouping.groupSize = 2
    grouping.lookupCollection = "languages"
    grouping.lookupPayload = .none
    grouping.lookupVector = .all
    request.grouping = grouping
    return request
  }
}
