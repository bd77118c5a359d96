import Testing
import VectorModel

@Suite struct QueryRequestJSONTests {
  private let decoder: BodyDecoder<QueryRequest> = { (reader) throws(RequestError) in
    try QueryRequest(json: &reader)
  }

  private func query(_ text: String) throws -> Query? { try read(#"{"query":\#(text)}"#, decoder).query }

  @Test func defaultsAreQdrants() throws {
    let request = try read("{}", decoder)
    #expect(request == QueryRequest())
    #expect(request.limit == 10 && request.withPayload == .none && request.withVector == .none)
  }

  @Test func everyKeyIsRead() throws {
    let request = try read(
      #"""
      {"prefetch": {"query": [0.5], "using": "a", "limit": 7, "score_threshold": 0.25, "filter": {"must": []},
          "params": {"exact": true}, "lookup_from": {"collection": "c"}, "prefetch": [{"query": 3}, {}]},
       "query": {"fusion": "rrf"}, "using": "b", "filter": {"must": {"has_id": [1]}}, "score_threshold": -1.5, "limit": 3,
       "offset": 4, "with_payload": ["x.y"], "with_vectors": ["a"], "lookup_from": {"collection": "d", "vector": "v"},
       "shard_key": null, "unknown": {"ignored": [1]},
       "params": {"hnsw_ef": 64, "exact": false, "indexed_only": true, "explain": true, "language": ["de", "fr"],
          "quantization": {"ignore": true, "rescore": false, "oversampling": 2.5}, "acorn": {"enable": true, "max_selectivity": 0.4}}}
      """#, decoder)
    var inner = Prefetch()
    inner.query = .nearest(.id(.number(3)), mmr: nil)
    var prefetch = Prefetch()
    prefetch.query = .nearest(.vector(.dense([0.5])), mmr: nil)
    prefetch.using = "a"
    prefetch.limit = 7
    prefetch.scoreThreshold = 0.25
    prefetch.filter = Filter()
    prefetch.parameters.isExact = true
    prefetch.lookupFrom = LookupLocation(collection: "c")
    prefetch.prefetch = [inner, Prefetch()]
    var expected = QueryRequest()
    expected.prefetch = [prefetch]
    expected.query = .fusion(.reciprocalRank(k: 2, weights: nil))
    expected.using = "b"
    expected.filter = Filter(must: [.hasID([.number(1)])])
    expected.scoreThreshold = -1.5
    expected.limit = 3
    expected.offset = 4
    expected.withPayload = .include([try PayloadPath("x.y")])
    expected.withVector = .named(["a"])
    expected.lookupFrom = LookupLocation(collection: "d", vector: "v")
    expected.parameters.ef = 64
    expected.parameters.indexedOnly = true
    expected.parameters.explain = true
    expected.parameters.language = .these(["de", "fr"])
    expected.parameters.ignoreQuantization = true
    expected.parameters.rescore = false
    expected.parameters.oversampling = 2.5
    #expect(request == expected)
  }

  @Test func everyKindOfQuery() throws {
    let uuid = try #require(UUID128("6f9619ff-8b86-d011-b42d-00cf4fc964ff"))
    let key = try PayloadPath("k")
    var descending = OrderBy(key: key)
    descending.isDescending = true
    descending.startFrom = .datetime(0)
    let one = VectorInput.vector(.dense([1]))
    let two = VectorInput.id(.number(2))
    let expected: [(String, Query)] = [
      ("[1,2.5]", .nearest(.vector(.dense([1, 2.5])), mmr: nil)),
      ("17", .nearest(.id(.number(17)), mmr: nil)),
      ("\"6f9619ff8b86d011b42d00cf4fc964ff\"", .nearest(.id(.uuid(uuid)), mmr: nil)),
      ("[[1,2],[3,4]]", .nearest(.vector(.multi(dimension: 2, values: [1, 2, 3, 4])), mmr: nil)),
      (
        #"{"indices":[5,1],"values":[0.5,0.25]}"#,
        .nearest(.vector(.sparse(indices: [1, 5], values: [0.25, 0.5])), mmr: nil)
      ),
      (
        #"{"nearest":[1],"mmr":{"diversity":0.25,"candidates_limit":50}}"#,
        .nearest(one, mmr: MMR(diversity: 0.25, candidatesLimit: 50))
      ),
      (#"{"mmr":{},"nearest":[1]}"#, .nearest(one, mmr: MMR())),
      (
        #"{"recommend":{"positive":[[1],2],"strategy":"best_score"}}"#,
        .recommend(RecommendQuery(positive: [one, two], strategy: .bestScore))
      ),
      (#"{"recommend":{"negative":[2]}}"#, .recommend(RecommendQuery(positive: [], negative: [two]))),
      (
        #"{"discover":{"target":2,"context":{"positive":[1],"negative":2}}}"#,
        .discover(target: two, context: [ContextPair(positive: one, negative: two)])
      ),
      (#"{"discover":{"target":2,"context":null}}"#, .discover(target: two, context: [])),
      (
        #"{"context":[{"positive":[1],"negative":2}]}"#, .context([ContextPair(positive: one, negative: two)])
      ),
      (#"{"context":null}"#, .context([])),
      (#"{"order_by":"k"}"#, .orderBy(OrderBy(key: key))),
      (#"{"order_by":{"key":"k","direction":"desc","start_from":"1970-01-01"}}"#, .orderBy(descending)),
      (#"{"fusion":"dbsf"}"#, .fusion(.distributionBased)),
      (#"{"rrf":{"k":60,"weights":[1,0.5]}}"#, .fusion(.reciprocalRank(k: 60, weights: [1, 0.5]))),
      (#"{"sample":"random"}"#, .sampleRandom),
      (
        #"{"formula":{"sum":["$score",1]},"defaults":{"a":2}}"#,
        .formula(
          .object([.init(key: "sum", value: .array([.string("$score"), .integer(1)]))]),
          defaults: .object([.init(key: "a", value: .integer(2))]))
      ),
    ]
    for (text, query) in expected { #expect(try self.query(text) == query, "\(text)") }
  }

  @Test func badQueriesAreNamed() {
    func expect(
      _ query: String, _ code: RequestError.Code, _ word: String, at line: SourceLocation = #_sourceLocation
    ) {
      expectRefusal(#"{"query":\#(query)}"#, code, word, by: decoder, sourceLocation: line)
    }
    expect("{}", .badRequest, "`nearest`")
    expect("true", .badRequest, "a vector or a point id")
    expect("-1", .badRequest, "value -1 is not a valid point ID")
    expect(#"{"nearest":1,"fusion":"rrf"}"#, .badRequest, "`nearest` and `fusion`")
    expect(#"{"nearest":null}"#, .badRequest, "missing field `nearest`")
    expect(#"{"fusion":"sum"}"#, .badRequest, "unknown variant `sum`, expected one of `rrf`, `dbsf`")
    expect(#"{"sample":"first"}"#, .badRequest, "unknown variant `first`, expected `random`")
    expect(#"{"rrf":{"k":0}}"#, .validation, "rrf.k: value 0 invalid, must be from 1")
    expect(#"{"nearest":[1],"mmr":{"diversity":1.5}}"#, .validation, "mmr.diversity: value 1.5")
    expect(#"{"nearest":[1],"mmr":{"candidates_limit":16385}}"#, .validation, "from 0 to 16384")
    expect(#"{"relevance_feedback":{}}"#, .notImplemented, "relevance_feedback")
    expect(#"{"text":"a","model":"m"}"#, .notImplemented, "text")
    expect(#"{"nearest":{"image":"a","model":"m"}}"#, .notImplemented, "image")
    expect(#"{"indices":[1],"values":[1,2]}"#, .validation, "2 values, must be as many as the 1 indices")
    expect(#"{"indices":[2,1,2],"values":[1,2,3]}"#, .validation, "index 2 repeats")
    expect(#"{"indices":[4294967296],"values":[1]}"#, .badRequest, "u32")
    expect("[[1,2],[3]]", .validation, "1 values, must be 2")
    expect("[[]]", .validation, "0 values, must be 1")
    expect("[1,[2]]", .badRequest, "f32")
    expect("[1e39]", .badRequest, "number out of range")
    expect(#"{"discover":{"target":1}}"#, .badRequest, "missing field `context`")
    expect(#"{"order_by":{"direction":"asc"}}"#, .badRequest, "missing field `key`")
    expect(#"{"order_by":{"key":"a","direction":"up"}}"#, .badRequest, "`up`")
  }

  @Test func boundsOfARequest() {
    expectRefusal(
      #"{"limit":0}"#, .validation, "[limit: value 0 invalid, must be from 1 to 1000000]", by: decoder)
    expectRefusal(#"{"limit":1000001}"#, .validation, "1000001", "1000000", by: decoder)
    expectRefusal(#"{"limit":18446744073709551615}"#, .validation, "18446744073709551615", by: decoder)
    expectRefusal(#"{"limit":-1}"#, .badRequest, "integer `-1`", by: decoder)
    expectRefusal(#"{"limit":1.0}"#, .badRequest, "floating point `1.0`", by: decoder)
    expectRefusal(#"{"limit":"1"}"#, .badRequest, "string \"1\"", by: decoder)
    expectRefusal(#"{"params":{"hnsw_ef":0}}"#, .validation, "params.hnsw_ef: value 0", by: decoder)
    expectRefusal(
      #"{"params":{"quantization":{"oversampling":0.5}}}"#, .validation, "oversampling: value 0.5",
      by: decoder)
    expectRefusal(#"{"params":{"acorn":{"max_selectivity":2}}}"#, .validation, "max_selectivity", by: decoder)
    expectRefusal(#"{"params":{"idf":"global"}}"#, .notImplemented, "params.idf", by: decoder)
    expectRefusal(#"{"shard_key":"a"}"#, .notImplemented, "shard_key", by: decoder)
    expectRefusal(#"{"with_payload":{"only":[]}}"#, .badRequest, "`include` or `exclude`", by: decoder)
    let positives = Array(repeating: "1", count: QueryRequest.examplesMax + 1).joined(separator: ",")
    expectRefusal(
      #"{"query":{"recommend":{"positive":[\#(positives)]}}}"#, .validation, "positive", "4096", by: decoder)
  }

  @Test func prefetchesNestUpToTheirLimit() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: #"{"prefetch":"#, count: depth) + "{}" + String(repeating: "}", count: depth)
    }
    _ = try read(nested(QueryRequest.prefetchDepthMax), decoder)
    expectRefusal(nested(QueryRequest.prefetchDepthMax + 1), .validation, "64 levels", by: decoder)
  }

  @Test func selectionsOfPayloadAndVectors() throws {
    let a = try PayloadPath("a")
    func payload(_ text: String) throws -> PayloadSelection {
      try read(#"{"with_payload":\#(text)}"#, decoder).withPayload
    }
    #expect(try payload("true") == .all)
    #expect(try payload("false") == .none)
    #expect(try payload("[]") == .include([]))
    #expect(try payload(#"{"include":["a"]}"#) == .include([a]))
    #expect(try payload(#"{"exclude":["a"]}"#) == .exclude([a]))
    #expect(try read(#"{"with_vector":true}"#, decoder).withVector == .all)
    #expect(try read(#"{"with_vectors":["","b"]}"#, decoder).withVector == .named(["", "b"]))
  }

  @Test func languageChoices() throws {
    func language(_ text: String) throws -> LanguageChoice {
      try read(#"{"params":{"language":\#(text)}}"#, decoder).parameters.language
    }
    #expect(try language("\"any\"") == .any)
    #expect(try language("\"de\"") == .these(["de"]))
    #expect(try language(#"["any","de"]"#) == .these(["any", "de"]))
    #expect(try language("null") == .ofExamples)
  }

  @Test func groupingKeys() throws {
    let request = try read(
      #"{"query":[1],"group_by":"doc.id","group_size":2,"with_lookup":{"collection":"docs","with_payload":["t"],"with_vectors":true}}"#,
      decoder)
    var expected = Grouping(groupBy: try PayloadPath("doc.id"))
    expected.groupSize = 2
    expected.lookupCollection = "docs"
    expected.lookupPayload = .include([try PayloadPath("t")])
    expected.lookupVector = .all
    #expect(request.grouping == expected)
    let brief = try read(#"{"group_by":"a","with_lookup":"docs"}"#, decoder)
    #expect(brief.grouping?.lookupCollection == "docs" && brief.grouping?.lookupPayload == .all)
    #expect(brief.grouping?.groupSize == 3)
    expectRefusal(#"{"group_by":"a","group_size":0}"#, .validation, "group_size: value 0", by: decoder)
  }

  @Test func batchesAreListsOfRequests() throws {
    let list = try read(#"{"searches":[{"query":1,"limit":2},{}]}"#) { (reader) throws(RequestError) in
      try QueryRequest.list(json: &reader)
    }
    #expect(list.count == 2 && list[0].limit == 2 && list[1] == QueryRequest())
    expectRefusal("{}", .badRequest, "missing field `searches`") { (reader) throws(RequestError) in
      try QueryRequest.list(json: &reader)
    }
  }

  @Test func olderSearches() throws {
    let search: BodyDecoder<QueryRequest> = { (reader) throws(RequestError) in
      try QueryRequest(searchJSON: &reader)
    }
    var expected = QueryRequest()
    expected.query = .nearest(.vector(.dense([1, 2])), mmr: nil)
    expected.limit = 3
    expected.withPayload = .all
    #expect(try read(#"{"vector":[1,2],"top":3,"with_payload":true}"#, search) == expected)
    expected.using = "img"
    #expect(
      try read(#"{"vector":{"name":"img","vector":[1,2]},"limit":3,"with_payload":true}"#, search) == expected
    )
    expected.grouping = Grouping(groupBy: try PayloadPath("g"))
    #expect(
      try read(
        #"{"vector":{"name":"img","vector":[1,2]},"limit":3,"with_payload":true,"group_by":"g"}"#, search)
        == expected)
    expectRefusal(#"{"vector":[1]}"#, .badRequest, "missing field `limit`", by: search)
    expectRefusal(#"{"limit":1}"#, .badRequest, "missing field `vector`", by: search)
    let batch = try read(#"{"searches":[{"vector":[1],"limit":1}]}"#) { (reader) throws(RequestError) in
      try QueryRequest.searchList(json: &reader)
    }
    #expect(batch.count == 1)
  }

  @Test func olderRecommendationsAndDiscoveries() throws {
    let request = try read(
      #"{"positive":[1],"negative":[[0.5]],"strategy":"sum_scores","using":"v","limit":5,"lookup_from":{"collection":"c"}}"#
    ) { (reader) throws(RequestError) in try QueryRequest(recommendJSON: &reader) }
    #expect(
      request.query
        == .recommend(
          RecommendQuery(
            positive: [.id(.number(1))], negative: [.vector(.dense([0.5]))], strategy: .sumScores)))
    #expect(request.using == "v" && request.limit == 5 && request.lookupFrom?.collection == "c")
    let discover: BodyDecoder<QueryRequest> = { (reader) throws(RequestError) in
      try QueryRequest(discoverJSON: &reader)
    }
    let pair = ContextPair(positive: .id(.number(1)), negative: .id(.number(2)))
    let context = #""context":[{"positive":1,"negative":2}]"#
    #expect(
      try read(#"{"target":9,\#(context),"limit":1}"#, discover).query
        == .discover(target: .id(.number(9)), context: [pair]))
    #expect(try read(#"{\#(context),"limit":1}"#, discover).query == .context([pair]))
  }

  @Test func noBytesMakeThemTrap() {
    damageEverywhere(
      #"{"prefetch":[{"query":{"nearest":[1,2],"mmr":{"diversity":0.5}}}],"query":{"recommend":{"positive":[1,[2]],"strategy":"best_score"}},"with_payload":{"include":["a"]},"group_by":"x","with_lookup":{"collection":"c"},"params":{"language":["a"]}}"#,
      decoder)
    damageEverywhere(#"{"vector":{"name":"a","vector":{"indices":[3,1],"values":[1,2]}},"limit":3}"#) {
      (reader) throws(RequestError) in try QueryRequest(searchJSON: &reader)
    }
    damageEverywhere(#"{"ids":[1,"6f9619ff-8b86-d011-b42d-00cf4fc964ff"],"with_vector":["a"]}"#) {
      (reader) throws(RequestError) in try RetrieveRequest(json: &reader)
    }
  }
}
