/// How candidates are ranked, as bytes.
extension Query {
  private enum Kind: UInt8 {
    case nearest = 1
    case nearestDiverse = 2
    case recommend = 3
    case discover = 4
    case context = 5
    case orderBy = 6
    case sampleRandom = 7
    case reciprocalRank = 8
    case distributionBased = 9
    case formula = 10
  }

  func write(to writer: inout ByteWriter) {
    switch self {
    case .nearest(let input, mmr: nil):
      writer.byte(Kind.nearest.rawValue)
      input.write(to: &writer)
    case .nearest(let input, mmr: let mmr?):
      writer.byte(Kind.nearestDiverse.rawValue)
      input.write(to: &writer)
      writer.float32(mmr.diversity)
      writer.optional(mmr.candidatesLimit) { $0.count($1) }
    case .recommend(let recommend):
      writer.byte(Kind.recommend.rawValue)
      recommend.write(to: &writer)
    case .discover(let target, let context):
      writer.byte(Kind.discover.rawValue)
      target.write(to: &writer)
      writer.list(context) { $1.write(to: &$0) }
    case .context(let pairs):
      writer.byte(Kind.context.rawValue)
      writer.list(pairs) { $1.write(to: &$0) }
    case .orderBy(let order):
      writer.byte(Kind.orderBy.rawValue)
      order.write(to: &writer)
    case .sampleRandom: writer.byte(Kind.sampleRandom.rawValue)
    case .fusion(.reciprocalRank(let k, let weights)):
      writer.byte(Kind.reciprocalRank.rawValue)
      writer.count(k)
      writer.optional(weights) { $0.list($1) { $0.float32($1) } }
    case .fusion(.distributionBased): writer.byte(Kind.distributionBased.rawValue)
    case .formula(let formula, let defaults):
      writer.byte(Kind.formula.rawValue)
      writer.json { formula.write(to: &$0) }
      writer.optional(defaults) { writer, defaults in writer.json { defaults.write(to: &$0) } }
    }
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    let tag = try reader.byte()
    guard let kind = Kind(rawValue: tag) else { throw reader.malformed("query of kind \(tag)") }
    switch kind {
    case .nearest: self = .nearest(try VectorInput(from: &reader), mmr: nil)
    case .nearestDiverse:
      let input = try VectorInput(from: &reader)
      self = .nearest(input, mmr: try MMR(from: &reader))
    case .recommend: self = .recommend(try RecommendQuery(from: &reader))
    case .discover:
      let target = try VectorInput(from: &reader)
      self = .discover(target: target, context: try ContextPair.list(&reader))
    case .context: self = .context(try ContextPair.list(&reader))
    case .orderBy: self = .orderBy(try OrderBy(from: &reader))
    case .sampleRandom: self = .sampleRandom
    case .reciprocalRank:
      let k = try reader.number("rrf.k", in: 1...Int(UInt32.max))
      let weights = try reader.optional { (reader) throws(RequestError) in
        try reader.list("rrf.weights", atMost: QueryRequest.batchMax, bytesEach: 4) {
          (reader) throws(RequestError) in try reader.float32("rrf.weights")
        }
      }
      self = .fusion(.reciprocalRank(k: k, weights: weights))
    case .distributionBased: self = .fusion(.distributionBased)
    case .formula:
      let formula = try reader.json { (json) throws(RequestError) in try json.readValue() }
      let defaults = try reader.optional { (reader) throws(RequestError) in
        try reader.json { (json) throws(RequestError) in try json.readObjectValue() }
      }
      self = .formula(formula, defaults: defaults)
    }
  }
}

extension VectorInput {
  fileprivate func write(to writer: inout ByteWriter) {
    switch self {
    case .id(let id):
      writer.byte(0)
      writer.id(id)
    case .vector(let vector):
      writer.byte(1)
      writer.vector(vector)
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    switch try reader.byte() {
    case 0: self = .id(try reader.id())
    case 1:
      let vector = try reader.vector()
      try vector.checkShape()
      self = .vector(vector)
    case let tag: throw reader.malformed("example of kind \(tag)")
    }
  }

  fileprivate static func list(
    _ field: String, _ reader: inout ByteReader
  ) throws(RequestError) -> [VectorInput] {
    try reader.list(field, atMost: QueryRequest.examplesMax, bytesEach: 3) { (reader) throws(RequestError) in
      try VectorInput(from: &reader)
    }
  }
}

extension MMR {
  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    let diversity = try reader.float32("mmr.diversity")
    guard (0...1).contains(diversity) else { throw .outOfBounds("mmr.diversity", diversity, "from 0 to 1") }
    let candidatesLimit = try reader.optional { (reader) throws(RequestError) in
      try reader.number("mmr.candidates_limit", in: 0...Self.candidatesMax)
    }
    self.init(diversity: diversity, candidatesLimit: candidatesLimit)
  }
}

extension RecommendQuery {
  fileprivate func write(to writer: inout ByteWriter) {
    let strategy: UInt8 =
      switch strategy {
      case .averageVector: 0
      case .bestScore: 1
      case .sumScores: 2
      }
    writer.byte(strategy)
    writer.list(positive) { $1.write(to: &$0) }
    writer.list(negative) { $1.write(to: &$0) }
  }

  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    let strategy: Strategy
    switch try reader.byte() {
    case 0: strategy = .averageVector
    case 1: strategy = .bestScore
    case 2: strategy = .sumScores
    case let tag: throw reader.malformed("strategy \(tag)")
    }
    let positive = try VectorInput.list("positive", &reader)
    self.init(
      positive: positive, negative: try VectorInput.list("negative", &reader), strategy: strategy)
  }
}

extension ContextPair {
  fileprivate func write(to writer: inout ByteWriter) {
    positive.write(to: &writer)
    negative.write(to: &writer)
  }

  fileprivate static func list(_ reader: inout ByteReader) throws(RequestError) -> [ContextPair] {
    try reader.list("context", atMost: QueryRequest.examplesMax, bytesEach: 6) {
      (reader) throws(RequestError) in
      let positive = try VectorInput(from: &reader)
      return ContextPair(positive: positive, negative: try VectorInput(from: &reader))
    }
  }
}

extension OrderBy {
  func write(to writer: inout ByteWriter) {
    writer.text(key.description)
    writer.bool(isDescending)
    writer.optional(startFrom) { $1.write(to: &$0) }
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    self.init(key: try reader.path())
    isDescending = try reader.bool()
    startFrom = try reader.optional { (reader) throws(RequestError) in try OrderValue(from: &reader) }
  }
}

extension OrderValue {
  func write(to writer: inout ByteWriter) {
    switch self {
    case .integer(let value):
      writer.byte(1)
      writer.fixed64(UInt64(bitPattern: value))
    case .float(let value):
      writer.byte(2)
      writer.float64(value)
    case .datetime(let microseconds):
      writer.byte(3)
      writer.fixed64(UInt64(bitPattern: microseconds))
    }
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    switch try reader.byte() {
    case 1: self = .integer(Int64(bitPattern: try reader.fixed64()))
    case 2: self = .float(try reader.float64("order value"))
    case 3: self = .datetime(Int64(bitPattern: try reader.fixed64()))
    case let tag: throw reader.malformed("order value of kind \(tag)")
    }
  }
}
