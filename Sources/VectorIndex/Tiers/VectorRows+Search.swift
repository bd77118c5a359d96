package import VectorModel

extension VectorRows {
  /// Accepted rows without a part from which on their codes are scanned.
  private static let codedRowsMin = 512
  /// Scanned candidates rescored, as a multiple of the limit at least: a scan is to be nearly exact.
  private static let scanOversampling: Float = 4

  /// The points nearest to each target, best first, over all tiers; equal scores in the order of rows.
  ///
  /// - Parameters:
  ///   - options: how tiers are searched for each target.
  ///   - flatRowsMax: rows without a part are passed over where they are more.
  ///   - slots: the points that may be returned; absent means all. Its count is the number of slots.
  ///   - scratch: the calling thread's.
  ///   - searches: of each target; what the search of each tier cost is appended.
  /// - Throws: `badRequest` for a target of another dimension.
  /// - Complexity: that of the parts' plans, and O(rows without a part × dimension) for each target.
  package func search(
    _ targets: [SearchTarget], _ options: [PartSearchOptions], flatRowsMax: Int = .max, slots: Bitset?,
    scratch: SearchScratch, searches: inout [[TierSearch]]
  ) throws(RequestError) -> [[RankedSlot]] {
    var neighbours = [[Neighbor]](repeating: [], count: targets.count)
    var options = options
    let skipsFlat = unindexedCount > flatRowsMax
    for tier in tiers where tier.count > 0 && (tier.indexedCount > 0 || !skipsFlat) {
      let accepted = tier.accepted(slots) { self.slot(of: UInt32(tier.firstRow + $0)) }
      var statistics = [SearchStatistics](repeating: SearchStatistics(), count: targets.count)
      let found: [[Neighbor]]
      switch tier.rows {
      case .part(let part):
        found = try part.search(
          targets, options: options, accept: accepted, scratch: scratch, statistics: &statistics)
      case .flat(let delta):
        found = try search(
          targets, options, delta, tier.graph?.part(delta), skipsFlat: skipsFlat, accepted,
          scratch: scratch, statistics: &statistics)
      }
      for index in targets.indices {
        add(found[index], of: tier, to: &neighbours[index], &options[index])
        searches[index].append(
          TierSearch(
            kind: tier.kind, rowCount: tier.count, acceptedCount: accepted?.cardinality ?? tier.count,
            statistics: statistics[index]))
      }
    }
    return targets.indices.map { index in
      neighbours[index].prefix(options[index].limit).map {
        RankedSlot(slot: slot(of: $0.row), score: score($0.distance, of: targets[index]))
      }
    }
  }

  /// The same for one target.
  package func search(
    _ target: SearchTarget, _ options: PartSearchOptions, flatRowsMax: Int = .max, slots: Bitset?,
    scratch: SearchScratch, searches: inout [TierSearch]
  ) throws(RequestError) -> [RankedSlot] {
    var costs: [[TierSearch]] = [[]]
    let found = try search(
      [target], [options], flatRowsMax: flatRowsMax, slots: slots, scratch: scratch, searches: &costs)
    searches += costs[0]
    return found[0]
  }

  /// Adds what was found in a tier; what is not nearer than the farthest so far is then not among the nearest of all.
  private func add(
    _ found: [Neighbor], of tier: RowTier, to neighbours: inout [Neighbor], _ options: inout PartSearchOptions
  ) {
    let isFirst = neighbours.isEmpty
    neighbours += found.map { Neighbor(row: $0.row + UInt32(tier.firstRow), distance: $0.distance) }
    if !isFirst { neighbours.sort() }
    if neighbours.count >= options.limit, options.limit > 0 {
      neighbours.removeSubrange(options.limit...)
      options.bound = neighbours.last?.distance
    }
  }

  /// Walks the rows that have links and scans the others.
  private func search(
    _ targets: [SearchTarget], _ options: [PartSearchOptions], _ delta: DeltaRows, _ linked: VectorPart?,
    skipsFlat: Bool, _ accepted: RowFilter?, scratch: SearchScratch, statistics: inout [SearchStatistics]
  ) throws(RequestError) -> [[Neighbor]] {
    let linkedCount = linked?.count ?? 0
    var acceptedCount = accepted?.cardinality ?? delta.count
    var found = [[Neighbor]](repeating: [], count: targets.count)
    if let linked {
      let accepted = accepted.map { RowFilter(rows: $0.rows.prefix(linkedCount)) }
      found = try linked.search(
        targets, options: options, accept: accepted, scratch: scratch, statistics: &statistics)
      acceptedCount -= accepted?.cardinality ?? linkedCount
    }
    if linkedCount == delta.count || skipsFlat { return found }
    for (index, target) in targets.enumerated() {
      found[index] += try FlatScan.search(
        target, limit: options[index].limit, chunks: delta.scanChunks(from: linkedCount),
        coarse: coarse(delta, options[index], acceptedCount: acceptedCount), dimension: dimension,
        element: element, distance: distance, accept: accepted?.rows, acceptOffset: linkedCount,
        scratch: scratch, statistics: &statistics[index]
      ).map { Neighbor(row: $0.row + UInt32(linkedCount), distance: $0.distance) }
      if linked != nil { found[index].sort() }
    }
    return found
  }

  /// How rows are scanned by their codes; nil where there are none, few are accepted, or it is not wanted.
  private func coarse(
    _ delta: DeltaRows, _ options: PartSearchOptions, acceptedCount: Int
  ) -> FlatScan.Coarse? {
    guard let encoding = delta.encoding, !options.exact, !options.ignoresCodes else { return nil }
    let rescoredCount = options.rescoredCount(oversamplingMin: Self.scanOversampling)
    guard acceptedCount >= max(Self.codedRowsMin, 4 * rescoredCount) else { return nil }
    return FlatScan.Coarse(encoding: encoding, rescoredCount: rescoredCount)
  }

  /// The score that an ordering value stands for.
  private func score(_ value: Float, of target: SearchTarget) -> Float {
    guard case .nearest = target else { return -value }
    return switch distance {
    case .cosine, .dot: -value
    case .euclid: value.squareRoot()
    case .manhattan, .hamming, .jaccard: value
    }
  }
}
