import VectorModel

/// What rows are compared with.
package enum SearchTarget: Sendable {
  /// One vector, [dimension].
  case nearest([Float])
  /// Qdrant's `best_score`: the best positive similarity against the best negative one, through ½ + ½·x / (1 + |x|),
  /// negative where the negative one is not worse.
  case bestScore(positives: [[Float]], negatives: [[Float]])
  /// Qdrant's `sum_scores`: similarities to positives minus similarities to negatives.
  case sumScores(positives: [[Float]], negatives: [[Float]])

  /// Qdrant's `discover`: in how many pairs the positive one is nearer than the negative one, less the others, plus
  /// the similarity to a target through ½ + ½·x / (1 + |x|). Pairs are at the same places of both lists.
  case discover([Float], positives: [[Float]], negatives: [[Float]])
  /// Qdrant's `context`: Σ min(similarity to the positive one − that to the negative one, 0) of the pairs, each
  /// through x / (1 + |x|).
  case context(positives: [[Float]], negatives: [[Float]])

  /// What is to be near, then what is not.
  var examples: [[Float]] {
    switch self {
    case .nearest(let vector): [vector]
    case .bestScore(let positives, let negatives), .sumScores(let positives, let negatives),
      .context(let positives, let negatives):
      positives + negatives
    case .discover(let target, let positives, let negatives): [target] + positives + negatives
    }
  }

  /// How several examples make one score; nil for one vector.
  var rule: ExampleRule? {
    switch self {
    case .nearest: nil
    case .bestScore: .bestScore
    case .sumScores: .sumScores
    case .discover: .discover
    case .context: .context
    }
  }

  /// How many of the examples are to be near.
  var positivesCount: Int {
    switch self {
    case .nearest: 1
    case .bestScore(let positives, _), .sumScores(let positives, _), .context(let positives, _):
      positives.count
    case .discover(_, let positives, _): 1 + positives.count
    }
  }

  /// - Throws: `badRequest` for no example at all or one of another dimension.
  func check(dimension: Int) throws(RequestError) {
    let examples = examples
    if examples.isEmpty { throw .badRequest("a query needs at least one example") }
    for example in examples where example.count != dimension {
      throw .wrongInput("Vector dimension error: expected dim: \(dimension), got \(example.count)")
    }
  }
}
