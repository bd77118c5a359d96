package import VectorModel

extension VectorRows {
  /// The points nearest to the target, best first, over all tiers; equal scores in the order of rows.
  ///
  /// - Parameters:
  ///   - options: how the generation's part is searched; the delta is always scanned at full precision.
  ///   - slots: the points that may be returned; absent means all. Its count is the number of slots.
  ///   - scratch: the calling thread's.
  ///   - statistics: what this search cost is added.
  /// - Throws: `badRequest` for a target of another dimension.
  /// - Complexity: that of the part's plan, and O(delta × dimension).
  package func search(
    _ target: SearchTarget, _ options: PartSearchOptions, slots: Bitset?, scratch: SearchScratch,
    statistics: inout SearchStatistics
  ) throws(RequestError) -> [RankedSlot] {
    var neighbours: [Neighbor] = []
    if let part {
      neighbours = try part.search(
        target, options: options, accept: sealedRows(of: slots), scratch: scratch, statistics: &statistics)
    }
    if delta.count > 0 {
      let found = try FlatScan.search(
        target, limit: options.limit, chunks: delta.scanChunks, dimension: dimension, distance: distance,
        accept: deltaRows(of: slots), scratch: scratch, statistics: &statistics)
      neighbours += found.map { Neighbor(row: $0.row + UInt32(sealedCount), distance: $0.distance) }
      neighbours.sort()
    }
    return neighbours.prefix(options.limit).map {
      RankedSlot(slot: slot(of: $0.row), score: score($0.distance, of: target))
    }
  }

  /// The score that an ordering value stands for.
  private func score(_ value: Float, of target: SearchTarget) -> Float {
    guard case .nearest = target else { return -value }
    return switch distance {
    case .cosine, .dot: -value
    case .euclid: value.squareRoot()
    case .manhattan: value
    }
  }
}
