import Testing
import VectorModel

@Suite struct FilterJSONTests {
  private let decoder: BodyDecoder<Filter> = { (reader) throws(RequestError) in try Filter(json: &reader) }

  private func path(_ text: String) throws -> PayloadPath { try PayloadPath(text) }

  @Test func clausesTakeOneConditionOrAList() throws {
    let one = try read(#"{"must":{"key":"a","match":{"value":1}},"should":null}"#, decoder)
    let list = try read(#"{"must":[{"match":{"value":1},"key":"a"}]}"#, decoder)
    #expect(one == list)
    #expect(one == Filter(must: [.field(FieldCondition(try path("a"), match: .integer(1)))]))
    #expect(try read("{}", decoder).isEmpty)
    let all = try read(
      #"{"must":[],"must_not":[{"has_vector":"x"}],"should":[],"min_should":{"conditions":[{}],"min_count":1}}"#,
      decoder)
    #expect(
      all
        == Filter(
          mustNot: [.hasVector("x")],
          minShould: Filter.MinShould(conditions: [.filter(Filter())], minimumCount: 1)))
  }

  @Test func everyKindOfConditionIsToldByItsKeys() throws {
    let filter = try read(
      #"""
      {"must": [
        {"is_empty": {"key": "a.b"}}, {"is_null": {"key": "a[]"}}, {"key": "c", "is_empty": true}, {"is_null": false, "key": "c"},
        {"has_id": [1, "6f9619ff-8b86-d011-b42d-00cf4fc964ff", 1]}, {"slice": {"total": 4, "index": 3}},
        {"nested": {"key": "d", "filter": {"should": [{"key": "e", "values_count": {"gte": 1, "lt": 3}}]}}},
        {"must_not": [{"key": "f", "match": {"any": ["x", "y"]}}]}
      ]}
      """#, decoder)
    let uuid = try #require(UUID128("6f9619ff-8b86-d011-b42d-00cf4fc964ff"))
    let count = ValuesCount(lessThan: 3, greaterThanOrEqual: 1)
    #expect(
      filter.must == [
        .isEmpty(try path("a.b")), .isNull(try path("a[]")),
        .field(FieldCondition(try path("c"), isEmpty: true)),
        .field(FieldCondition(try path("c"), isNull: false)),
        .hasID([.number(1), .uuid(uuid)]), .slice(total: 4, index: 3),
        .nested(
          try path("d"), Filter(should: [.field(FieldCondition(try path("e"), valuesCount: count))])),
        .filter(
          Filter(mustNot: [.field(FieldCondition(try path("f"), match: .anyString(["x", "y"])))])),
      ])
  }

  @Test func everyMatch() throws {
    let expected: [(String, Match)] = [
      (#"{"value":"x"}"#, .string("x")), (#"{"value":-5}"#, .integer(-5)),
      (#"{"value":false}"#, .bool(false)),
      (#"{"any":[1,2,2]}"#, .anyInteger([1, 2])), (#"{"any":[]}"#, .anyString([])),
      (#"{"except":["a"]}"#, .exceptStrings(["a"])), (#"{"except":[7]}"#, .exceptIntegers([7])),
      (#"{"text":"a b"}"#, .text("a b")), (#"{"text_any":"a b"}"#, .textAny("a b")),
      (#"{"phrase":"a b"}"#, .phrase("a b")), (#"{"prefix":"a"}"#, .prefix("a")),
    ]
    for (text, match) in expected {
      let filter = try read(#"{"must":{"key":"k","match":\#(text)}}"#, decoder)
      #expect(filter.must == [.field(FieldCondition(try path("k"), match: match))], "\(text)")
    }
  }

  @Test func rangesAreOfNumbersOrDatetimes() throws {
    let numbers = try read(#"{"must":{"key":"k","range":{"gt":1,"lte":2.5,"lt":null}}}"#, decoder)
    let bounds = Bounds<Double>(lessThanOrEqual: 2.5, greaterThan: 1)
    #expect(numbers.must == [.field(FieldCondition(try path("k"), range: .number(bounds)))])
    let instants = try read(
      #"{"must":{"key":"k","range":{"gte":"1970-01-02","lt":"1970-01-02T00:00:01Z"}}}"#, decoder)
    let day: Int64 = 86_400_000_000
    #expect(
      instants.must == [
        .field(
          FieldCondition(
            try path("k"),
            range: .datetime(Bounds(lessThan: day + 1_000_000, greaterThanOrEqual: day))))
      ])
  }

  @Test func unknownKeysAreErrorsAtAnyDepth() {
    for text in [
      #"{"musst":[]}"#, #"{"must":[{"key":"a","match":{"value":1},"x":0}]}"#,
      #"{"must":[{"key":"a","match":{"value":1,"x":0}}]}"#, #"{"must":[{"key":"a","range":{"gt":1,"x":0}}]}"#,
      #"{"must":[{"key":"a","values_count":{"x":0}}]}"#, #"{"must":[{"is_empty":{"key":"a","x":0}}]}"#,
      #"{"must":[{"has_id":[1],"x":0}]}"#, #"{"must":[{"slice":{"total":1,"index":0,"x":0}}]}"#,
      #"{"must":[{"nested":{"key":"a","filter":{},"x":0}}]}"#, #"{"must":[{"x":0}]}"#,
      #"{"min_should":{"conditions":[],"min_count":1,"x":0}}"#, #"{"must":[{"must":[],"x":1}]}"#,
    ] {
      expectRefusal(text, .badRequest, "unknown field `", "at line 1 column", by: decoder)
    }
  }

  @Test func whatDoesNotFitIsNamed() {
    expectRefusal(#"{"must":[{"key":"a"}]}"#, .validation, "at least one field condition", by: decoder)
    expectRefusal(#"{"must":[{"match":{"value":1}}]}"#, .badRequest, "missing field `key`", by: decoder)
    expectRefusal(#"{"must":[{"key":"a","match":{}}]}"#, .badRequest, "missing field `value`", by: decoder)
    expectRefusal(
      #"{"must":[{"key":"a","match":{"value":1.5}}]}"#, .badRequest, "floating point `1.5`", by: decoder)
    expectRefusal(
      #"{"must":[{"key":"a","match":{"value":1,"any":[1]}}]}"#, .badRequest, "`value` and `any`", by: decoder)
    expectRefusal(
      #"{"must":[{"key":"a","match":{"any":[1,"x"]}}]}"#, .badRequest, "only strings or only", by: decoder)
    expectRefusal(
      #"{"must":[{"key":"a","range":{"gt":1,"lt":"2020-01-01"}}]}"#, .badRequest, "all numbers", by: decoder)
    expectRefusal(
      #"{"must":[{"key":"a","range":{"gt":"yesterday"}}]}"#, .badRequest, "yesterday", by: decoder)
    expectRefusal(#"{"must":[{"key":"a","range":{"gt":[]}}]}"#, .badRequest, "sequence", by: decoder)
    expectRefusal(#"{"must":[{"key":"a..b","is_null":true}]}"#, .badRequest, "a..b", by: decoder)
    expectRefusal(
      #"{"must":[{"slice":{"total":0,"index":0}}]}"#, .validation, "slice.total", "1", by: decoder)
    expectRefusal(
      #"{"must":[{"slice":{"total":2,"index":2}}]}"#, .validation, "slice.index: value 2", "0 to 1",
      by: decoder)
    expectRefusal(
      #"{"min_should":{"conditions":[],"min_count":0}}"#, .validation, "min_should.min_count: value 0",
      by: decoder)
    expectRefusal(
      #"{"must":[{"has_id":[-1]}]}"#, .badRequest, "value -1 is not a valid point ID", by: decoder)
    expectRefusal(#"{"must":[{"has_id":["x"]}]}"#, .badRequest, "\"x\" is not a valid point ID", by: decoder)
    expectRefusal(#"{"must":[{"has_id":[1.5]}]}"#, .badRequest, "1.5", by: decoder)
    expectRefusal(#"{"must":7}"#, .badRequest, "expected an object", by: decoder)
  }

  @Test func places() throws {
    let (a, b) = (GeoPoint(longitude: -5, latitude: 50.5), GeoPoint(longitude: 5, latitude: 40))
    let ring = [a, b, GeoPoint(longitude: 0, latitude: 0), a]
    let points =
      #"{"points":[{"lon":-5,"lat":50.5},{"lon":5,"lat":40},{"lon":0,"lat":0},{"lon":-5,"lat":50.5}]}"#
    let cases: [(String, GeoCondition)] = [
      (
        #""geo_bounding_box":{"top_left":{"lon":-5,"lat":50.5},"bottom_right":{"lat":40,"lon":5}}"#,
        .box(topLeft: a, bottomRight: b)
      ),
      (#""geo_radius":{"center":{"lon":-5,"lat":50.5},"radius":1000.5}"#, .radius(center: a, meters: 1000.5)),
      (#""geo_polygon":{"exterior":\#(points)}"#, .polygon(exterior: ring, interiors: [])),
      (
        #""geo_polygon":{"exterior":\#(points),"interiors":[\#(points)]}"#,
        .polygon(exterior: ring, interiors: [ring])
      ),
    ]
    for (text, expected) in cases {
      let filter = try read(#"{"must":[{"key":"place",\#(text)}]}"#, decoder)
      guard case .field(let condition)? = filter.must.first else {
        Issue.record("\(text) is no condition on a field")
        continue
      }
      #expect(condition.geo == [expected])
      var writer = JSONWriter()
      filter.write(to: &writer)
      #expect(try read(String(decoding: writer.bytes, as: UTF8.self), decoder) == filter)
    }
    let refusals: [(String, RequestError.Code, String)] = [
      (#""geo_radius":{"center":{"lon":181,"lat":0},"radius":1}"#, .validation, "lon: value 181"),
      (#""geo_radius":{"center":{"lon":0,"lat":-91},"radius":1}"#, .validation, "lat: value -91"),
      (#""geo_radius":{"center":{"lon":0},"radius":1}"#, .badRequest, "lat"),
      (#""geo_radius":{"center":{"lon":0,"lat":0}}"#, .badRequest, "radius"),
      (#""geo_bounding_box":{"top_left":{"lon":0,"lat":0}}"#, .badRequest, "bottom_right"),
      (#""geo_polygon":{"exterior":{"points":[]}}"#, .validation, "at least 4 points, not 0"),
      (
        #""geo_polygon":{"exterior":{"points":[\#(Array(repeating: #"{"lon":1,"lat":2}"#, count: 3).joined(separator: ",")),{"lon":1,"lat":3}]}}"#,
        .validation, "exterior: the last point"
      ),
    ]
    for (text, code, excerpt) in refusals {
      expectRefusal(#"{"must":[{"key":"place",\#(text)}]}"#, code, excerpt, by: decoder)
    }
  }

  @Test func depthAndNumberOfConditionsHaveLimits() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: #"{"must":["#, count: depth) + String(repeating: "]}", count: depth)
    }
    _ = try read(nested(Filter.depthMax), decoder)
    expectRefusal(nested(Filter.depthMax + 1), .validation, "\(Filter.depthMax) levels", by: decoder)
    let many = { (count: Int) in
      #"{"must":[\#(Array(repeating: "{}", count: count).joined(separator: ","))]}"#
    }
    #expect(try read(many(Filter.conditionsMax), decoder).must.count == Filter.conditionsMax)
    expectRefusal(
      many(Filter.conditionsMax + 1), .validation, "\(Filter.conditionsMax) conditions", by: decoder)
  }

  @Test func noBytesMakeItTrap() {
    damageEverywhere(
      #"{"must":[{"key":"a.b[]","match":{"any":[1,2]}},{"has_id":[1]},{"is_null":{"key":"x"}}],"min_should":{"conditions":[{"slice":{"total":3,"index":1}},{"nested":{"key":"n","filter":{"should":{"key":"r","range":{"gt":"2020-01-01"}}}}}],"min_count":1}}"#,
      decoder)
  }
}
