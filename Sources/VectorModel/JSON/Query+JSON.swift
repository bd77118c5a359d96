extension Query {
  /// Reads `query`: a bare vector or id, or an object whose keys say how candidates are ranked.
  ///
  /// - Throws: status 400 for other forms, 422 for values out of bounds, 501 for what is not built yet.
  package init(json reader: inout JSONReader) throws(RequestError) {
    guard try reader.peek() == .object else {
      self = .nearest(try VectorInput(json: &reader), mmr: nil)
      return
    }
    let start = reader.mark()
    var keys: Set<String> = []
    try reader.openObject()
    while let key = try reader.nextKey() {
      keys.insert(key)
      try reader.skipValue()
    }
    reader.rewind(to: start)
    self = try Self.query(keys: keys, json: &reader)
  }

  private static func query(keys: Set<String>, json reader: inout JSONReader) throws(RequestError) -> Query {
    let names = [
      "nearest", "recommend", "discover", "context", "order_by", "fusion", "rrf", "formula", "sample",
      "relevance_feedback",
    ]
    let found = names.filter(keys.contains)
    guard let name = found.first else {
      if keys.isDisjoint(with: ["indices", "values", "text", "image", "object"]) {
        throw reader.error("a query has one of \(names.map { "`\($0)`" }.joined(separator: ", "))")
      }
      return .nearest(try VectorInput(json: &reader), mmr: nil)
    }
    guard found.count == 1 else {
      throw reader.error("a query has one of `\(found[0])` and `\(found[1])`, not both")
    }
    switch name {
    case "nearest": return try nearest(json: &reader)
    case "recommend": return .recommend(try reader.readMember(name, RecommendQuery.init(json:)))
    case "discover": return try reader.readMember(name, discover(json:))
    case "context": return .context(try reader.readMember(name, ContextPair.list(json:)))
    case "order_by": return .orderBy(try reader.readMember(name, OrderBy.init(json:)))
    case "fusion": return .fusion(try reader.readMember(name, Fusion.init(json:)))
    case "rrf": return .fusion(try reader.readMember(name, Fusion.init(rrfJSON:)))
    case "formula": return try formula(json: &reader)
    case "sample":
      return try reader.readMember(name) { (reader) throws(RequestError) in
        try reader.readWord("sample", ["random": .sampleRandom])
      }
    default: throw .notImplemented("`query.\(name)`")
    }
  }

  private static func nearest(json reader: inout JSONReader) throws(RequestError) -> Query {
    var input: VectorInput?
    var mmr: MMR?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "nearest": input = try VectorInput(json: &reader)
      case "mmr": mmr = try MMR(json: &reader)
      default: try reader.skipValue()
      }
    }
    return .nearest(try reader.required("nearest", input), mmr: mmr)
  }

  private static func discover(json reader: inout JSONReader) throws(RequestError) -> Query {
    var target: VectorInput?
    var context: [ContextPair]?
    try reader.openObject()
    while let key = try reader.nextKey() {
      switch key {
      case "target": target = try VectorInput(json: &reader)
      case "context": context = try ContextPair.list(json: &reader)
      default: try reader.skipValue()
      }
    }
    return .discover(
      target: try reader.required("target", target), context: try reader.required("context", context))
  }

  private static func formula(json reader: inout JSONReader) throws(RequestError) -> Query {
    var formula: JSONValue?
    var defaults: JSONValue?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "formula": formula = try reader.readValue()
      case "defaults": defaults = try reader.readObjectValue()
      default: try reader.skipValue()
      }
    }
    return .formula(try reader.required("formula", formula), defaults: defaults)
  }
}

extension JSONReader {
  /// Reads an object for the value of one member and passes over the others; null is a value here.
  fileprivate mutating func readMember<Value>(
    _ name: String, _ value: (inout JSONReader) throws(RequestError) -> Value
  ) throws(RequestError) -> Value {
    var result: Value?
    try openObject()
    while let key = try nextKey() {
      if key == name { result = try value(&self) } else { try skipValue() }
    }
    return try required(name, result)
  }
}

extension VectorInput {
  /// Reads a vector in any form, or the id of a point.
  package init(json reader: inout JSONReader) throws(RequestError) {
    switch try reader.peek() {
    case .array, .object: self = .vector(try VectorValue(json: &reader))
    case .number, .string: self = .id(try PointID(json: &reader))
    default: throw reader.typeError(expected: "a vector or a point id")
    }
  }

  /// Reads a list of examples.
  static func list(_ field: String, json reader: inout JSONReader) throws(RequestError) -> [VectorInput] {
    try reader.readList(field, atMost: QueryRequest.examplesMax) { (reader) throws(RequestError) in
      try VectorInput(json: &reader)
    }
  }
}

extension MMR {
  fileprivate init(json reader: inout JSONReader) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "diversity": diversity = Float(try reader.readDouble("mmr.diversity", in: 0...1))
      case "candidates_limit":
        candidatesLimit = try reader.readInt("mmr.candidates_limit", in: 0...Self.candidatesMax)
      default: try reader.skipValue()
      }
    }
  }
}

extension RecommendQuery {
  fileprivate init(json reader: inout JSONReader) throws(RequestError) {
    self.init(positive: [])
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if try !readKey(key, json: &reader) { try reader.skipValue() }
    }
  }

  /// Reads a key of recommendations; false, with nothing read, for any other.
  mutating func readKey(_ key: String, json reader: inout JSONReader) throws(RequestError) -> Bool {
    switch key {
    case "positive": positive = try VectorInput.list("positive", json: &reader)
    case "negative": negative = try VectorInput.list("negative", json: &reader)
    case "strategy":
      strategy = try reader.readWord(
        "strategy",
        ["average_vector": .averageVector, "best_score": .bestScore, "sum_scores": .sumScores])
    default: return false
    }
    return true
  }
}

extension ContextPair {
  /// Reads one pair, a list of them, or null for none.
  static func list(json reader: inout JSONReader) throws(RequestError) -> [ContextPair] {
    switch try reader.peek() {
    case .null:
      _ = try reader.readNull()
      return []
    case .object:
      return [try ContextPair(json: &reader)]
    default:
      return try reader.readList("context", atMost: QueryRequest.examplesMax) {
        (reader) throws(RequestError) in
        try ContextPair(json: &reader)
      }
    }
  }

  private init(json reader: inout JSONReader) throws(RequestError) {
    var positive: VectorInput?
    var negative: VectorInput?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "positive": positive = try VectorInput(json: &reader)
      case "negative": negative = try VectorInput(json: &reader)
      default: try reader.skipValue()
      }
    }
    self.init(
      positive: try reader.required("positive", positive), negative: try reader.required("negative", negative)
    )
  }
}

extension Fusion {
  /// The k of reciprocal rank fusion where the request names none.
  private static let defaultK = 2

  fileprivate init(json reader: inout JSONReader) throws(RequestError) {
    self = try reader.readWord(
      "fusion", ["rrf": .reciprocalRank(k: Self.defaultK, weights: nil), "dbsf": .distributionBased])
  }

  fileprivate init(rrfJSON reader: inout JSONReader) throws(RequestError) {
    var k = Self.defaultK
    var weights: [Float]?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "k": k = try reader.readInt("rrf.k", in: 1...Int(UInt32.max))
      case "weights":
        var list: [Float] = []
        try reader.readFloats(into: &list)
        weights = list
      default: try reader.skipValue()
      }
    }
    self = .reciprocalRank(k: k, weights: weights)
  }
}
