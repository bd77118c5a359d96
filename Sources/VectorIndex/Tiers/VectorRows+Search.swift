package import VectorModel

extension VectorRows {
  /// The points nearest to the target, best first, over all tiers; equal scores in the order of rows.
  ///
  /// - Parameters:
  ///   - options: how the generation's part is searched; the delta is always scanned at full precision.
  ///   - slots: the points that may be returned; absent means all. Its count is the number of slots.
  ///   - scratch: the calling thread's.
  ///   - tiers: what the search of each tier cost is appended.
  /// - Throws: `badRequest` for a target of another dimension.
  /// - Complexity: that of the part's plan, and O(delta × dimension).
  package func search(
    _ target: SearchTarget, _ options: PartSearchOptions, slots: Bitset?, scratch: SearchScratch,
    tiers: inout [TierSearch]
  ) throws(RequestError) -> [RankedSlot] {
    var neighbours: [Neighbor] = []
    if let part {
      let accept = sealedRows(of: slots)
      var statistics = SearchStatistics()
      neighbours = try part.search(
        target, options: options, accept: accept, scratch: scratch, statistics: &statistics)
      tiers.append(
        TierSearch(
          kind: .generation, rowCount: sealedCount, acceptedCount: accept?.cardinality ?? sealedCount,
          statistics: statistics))
    }
    if delta.count > 0 {
      let accept = deltaRows(of: slots)
      var statistics = SearchStatistics()
      let found = try FlatScan.search(
        target, limit: options.limit, chunks: delta.scanChunks, dimension: dimension, distance: distance,
        accept: accept, scratch: scratch, statistics: &statistics)
      tiers.append(
        TierSearch(
          kind: .delta, rowCount: deltaCount, acceptedCount: accept?.onesCount ?? deltaCount,
          statistics: statistics))
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
