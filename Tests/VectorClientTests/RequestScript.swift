/// A story with every request of the REST interface that the engine answers, each step behind the one before.
enum RequestScript {
  struct Step: Sendable {
    var method: String
    /// With the query.
    var path: String
    var body: String
    /// Nil where that depends on what the engine has built.
    var succeeds: Bool?

    /// The path without its query.
    var pathBytes: ArraySlice<UInt8> { Array(path.prefix { $0 != "?" }.utf8)[...] }
    var query: Substring { path.drop { $0 != "?" }.dropFirst() }
  }

  private static func step(_ method: String, _ path: String, _ body: String = "", succeeds: Bool? = true)
    -> Step
  {
    Step(method: method, path: path, body: body, succeeds: succeeds)
  }

  static let steps = collections + points + payloads + searches + olderSearches + elements + failures + ends

  private static let collections = [
    step("GET", "/collections"),
    step(
      "PUT", "/collections/films",
      #"{"vectors":{"size":4,"distance":"Cosine"},"metadata":{"language_field":"lang"},"hnsw_config":{"m":8}}"#
    ),
    step(
      "PUT", "/collections/named",
      #"{"vectors":{"text":{"size":2,"distance":"Dot"},"image":{"size":3,"distance":"Euclid"}}}"#),
    step("PUT", "/collections/films", #"{"vectors":{"size":4,"distance":"Cosine"}}"#, succeeds: false),
    step("GET", "/collections/films/exists"),
    step("GET", "/collections/nothing/exists"),
    step("PATCH", "/collections/films", #"{"hnsw_config":{"ef_construct":64},"metadata":{"owner":"me"}}"#),
    step(
      "PUT", "/collections/named/vectors/sound?wait=true", #"{"dense":{"size":2,"distance":"Manhattan"}}"#),
    step("DELETE", "/collections/named/vectors/sound"),
    step("GET", "/collections/films"),
    step("GET", "/collections/named"),
    step("GET", "/collections"),
    step(
      "POST", "/collections/aliases",
      #"{"actions":[{"create_alias":{"alias_name":"latest","collection_name":"films"}}]}"#),
    step("GET", "/aliases"),
    step("GET", "/collections/films/aliases"),
    step("GET", "/collections/films/cluster"),
    step("GET", "/collections/films/shards"),
  ]

  private static let points = [
    step("PUT", "/collections/films/points?wait=true", upsert(0..<40)),
    step(
      "PUT", "/collections/films/points",
      #"{"batch":{"ids":["00112233-4455-6677-8899-aabbccddeeff",100],"vectors":[[1,0,0,0],[0,1,0,0]],"payloads":[{"lang":"en"},null]}}"#
    ),
    step(
      "PUT", "/collections/films/points?wait=true",
      #"{"points":[{"id":0,"vector":[0,0,0,1],"payload":{"lang":"xx"}}],"update_mode":"insert_only"}"#),
    step(
      "PUT", "/collections/named/points?wait=true",
      #"{"points":[{"id":1,"vector":{"text":[1,2],"image":[1,2,3]}},{"id":2,"vector":{"text":[3,4]}}]}"#),
    step("GET", "/collections/films/points/3"),
    step("GET", "/collections/films/points/00112233-4455-6677-8899-aabbccddeeff"),
    step(
      "POST", "/collections/films/points", #"{"ids":[1,2,999],"with_vector":true,"with_payload":["lang"]}"#),
    step(
      "PUT", "/collections/named/points/vectors?wait=true",
      #"{"points":[{"id":2,"vector":{"image":[7,8,9]}}]}"#),
    step("POST", "/collections/named/points/vectors/delete", #"{"points":[1],"vector":["image"]}"#),
    step("POST", "/collections/named/points", #"{"ids":[1,2],"with_vector":true}"#),
    step("POST", "/collections/films/points/scroll", #"{"limit":5,"with_vector":true}"#),
    step(
      "POST", "/collections/films/points/scroll",
      #"{"limit":3,"offset":7,"filter":{"must":[{"key":"lang","match":{"value":"de"}}]},"with_payload":false}"#
    ),
    step("POST", "/collections/films/points/count", #"{"exact":true}"#),
    step("POST", "/collections/films/points/delete?wait=true", #"{"points":[39]}"#),
    step(
      "POST", "/collections/films/points/delete",
      #"{"filter":{"must":[{"key":"year","range":{"gte":2037}}]}}"#),
    step(
      "POST", "/collections/films/points/batch?wait=true",
      #"{"operations":[{"upsert":{"points":[{"id":200,"vector":[1,1,0,0]}]}},{"set_payload":{"payload":{"new":true},"points":[200]}},{"delete":{"points":[100]}}]}"#
    ),
    step(
      "POST", "/collections/films/points/count", #"{"filter":{"must_not":[{"is_empty":{"key":"lang"}}]}}"#),
  ]

  private static let payloads = [
    step("PUT", "/collections/films/index?wait=true", #"{"field_name":"lang","field_schema":"keyword"}"#),
    step(
      "PUT", "/collections/films/index?wait=true",
      #"{"field_name":"year","field_schema":{"type":"integer","lookup":true,"range":true}}"#),
    step(
      "POST", "/collections/films/points/payload", #"{"payload":{"seen":1,"deep":{"a":[1]}},"points":[1,2]}"#),
    step(
      "POST", "/collections/films/points/payload", #"{"payload":{"b":null,"c":2},"points":[1],"key":"deep"}"#),
    step("PUT", "/collections/films/points/payload", #"{"payload":{"lang":"fr","year":1999},"points":[3]}"#),
    step("POST", "/collections/films/points/payload/delete", #"{"keys":["seen","deep.a"],"points":[1]}"#),
    step("POST", "/collections/films/points/payload/clear", #"{"points":[4]}"#),
    step("POST", "/collections/films/points", #"{"ids":[1,2,3,4]}"#),
    step("POST", "/collections/films/facet", #"{"key":"lang","exact":true}"#),
    step(
      "POST", "/collections/films/facet",
      #"{"key":"year","limit":3,"filter":{"must":[{"has_id":[1,2,3,5]}]}}"#),
    step(
      "POST", "/collections/films/points/scroll",
      #"{"limit":4,"order_by":{"key":"year","direction":"desc"},"with_payload":["year"]}"#),
    step("GET", "/collections/films"),
  ]

  private static let searches =
    [
      #"{"query":[1,0,0.5,0]}"#,
      #"{"query":[1,0,0.5,0],"limit":3,"with_payload":true,"with_vector":true,"params":{"exact":true}}"#,
      #"{"query":[1,0,0.5,0],"score_threshold":0.5,"params":{"hnsw_ef":32},"offset":2}"#,
      #"{"query":[1,0,0,0],"filter":{"must":[{"key":"year","range":{"gte":2005,"lt":2020}},{"key":"lang","match":{"any":["de","en"]}}]}}"#,
      #"{"query":[1,0,0,0],"params":{"explain":true},"filter":{"must":[{"key":"year","range":{"lt":2020}}]}}"#,
      #"{"query":7,"limit":4}"#,
      #"{"query":"00112233-4455-6677-8899-aabbccddeeff","limit":4,"with_payload":{"exclude":["year"]}}"#,
      #"{"query":{"recommend":{"positive":[1,3],"negative":[2]}},"limit":5}"#,
      #"{"query":{"recommend":{"positive":[1,[0,0,1,0]],"negative":[2],"strategy":"best_score"}},"limit":5}"#,
      #"{"query":{"recommend":{"positive":[1,3],"strategy":"sum_scores"}},"params":{"language":"any"},"limit":5}"#,
      #"{"query":{"recommend":{"positive":[1]}},"params":{"language":["en"]},"limit":5}"#,
      #"{"query":{"order_by":"year"},"limit":3,"with_payload":true}"#,
      #"{"limit":3}"#,
      #"{"prefetch":[{"query":[1,0,0,0],"limit":5},{"query":[0,1,0,0],"limit":5}],"query":{"fusion":"rrf"}}"#,
      #"{"prefetch":[{"query":[1,0,0,0],"limit":5},{"query":[0,1,0,0],"limit":5}],"query":{"fusion":"dbsf"}}"#,
    ].map { step("POST", "/collections/films/points/query", $0) } + [
      step(
        "POST", "/collections/named/points/query", #"{"query":[1,1],"using":"text","with_vector":["image"]}"#),
      step(
        "POST", "/collections/named/points/query",
        #"{"query":1,"using":"text","lookup_from":{"collection":"named","vector":"text"}}"#),
      step(
        "POST", "/collections/latest/points/query/batch?timeout=5",
        #"{"searches":[{"query":[1,0,0,0],"limit":2},{"query":1,"limit":1,"with_payload":true}]}"#),
      step(
        "POST", "/collections/films/points/query/groups",
        #"{"query":[1,0,0,0],"group_by":"lang","group_size":2,"with_payload":true}"#),
    ]

  private static let olderSearches = [
    step("POST", "/collections/films/points/search", #"{"vector":[1,0,0,0],"limit":3}"#),
    step(
      "POST", "/collections/named/points/search", #"{"vector":{"name":"text","vector":[1,0]},"limit":3}"#),
    step("POST", "/collections/films/points/search/batch", #"{"searches":[{"vector":[1,0,0,0],"limit":2}]}"#),
    step("POST", "/collections/films/points/recommend", #"{"positive":[1],"negative":[2],"limit":3}"#),
    step("POST", "/collections/films/points/recommend/batch", #"{"searches":[{"positive":[1],"limit":2}]}"#),
    step(
      "POST", "/collections/films/points/search/groups", #"{"vector":[1,0,0,0],"group_by":"lang","limit":2}"#),
    step(
      "POST", "/collections/films/points/recommend/groups", #"{"positive":[1],"group_by":"lang","limit":2}"#),
    step(
      "POST", "/collections/films/points/discover",
      #"{"target":1,"context":[{"positive":2,"negative":3}],"limit":2}"#, succeeds: nil),
    step(
      "POST", "/collections/films/points/discover/batch", #"{"searches":[{"target":1,"limit":2}]}"#,
      succeeds: nil),
    step(
      "POST", "/collections/films/points/query", #"{"query":{"context":[{"positive":1,"negative":2}]}}"#,
      succeeds: nil),
    step(
      "POST", "/collections/films/points/query", #"{"query":{"nearest":1,"mmr":{"diversity":0.5}}}"#,
      succeeds: nil),
    step(
      "POST", "/collections/films/points/query",
      #"{"prefetch":{"query":1},"query":{"formula":{"sum":["$score",1]}}}"#, succeeds: nil),
  ]

  /// Vectors of halves, bytes and bits.
  private static let elements =
    [
      step(
        "PUT", "/collections/typed",
        #"{"vectors":{"half":{"size":3,"distance":"Dot","datatype":"float16"},"byte":{"size":3,"distance":"Euclid","datatype":"uint8"},"bit":{"size":9,"distance":"Hamming"},"set":{"size":3,"distance":"Jaccard"}}}"#
      ),
      step("GET", "/collections/typed"),
      step(
        "PUT", "/collections/typed/points?wait=true",
        #"{"points":[{"id":1,"vector":{"half":[0.1,2,-3],"byte":[0,7,255],"bit":[1,0,1,1,0,0,0,0,1],"set":[1,0,1]}},{"id":2,"vector":{"half":[1,2,3],"byte":[9,9,9],"bit":[0,0,0,0,0,0,0,1,0],"set":[0,0,0]}},{"id":3,"vector":{"bit":[1,1,1,1,1,1,1,1,1]}}]}"#
      ),
      step("POST", "/collections/typed/points", #"{"ids":[1,2,3],"with_vector":true}"#),
      step("POST", "/collections/typed/points", #"{"ids":[1,2],"with_vector":["half","bit"]}"#),
      step(
        "PUT", "/collections/typed/points/vectors?wait=true",
        #"{"points":[{"id":3,"vector":{"byte":[1,2,3.5],"set":[1,1,0]}}]}"#),
      step("POST", "/collections/typed/points/scroll", #"{"with_vector":["byte"]}"#),
    ]
    + [
      #"{"query":[0.1,0.2,0.3],"using":"half","with_vector":true}"#,
      #"{"query":[1,2,3],"using":"byte","score_threshold":10}"#,
      #"{"query":[1,0,1,1,0,0,0,0,0],"using":"bit","score_threshold":5}"#,
      #"{"query":[1,0,1],"using":"set","params":{"exact":true,"explain":true}}"#,
      #"{"query":{"recommend":{"positive":[1,3],"negative":[2]}},"using":"bit"}"#,
      #"{"query":{"recommend":{"positive":[1],"negative":[2],"strategy":"sum_scores"}},"using":"set"}"#,
      #"{"query":{"nearest":1,"mmr":{"diversity":0.5}},"using":"bit"}"#,
    ].map { step("POST", "/collections/typed/points/query", $0) }
    + [
      ("PUT", "/collections/typed/points", #"{"points":[{"id":9,"vector":{"half":[1e6,0,0]}}]}"#),
      ("PUT", "/collections/typed/points", #"{"points":[{"id":9,"vector":{"byte":[0,256,0]}}]}"#),
      ("PUT", "/collections/typed/points", #"{"points":[{"id":9,"vector":{"set":[0,0.5,0]}}]}"#),
      ("POST", "/collections/typed/points/query", #"{"query":[1,2,3],"using":"set"}"#),
      (
        "PUT", "/collections/wrong",
        #"{"vectors":{"size":3,"distance":"Hamming","quantization_config":{"scalar":{"type":"int8"}}}}"#
      ),
      ("PUT", "/collections/wrong", #"{"vectors":{"size":3,"distance":"Jaccard","datatype":"float32"}}"#),
    ].map { step($0.0, $0.1, $0.2, succeeds: false) } + [step("DELETE", "/collections/typed")]

  /// What the engine refuses, over both fronts with the same status and message.
  private static let failures = [
    ("GET", "/collections/nothing", ""),
    ("DELETE", "/collections/films/vectors/none", ""),
    ("PUT", "/collections/a%2Fb", #"{"vectors":{"size":4,"distance":"Dot"}}"#),
    ("GET", "/collections/films/points/12345", ""),
    ("PUT", "/collections/films/points", #"{"points":[{"id":1,"vector":[1,2]}]}"#),
    ("PUT", "/collections/films/points", #"{"points":[{"id":1,"vector":{"other":[1,2,3,4]}}]}"#),
    ("PUT", "/collections/films/points", #"{"points":[{"id":1,"vector":{"indices":[1],"values":[1]}}]}"#),
    ("POST", "/collections/films/points/payload", #"{"payload":{"a":1},"points":[98765]}"#),
    ("POST", "/collections/films/points/query", #"{"query":[1,2]}"#),
    ("POST", "/collections/films/points/query", #"{"query":98765}"#),
    ("POST", "/collections/films/points/query", #"{"query":[1,0,0,0],"using":"other"}"#),
    ("POST", "/collections/nothing/points/query", #"{"query":[1,0,0,0]}"#),
    ("POST", "/collections/nothing/points/count", "{}"),
    ("POST", "/collections/films/facet", #"{"key":"unindexed"}"#),
    (
      "POST", "/collections/aliases",
      #"{"actions":[{"create_alias":{"alias_name":"x","collection_name":"nothing"}}]}"#
    ),
    ("DELETE", "/collections/films/index/lang?timeout=0", ""),
  ].map { step($0.0, $0.1, $0.2, succeeds: false) }

  private static let ends = [
    step("DELETE", "/collections/films/index/year"),
    step("DELETE", "/collections/named"),
    step("DELETE", "/collections/named"),
    step("GET", "/collections"),
  ]

  /// An upsert of points in a circle, with a language and a year each.
  private static func upsert(_ ids: Range<Int>) -> String {
    let points = ids.map { id in
      let vector = [(id * 37) % 11 - 5, (id * 17) % 7 - 3, (id * 5) % 13 - 6, id % 3 - 1]
      let language = ["de", "en", "fr"][id % 3]
      return #"{"id":\#(id),"vector":\#(vector),"payload":{"lang":"\#(language)","year":\#(2000 + id)}}"#
    }
    return #"{"points":[\#(points.joined(separator: ","))]}"#
  }
}
