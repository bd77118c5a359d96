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
        let similarity = rows.distance.similarity(vectors[index], vectors[choice])
        nearestPicked[index] = max(nearestPicked[index], similarity)
      }
    }
    return picked
  }
}

extension Distance {
  /// How alike two vectors are: larger is nearer for every distance.
  fileprivate func similarity(_ left: [Float], _ right: [Float]) -> Float {
    var sum: Float = 0
    switch self {
    case .cosine, .dot: for (a, b) in zip(left, right) { sum += a * b }
    case .euclid:
      for (a, b) in zip(left, right) { sum += (a - b) * (a - b) }
      sum = -sum.squareRoot()
    case .manhattan: for (a, b) in zip(left, right) { sum -= abs(a - b) }
    }
    return sum
  }
}
