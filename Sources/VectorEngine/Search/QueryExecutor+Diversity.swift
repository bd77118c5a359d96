import VectorIndex
import VectorModel

/// Maximal marginal relevance (Carbonell and Goldstein 1998): near to the query, far from each other.
extension QueryExecutor {
  /// Picks `limit` of the candidates one by one, each with the best
  /// (1 − diversity) · similarity to the query − diversity · largest similarity to those picked before.
  ///
  /// The points keep their scores.
  /// - Parameter candidates: best first.
  /// - Complexity: O(limit × candidates × dimension).
  func diversified(
    _ candidates: [RankedSlot], _ mmr: MMR, limit: Int, rows: VectorRows
  ) throws(RequestError) -> [RankedSlot] {
    let sign: Float = rows.distance.largerIsNearer ? 1 : -1
    let vectors = candidates.map { rows.values(of: $0.slot) ?? [] }
    var nearestPicked = [Float](repeating: -.infinity, count: candidates.count)
    var rest = Array(candidates.indices)
    var picked: [RankedSlot] = []
    while picked.count < limit, !rest.isEmpty {
      try deadline.check()
      var best = 0
      var bestValue = -Float.infinity
      for (place, index) in rest.enumerated() {
        let relevance = (1 - mmr.diversity) * sign * candidates[index].score
        let value = picked.isEmpty ? relevance : relevance - mmr.diversity * nearestPicked[index]
        if value > bestValue { (best, bestValue) = (place, value) }
      }
      let choice = rest.remove(at: best)
      picked.append(candidates[choice])
      for index in rest {
        let similarity = rows.similarity(vectors[index], vectors[choice])
        nearestPicked[index] = max(nearestPicked[index], similarity)
      }
    }
    return picked
  }
}

extension VectorRows {
  /// How alike two vectors are: larger is nearer for every distance.
  fileprivate func similarity(_ left: [Float], _ right: [Float]) -> Float {
    switch distance {
    case .cosine where element == .uint8:
      let lengths = (dot(left, left) * dot(right, right)).squareRoot()
      return lengths > 0 ? dot(left, right) / lengths : 0
    case .cosine, .dot: return dot(left, right)
    case .euclid:
      return -zip(left, right).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    case .manhattan, .hamming: return -zip(left, right).reduce(Float(0)) { $0 + abs($1.0 - $1.1) }
    case .jaccard:
      let both = dot(left, right)
      let either = dot(left, left) + dot(right, right) - both
      return either > 0 ? both / either - 1 : 0
    }
  }

  private func dot(_ left: [Float], _ right: [Float]) -> Float {
    zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
