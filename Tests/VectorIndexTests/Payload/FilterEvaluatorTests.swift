import Testing
import VectorModel

@testable import VectorIndex

/// Each statement of the semantics page, by hand.
@Suite struct FilterEvaluatorTests {
  private let document = """
    {"city": "Berlin", "count": 1, "ratio": 1.0, "on": true, "nothing": null, "none": [], "empty": "", "object": {},
     "tags": ["red", "green", null], "sizes": [1, 2.5, 18446744073709551615], "inner": {"x": {"y": 7}},
     "people": [{"name": "Ann", "age": 30, "pets": [{"kind": "cat", "legs": 4}, {"kind": "fish", "legs": 0}]},
                {"name": "Bob", "age": 40}, "Carl"],
     "deep": [[1]], "when": "2024-02-01T10:00:00+01:00", "day": "2024-02-01", "notWhen": "soon",
     "x y": 3, "twice": 1, "twice": 2, "text": "the quick brown fox", "kéy": "é"}
    """

  private func holds(_ condition: Condition) throws -> Bool { try holds(Filter(must: [condition])) }

  private func holds(_ filter: Filter) throws -> Bool {
    var evaluator = FilterEvaluator(filter)
    return try evaluator.matches(payload: Array(document.utf8), id: .number(42)) { $0 == "image" }
  }

  private func path(_ text: String) -> PayloadPath { RandomPayloads.path(text) }

  private func match(_ key: String, _ match: Match) throws -> Bool {
    try holds(.field(FieldCondition(path(key), match: match)))
  }

  private func range(_ key: String, _ bounds: Bounds<Double>) throws -> Bool {
    try holds(.field(FieldCondition(path(key), range: .number(bounds))))
  }

  private func count(_ key: String, _ bounds: ValuesCount) throws -> Bool {
    try holds(.field(FieldCondition(path(key), valuesCount: bounds)))
  }

  @Test func emptyClausesHold() throws {
    #expect(try holds(Filter()))
    #expect(try holds(Filter(should: [])))
    #expect(try !holds(Filter(minShould: .init(conditions: [], minimumCount: 1))))
  }

  @Test func clausesAreJoinedByAnd() throws {
    let yes = Condition.field(FieldCondition(path("city"), match: .string("Berlin")))
    let no = Condition.field(FieldCondition(path("city"), match: .string("Rome")))
    #expect(try holds(Filter(must: [yes], mustNot: [no], should: [no, yes])))
    #expect(try !holds(Filter(must: [yes, no])))
    #expect(try !holds(Filter(mustNot: [no, yes])))
    #expect(try !holds(Filter(must: [yes], should: [no])))
    #expect(try holds(Filter(minShould: .init(conditions: [yes, no, yes], minimumCount: 2))))
    #expect(try !holds(Filter(minShould: .init(conditions: [yes, no, yes], minimumCount: 3))))
    #expect(try holds(.filter(Filter(must: [yes], mustNot: [no]))))
  }

  @Test func matchIsExactAboutTypes() throws {
    #expect(try match("city", .string("Berlin")))
    #expect(try !match("city", .string("berlin")))
    #expect(try match("count", .integer(1)))
    #expect(try !match("ratio", .integer(1)))
    #expect(try !match("count", .string("1")))
    #expect(try match("on", .bool(true)))
    #expect(try !match("on", .integer(1)))
    #expect(try match("count", .anyInteger([5, 1])))
    #expect(try match("city", .anyString(["Rome", "Berlin"])))
    #expect(try !match("city", .anyString([])))
  }

  @Test func stringsAndKeysCompareByBytes() throws {
    #expect(try match("kéy", .string("é")))
    #expect(try !match("kéy", .string("e\u{301}")))
    #expect(try !match("ke\u{301}y", .string("é")))
    #expect(try !match("kéy", .anyString(["e\u{301}"])))
    #expect(try match("kéy", .exceptStrings(["e\u{301}"])))
    #expect(try match("kéy", .anyString(["e\u{301}", "é"])))
    #expect(try !match("kéy", .exceptStrings(["e\u{301}", "é"])))
  }

  @Test func anyElementMatchesOneLevelDeep() throws {
    #expect(try match("tags", .string("green")))
    #expect(try match("tags[]", .string("green")))
    #expect(try match("tags[0]", .string("red")))
    #expect(try !match("tags[1]", .string("red")))
    #expect(try !match("tags[9]", .string("red")))
    #expect(try !match("deep", .integer(1)))
    #expect(try match("deep[]", .integer(1)))
    #expect(try match("deep[0][0]", .integer(1)))
  }

  @Test func plainKeysDoNotTraverseArrays() throws {
    #expect(try !match("people.name", .string("Ann")))
    #expect(try match("people[].name", .string("Ann")))
    #expect(try match("people[1].name", .string("Bob")))
    #expect(try match("people[].pets[].kind", .string("fish")))
    #expect(try match("inner.x.y", .integer(7)))
    #expect(try !match("inner[].x", .integer(7)))
    #expect(try match("\"x y\"", .integer(3)))
  }

  @Test func conditionsMayMeetDifferentElementsUnlessNested() throws {
    let ann = Condition.field(FieldCondition(path("people[].name"), match: .string("Ann")))
    let forty = Condition.field(FieldCondition(path("people[].age"), match: .integer(40)))
    #expect(try holds(Filter(must: [ann, forty])))
    let inAnn = Condition.field(FieldCondition(path("name"), match: .string("Ann")))
    let inForty = Condition.field(FieldCondition(path("age"), match: .integer(40)))
    let inThirty = Condition.field(FieldCondition(path("age"), match: .integer(30)))
    #expect(try !holds(.nested(path("people"), Filter(must: [inAnn, inForty]))))
    #expect(try holds(.nested(path("people"), Filter(must: [inAnn, inThirty]))))
    #expect(try holds(.nested(path("people[]"), Filter(must: [inAnn], mustNot: [inForty]))))
    #expect(try holds(.nested(path("people"), Filter(mustNot: [inAnn]))))
    #expect(try !holds(.nested(path("people"), Filter(mustNot: [inAnn, inForty]))))
  }

  @Test func nestedInsideNestedBindsBoth() throws {
    func pets(_ kind: String, legs: Int64) -> Condition {
      .nested(
        path("pets"),
        Filter(must: [
          .field(FieldCondition(path("kind"), match: .string(kind))),
          .field(FieldCondition(path("legs"), match: .integer(legs))),
        ]))
    }
    let ann = Condition.field(FieldCondition(path("name"), match: .string("Ann")))
    let bob = Condition.field(FieldCondition(path("name"), match: .string("Bob")))
    #expect(try holds(.nested(path("people"), Filter(must: [ann, pets("fish", legs: 0)]))))
    #expect(try !holds(.nested(path("people"), Filter(must: [ann, pets("fish", legs: 4)]))))
    #expect(try !holds(.nested(path("people"), Filter(must: [bob, pets("fish", legs: 0)]))))
    #expect(try holds(.nested(path("people"), Filter(must: [.isEmpty(path("pets"))]))))
  }

  @Test func nestedNeedsObjectsInAnArray() throws {
    #expect(try !holds(.nested(path("inner"), Filter())))
    #expect(try !holds(.nested(path("tags"), Filter())))
    #expect(try !holds(.nested(path("missing"), Filter())))
    #expect(try holds(.nested(path("people"), Filter())))
  }

  @Test func nestedKnowsNeitherIdsNorVectors() throws {
    #expect(try !holds(.nested(path("people"), Filter(must: [.hasID([.number(42)])]))))
    #expect(try !holds(.nested(path("people"), Filter(must: [.hasVector("image")]))))
    #expect(try !holds(.nested(path("people"), Filter(must: [.slice(total: 1, index: 0)]))))
  }

  @Test func missingFields() throws {
    #expect(try !match("missing", .string("x")))
    #expect(try !match("missing", .exceptStrings(["x"])))
    #expect(try !range("missing", Bounds(greaterThan: -1)))
    #expect(try holds(.isEmpty(path("missing"))))
    #expect(try !holds(.isNull(path("missing"))))
    #expect(try count("missing", ValuesCount(lessThanOrEqual: 0)))
    #expect(try !count("missing", ValuesCount(greaterThan: 0)))
    #expect(try holds(.field(FieldCondition(path("missing"), isEmpty: true))))
    #expect(try holds(.field(FieldCondition(path("missing"), isNull: false))))
    #expect(try !holds(.field(FieldCondition(path("missing"), isEmpty: false))))
    #expect(try !holds(.field(FieldCondition(path("missing"), isNull: true))))
    #expect(try holds(Filter(mustNot: [.field(FieldCondition(path("missing"), match: .integer(1)))])))
  }

  @Test func emptinessAndNull() throws {
    for key in ["missing", "nothing", "none"] { #expect(try holds(.isEmpty(path(key))), "\(key)") }
    for key in ["empty", "object", "tags", "count"] { #expect(try !holds(.isEmpty(path(key))), "\(key)") }
    #expect(try holds(.isNull(path("nothing"))))
    for key in ["missing", "none", "empty", "tags"] { #expect(try !holds(.isNull(path(key))), "\(key)") }
    #expect(try holds(.isNull(path("tags[]"))))
    #expect(try holds(.field(FieldCondition(path("tags"), isNull: true))))
    #expect(try !holds(.field(FieldCondition(path("sizes"), isNull: true))))
    #expect(try holds(.field(FieldCondition(path("none"), isEmpty: true))))
    #expect(try holds(.field(FieldCondition(path("empty"), isEmpty: false))))
  }

  @Test func valuesAreCounted() throws {
    func hasCount(_ key: String, _ expected: Int) throws -> Bool {
      try count(key, ValuesCount(lessThanOrEqual: expected, greaterThanOrEqual: expected))
    }
    #expect(try hasCount("missing", 0))
    #expect(try hasCount("nothing", 0))
    #expect(try hasCount("none", 0))
    #expect(try hasCount("empty", 1))
    #expect(try hasCount("object", 1))
    #expect(try hasCount("tags", 3))
    #expect(try hasCount("people[].pets", 2))
    #expect(try hasCount("people", 3))
  }

  @Test func exceptTakesPresentValuesOutsideTheList() throws {
    #expect(try match("city", .exceptStrings(["Rome"])))
    #expect(try !match("city", .exceptStrings(["Rome", "Berlin"])))
    #expect(try match("tags", .exceptStrings(["red"])))
    #expect(try !match("tags", .exceptStrings(["red", "green"])))
    #expect(try match("count", .exceptStrings(["1"])))
    #expect(try match("ratio", .exceptIntegers([1])))
    #expect(try !match("count", .exceptIntegers([1])))
    #expect(try match("object", .exceptIntegers([1])))
    #expect(try !match("nothing", .exceptStrings([])))
    #expect(try !match("none", .exceptStrings([])))
  }

  @Test func rangesCompareAsFloat64() throws {
    #expect(try range("count", Bounds(greaterThanOrEqual: 1)))
    #expect(try !range("count", Bounds(greaterThan: 1)))
    #expect(try range("ratio", Bounds(lessThanOrEqual: 1, greaterThan: 0.5)))
    #expect(try range("sizes", Bounds(greaterThan: 1e19)))
    #expect(try range("sizes", Bounds(lessThan: 3, greaterThan: 2)))
    #expect(try !range("city", Bounds(greaterThan: -1e300)))
    #expect(try !range("on", Bounds(greaterThan: -1e300)))
  }

  @Test func datetimeRangesReadStrings() throws {
    func within(_ key: String, _ from: String, _ until: String) throws -> Bool {
      let bounds = Bounds(
        lessThan: Datetime.microseconds(parsing: until),
        greaterThanOrEqual: Datetime.microseconds(parsing: from))
      return try holds(.field(FieldCondition(path(key), range: .datetime(bounds))))
    }
    #expect(try within("when", "2024-02-01T09:00:00Z", "2024-02-01T09:00:01Z"))
    #expect(try !within("when", "2024-02-01T10:00:00Z", "2024-02-02"))
    #expect(try within("day", "2024-02-01T00:00:00Z", "2024-02-01T00:00:01Z"))
    #expect(try !within("notWhen", "0001-01-01", "9999-01-01"))
    #expect(try !within("count", "0001-01-01", "9999-01-01"))
  }

  @Test func textWithoutAnIndexIsASubstring() throws {
    #expect(try match("text", .text("quick brown")))
    #expect(try match("text", .phrase("ick br")))
    #expect(try !match("text", .text("brown quick")))
    #expect(try match("text", .textAny("slow  ox")))
    #expect(try !match("text", .textAny("slow dog")))
    #expect(try !match("text", .textAny(" ")))
    #expect(try match("text", .prefix("the q")))
    #expect(try !match("text", .prefix("quick")))
    #expect(try match("text", .text("")))
    #expect(try !match("count", .text("1")))
  }

  @Test func anyPartOfAFieldConditionIsEnough() throws {
    let condition = FieldCondition(
      path("count"), match: .integer(9), range: .number(Bounds(lessThan: 0)),
      valuesCount: ValuesCount(greaterThanOrEqual: 1))
    #expect(try holds(.field(condition)))
    #expect(try !holds(.field(FieldCondition(path("count")))))
  }

  @Test func idsVectorsAndSlices() throws {
    #expect(try holds(.hasID([.number(42), .number(1)])))
    #expect(try !holds(.hasID([.number(1)])))
    #expect(try holds(.hasVector("image")))
    #expect(try !holds(.hasVector("")))
    #expect(try holds(.slice(total: 7, index: 1)))
    #expect(try !holds(.slice(total: 7, index: 2)))
  }

  @Test func theLastOfEqualKeysCounts() throws {
    #expect(try match("twice", .integer(2)))
    #expect(try !match("twice", .integer(1)))
  }

  @Test func manyKeysAreFoundByTheirBytes() throws {
    let names = (0..<40).map { "key\($0)" }
    let payload = "{" + names.map { "\"\($0)\": \"\($0)\"" }.joined(separator: ",") + "}"
    let filter = Filter(must: names.map { .field(FieldCondition(.topLevel($0), match: .string($0))) })
    var evaluator = FilterEvaluator(filter)
    #expect(try evaluator.matches(payload: Array(payload.utf8), id: .number(0)) { _ in false })
  }

  @Test func payloadsThatAreNoObjectsAreRefused() throws {
    var evaluator = FilterEvaluator(Filter(must: [.isEmpty(path("a"))]))
    for text in ["[1]", "{\"a\": ", "{\"a\": 1} x"] {
      #expect(throws: RequestError.self, "\(text)") {
        try evaluator.matches(payload: Array(text.utf8), id: .number(0)) { _ in false }
      }
    }
    // A value that was refused leaves nothing behind.
    #expect(try evaluator.matches(payload: [], id: .number(0)) { _ in false })
  }

  /// Computed with an implementation that reproduces the vector of the paper's appendix A.
  @Test func sipHashWithAZeroKey() {
    #expect(SipHash.hash(.number(0)) == 0xe849_e8bb_6ffe_2567)
    #expect(SipHash.hash(.number(1)) == 0x8004_c5a6_9410_5f5e)
    #expect(SipHash.hash(.number(42)) == 0x0fc2_553f_0761_9dd3)
    #expect(SipHash.hash(.number(.max)) == 0x8050_c18b_6ac9_d15e)
    let uuid = UUID128("550e8400-e29b-41d4-a716-446655440000").map { PointID.uuid($0) }
    #expect(uuid.map(SipHash.hash) == 0xf5d0_ca21_ba34_d504)
  }
}
