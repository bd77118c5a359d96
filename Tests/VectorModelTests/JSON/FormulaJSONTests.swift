import Testing
import VectorModel

@Suite struct FormulaJSONTests {
  private func expression(_ text: String) throws -> Formula.Expression {
    try Formula(try JSONValue(parsing: Array(text.utf8)), defaults: nil).expression
  }

  @Test func everyExpression() throws {
    let path = try PayloadPath("a.b[0]")
    let cases: [(String, Formula.Expression)] = [
      ("2.5", .constant(2.5)),
      (#""$score""#, .score(0)),
      (#""$score[3]""#, .score(3)),
      (#""a.b[0]""#, .payload(path)),
      (#"{"datetime":"1970-01-02"}"#, .constant(86_400)),
      (#"{"datetime_key":"a.b[0]"}"#, .datetime(path)),
      (
        #"{"geo_distance":{"origin":{"lon":1,"lat":2},"to":"a.b[0]"}}"#,
        .geoDistance(origin: GeoPoint(longitude: 1, latitude: 2), to: path)
      ),
      (#"{"sum":[1,"$score"]}"#, .sum([.constant(1), .score(0)])),
      (#"{"mult":[]}"#, .product([])),
      (#"{"div":{"left":1,"right":2}}"#, .quotient(.constant(1), .constant(2), byZero: nil)),
      (
        #"{"div":{"left":1,"right":2,"by_zero_default":9}}"#,
        .quotient(.constant(1), .constant(2), byZero: 9)
      ),
      (#"{"pow":{"base":1,"exponent":2}}"#, .power(.constant(1), exponent: .constant(2))),
      (
        #"{"key":"a.b[0]","match":{"value":"x"}}"#,
        .condition(Filter(must: [.field(FieldCondition(path, match: .string("x")))]))
      ),
      (
        #"{"must":[{"has_id":[1]}]}"#,
        .condition(Filter(must: [.filter(Filter(must: [.hasID([.number(1)])]))]))
      ),
      (
        #"{"exp_decay":{"x":"$score"}}"#, .decay(Formula.Decay(shape: .exponential, x: .score(0)))
      ),
      (
        #"{"gauss_decay":{"x":"$score","target":3,"scale":2,"midpoint":0.25}}"#,
        .decay(Formula.Decay(shape: .gaussian, x: .score(0), target: .constant(3), scale: 2, midpoint: 0.25))
      ),
    ]
    for (text, expected) in cases { #expect(try expression(text) == expected, "\(text)") }
    for function in Formula.Function.allCases {
      #expect(try expression(#"{"\#(function.rawValue)":1}"#) == .function(function, .constant(1)))
    }
  }

  @Test func defaultsAreOfPathsAndScores() throws {
    let defaults = try JSONValue(
      parsing: Array(#"{"a":1,"$score[2]":0.5,"$score":-1,"b":{"lon":1,"lat":2}}"#.utf8))
    let formula = try Formula(.integer(1), defaults: defaults)
    #expect(formula.scoreDefaults == [2: 0.5, 0: -1])
    #expect(formula.defaults.keys.map(\.description).sorted() == ["a", "b"])
    #expect(throws: RequestError.self) {
      try Formula(.integer(1), defaults: .object([.init(key: "$score", value: .string("x"))]))
    }
  }

  @Test(arguments: [
    ("true", "expression"), ("[1]", "expression"), (#""$scores""#, "$score[i]"),
    (#""$score[x]""#, "$score[i]"),
    (#""a..b""#, "a..b"), (#"{"sum":1}"#, "sequence"), (#"{"sum":[1],"mult":[2]}"#, "only `sum`"),
    (#"{"div":{"left":1}}"#, "right"), (#"{"pow":{"base":1,"other":2}}"#, "other"),
    (#"{"nothing":1}"#, "nothing"),
    (#"{"exp_decay":{"x":1,"scale":0}}"#, "scale"), (#"{"lin_decay":{"x":1,"midpoint":1}}"#, "midpoint"),
    (#"{"geo_distance":{"origin":{"lon":1,"lat":91},"to":"a"}}"#, "91"), (#"{"datetime":"soon"}"#, "soon"),
  ])
  func whatDoesNotFitIsNamed(text: String, excerpt: String) {
    let error = #expect(throws: RequestError.self) { try expression(text) }
    #expect(error?.message.contains(excerpt) == true, "\(error?.message ?? "")")
  }

  @Test func theNumberOfExpressionsHasALimit() throws {
    let many = { (count: Int) in #"{"sum":[\#(Array(repeating: "1", count: count).joined(separator: ","))]}"#
    }
    _ = try expression(many(Formula.expressionsMax - 1))
    let error = #expect(throws: RequestError.self) { try expression(many(Formula.expressionsMax)) }
    #expect(error?.message.contains("\(Formula.expressionsMax)") == true)
  }
}
