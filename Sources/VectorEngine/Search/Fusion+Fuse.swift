import VectorIndex
import VectorModel

extension Fusion {
  /// One list of the points of all lists, best first; ties in the order of slots.
  /// - Throws: when there are not as many weights as lists.
  func fuse(_ lists: [[RankedSlot]]) throws(RequestError) -> [RankedSlot] {
    var scores: [UInt32: Float] = [:]
    switch self {
    case .reciprocalRank(let k, let weights):
      if let weights, weights.count != lists.count {
        throw .badRequest("rrf has \(weights.count) weights for \(lists.count) prefetches")
      }
      for (index, list) in lists.enumerated() {
        let weight = weights?[index] ?? 1
        guard weight > 0 else { continue }
        for (position, hit) in list.enumerated() {
          scores[hit.slot, default: 0] += 1 / (Float(position + 1) / weight + Float(k) - 1)
        }
      }
    case .distributionBased:
      for list in lists {
        for (hit, score) in zip(list, Self.normalized(list.map(\.score))) {
          scores[hit.slot, default: 0] += score
        }
      }
    }
    return scores.map { RankedSlot(slot: $0.key, score: $0.value) }
      .sorted { $0.score != $1.score ? $0.score > $1.score : $0.slot < $1.slot }
  }

  /// Mean ± 3σ mapped to 0…1; 0.5 where there is one value or no spread.
  private static func normalized(_ scores: [Float]) -> [Float] {
    guard scores.count > 1 else { return scores.map { _ in 0.5 } }
    let mean = scores.reduce(0, +) / Float(scores.count)
    let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(scores.count - 1)
    let deviation = variance.squareRoot()
    guard deviation > 0 else { return scores.map { _ in 0.5 } }
    let low = mean - 3 * deviation
    return scores.map { ($0 - low) / (6 * deviation) }
  }
}
