import VectorIndex
import VectorModel

/// A vector query whose ids have become vectors.
struct ResolvedQuery {
  var target: SearchTarget
  /// Points that stood for vectors and so never stand in the result.
  var excluded: Set<PointID> = []
  /// The positive examples that are points, for the language pre-filter.
  var positiveIDs: [PointID] = []
}

/// Finds the vectors that a query names by id.
struct ExampleLookup {
  /// Where ids are looked up; another collection's view with `lookup_from`.
  let view: View
  let vectorName: String
  /// The searched vector's parameters: what the examples must fit.
  let parameters: VectorParameters
  /// Whether the ids belong to the searched collection.
  let isOwn: Bool

  /// - Throws: `notFound` for an unknown id, `wrongInput` for a vector that does not fit.
  func resolve(_ query: Query) throws(RequestError) -> ResolvedQuery {
    var excluded: Set<PointID> = []
    switch query {
    case .nearest(let input, mmr: _):
      let vector = try vector(input, &excluded)
      return ResolvedQuery(target: .nearest(vector), excluded: excluded)
    case .recommend(let recommend):
      return try resolve(recommend)
    case .discover(let target, let context):
      let vector = try vector(target, &excluded)
      let pairs = try pairs(context, &excluded)
      return ResolvedQuery(
        target: .discover(vector, positives: pairs.positives, negatives: pairs.negatives), excluded: excluded)
    case .context(let context):
      guard !context.isEmpty else { throw .badRequest("`context` needs at least one pair") }
      let pairs = try pairs(context, &excluded)
      return ResolvedQuery(
        target: .context(positives: pairs.positives, negatives: pairs.negatives), excluded: excluded)
    case .orderBy, .sampleRandom, .fusion, .formula:
      preconditionFailure("not a query by vectors")
    }
  }

  private func resolve(_ recommend: RecommendQuery) throws(RequestError) -> ResolvedQuery {
    let count = recommend.positive.count + recommend.negative.count
    guard count <= QueryRequest.examplesMax else {
      throw .badRequest("recommend has \(count) examples, limit \(QueryRequest.examplesMax)")
    }
    var excluded: Set<PointID> = []
    var positive: [[Float]] = []
    for input in recommend.positive { positive.append(try vector(input, &excluded)) }
    var negative: [[Float]] = []
    for input in recommend.negative { negative.append(try vector(input, &excluded)) }
    let target: SearchTarget
    switch recommend.strategy {
    case .averageVector:
      guard !positive.isEmpty else {
        throw .badRequest("At least one positive vector ID required with this strategy")
      }
      target = .nearest(try average(positive, negative))
    case .bestScore, .sumScores:
      guard !positive.isEmpty || !negative.isEmpty else {
        throw .badRequest("At least one positive or negative vector ID required with this strategy")
      }
      target =
        recommend.strategy == .bestScore
        ? .bestScore(positives: positive, negatives: negative)
        : .sumScores(positives: positive, negatives: negative)
    }
    let positiveIDs = recommend.positive.compactMap { if case .id(let id) = $0 { id } else { nil } }
    return ResolvedQuery(target: target, excluded: excluded, positiveIDs: isOwn ? positiveIDs : [])
  }

  private func pairs(
    _ context: [ContextPair], _ excluded: inout Set<PointID>
  ) throws(RequestError) -> (positives: [[Float]], negatives: [[Float]]) {
    var positives: [[Float]] = []
    var negatives: [[Float]] = []
    for pair in context {
      positives.append(try vector(pair.positive, &excluded))
      negatives.append(try vector(pair.negative, &excluded))
    }
    return (positives, negatives)
  }

  /// 2·avg⁺ − avg⁻, or avg⁺ without negatives; of bytes within 0 … 255, of bits 1 from ½ on.
  private func average(_ positive: [[Float]], _ negative: [[Float]]) throws(RequestError) -> [Float] {
    var result = Self.mean(positive)
    if !negative.isEmpty {
      let other = Self.mean(negative)
      for index in result.indices { result[index] = 2 * result[index] - other[index] }
    }
    return try parameters.checked(parameters.element.fitted(result), "the examples' average")
  }

  private static func mean(_ vectors: [[Float]]) -> [Float] {
    var sum = [Float](repeating: 0, count: vectors[0].count)
    for vector in vectors {
      for index in sum.indices { sum[index] += vector[index] }
    }
    let scale = 1 / Float(vectors.count)
    return sum.map { $0 * scale }
  }

  private func vector(
    _ input: VectorInput, _ excluded: inout Set<PointID>
  ) throws(RequestError) -> [Float] {
    switch input {
    case .vector(let value):
      guard let values = value.denseValues else {
        throw .wrongInput("Conversion between sparse or multi and regular vectors failed in the query")
      }
      return try parameters.checked(values, "the query")
    case .id(let id):
      guard let slot = view.state.points.slot(of: id) else {
        throw .notFound("No point with id \(id) found")
      }
      guard let values = view.state.vectors[vectorName]?.values(of: slot) else {
        throw .notFound(
          "Point \(id) has no vector \(vectorName.isEmpty ? "" : "`\(vectorName)` ")to search with")
      }
      if isOwn { excluded.insert(id) }
      return try parameters.checked(values, "point \(id)")
    }
  }
}

extension VectorElement {
  /// Numbers between those that the element has, or beyond them, as the nearest that it has.
  fileprivate func fitted(_ values: [Float]) -> [Float] {
    switch self {
    case .float32, .float16: values
    case .uint8, .bit: PackedVector(values, as: self).values
    }
  }
}
