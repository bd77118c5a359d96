/// Decides, by the sizes of a vector's tiers alone, when rows get a graph and when tiers are put together.
///
/// Rows that came after the generation are linked where they lie while somebody searches, and frozen in larger pieces
/// otherwise; pieces of about one size are put together, so that their number grows with the logarithm of their rows
/// (size-tiered merging, as in log-structured merge trees, O'Neil et al. 1996); and once they are a share of the
/// generation all become a new one.
package struct MergePolicy: Sendable, Equatable {
  /// Rows without links at which they get some, in tiers of at least so many rows; nil: they are frozen.
  package var linkRowsMin: LinkRowsMin?
  /// Rows without a graph at which they are frozen.
  package var freezeRowsMin = 16_384
  /// Pieces of about one size that are put together, and how much larger the next size is.
  package var fanout = 4
  /// Rows behind the generation at which it is merged with them, or this share of its own where that is more.
  package var mergeRowsMin = 32_768
  package var mergeShare = 0.2
  /// The same in bytes of float32 vectors, for long ones.
  package var mergeBytesMin = 10_000 * 1024

  package init() {}

  package struct LinkRowsMin: Sendable, Equatable {
    package var unlinked: Int
    package var tier: Int

    package init(unlinked: Int, tier: Int) {
      self.unlinked = unlinked
      self.tier = tier
    }
  }

  /// What a policy knows of a tier.
  package struct TierSize: Sendable, Equatable {
    package enum Kind: Sendable { case generation, frozen, flat }

    package var kind: Kind
    package var rowCount: Int
    /// How many of them searches need not scan.
    package var indexedCount: Int

    /// - Parameter indexedCount: absent means none of a flat tier's and all of others'.
    package init(_ kind: Kind, rowCount: Int, indexedCount: Int? = nil) {
      self.kind = kind
      self.rowCount = rowCount
      self.indexedCount = indexedCount ?? (kind == .flat ? 0 : rowCount)
    }
  }

  package enum Action: Sendable, Equatable {
    case none
    /// A part is built of the tiers at these places.
    case freeze(Range<Int>)
    /// A generation is built of everything.
    case merge
  }

  /// The rows behind the generation at which it is merged with them.
  package func mergeRows(generationRows: Int, dimension: Int) -> Int {
    let share = Int(Double(generationRows) * mergeShare)
    return max(share, min(mergeRowsMin, mergeBytesMin / (dimension * 4)))
  }

  /// - Parameters:
  ///   - tiers: oldest first; the last one grows.
  ///   - firstTier: tiers before it are being merged already.
  package func action(_ tiers: [TierSize], dimension: Int, from firstTier: Int = 0) -> Action {
    let isMerging = firstTier > 0
    let generationRows = tiers.first { $0.kind == .generation }?.rowCount ?? 0
    let deltaRows = tiers.reduce(0) { $0 + $1.rowCount } - generationRows
    if !isMerging, deltaRows > mergeRows(generationRows: generationRows, dimension: dimension) {
      return .merge
    }
    // While all are merged the newest rows may wait longer: they are built in the next merge anyway.
    return freeze(tiers, from: firstTier, rowsMin: isMerging ? 2 * freezeRowsMin : freezeRowsMin)
  }

  /// The oldest tier whose rows are to be linked. Those that are being merged are too: searches scan them until the merge
  /// ends. Where no rows come any more the last few are linked as well.
  package func linkedTier(_ tiers: [TierSize]) -> Int? {
    guard let linkRowsMin else { return nil }
    return tiers.indices.first { index in
      let unlinkedMin = index < tiers.count - 1 ? 1 : linkRowsMin.unlinked
      return tiers[index].rowCount >= linkRowsMin.tier
        && tiers[index].rowCount - tiers[index].indexedCount >= unlinkedMin
    }
  }

  private func freeze(_ tiers: [TierSize], from firstTier: Int, rowsMin: Int) -> Action {
    let flat =
      linkRowsMin != nil
      ? [] : tiers.indices[firstTier...].filter { tiers[$0].kind == .flat && tiers[$0].rowCount > 0 }
    if let first = flat.first, flat.reduce(0, { $0 + tiers[$1].rowCount }) >= rowsMin {
      var last = first
      var rows = tiers[first].rowCount
      while flat.contains(last + 1), rows + tiers[last + 1].rowCount <= 2 * freezeRowsMin {
        last += 1
        rows += tiers[last].rowCount
      }
      return .freeze(first..<(last + 1))
    }
    let frozen = tiers.indices[firstTier...].filter { tiers[$0].kind == .frozen || isLinked(tiers, $0) }
    guard frozen.count >= fanout else { return .none }
    for start in 0...(frozen.count - fanout) {
      let run = frozen[start..<(start + fanout)]
      guard let first = run.first, let last = run.last, last - first == fanout - 1 else { continue }
      let sizes = run.map { sizeClass(tiers[$0].rowCount) }
      if sizes.allSatisfy({ $0 == sizes[0] }) { return .freeze(first..<(last + 1)) }
    }
    return .none
  }

  /// Whether the rows of a flat tier that grows no more are linked.
  private func isLinked(_ tiers: [TierSize], _ index: Int) -> Bool {
    let tier = tiers[index]
    guard let linkRowsMin, tier.kind == .flat, index < tiers.count - 1 else { return false }
    return tier.rowCount >= linkRowsMin.tier && tier.rowCount == tier.indexedCount
  }

  /// 0 up to twice `freezeRowsMin`, and one more for each factor `fanout`.
  private func sizeClass(_ rowCount: Int) -> Int {
    var bound = 2 * freezeRowsMin
    var sizeClass = 0
    while rowCount > bound {
      sizeClass += 1
      bound = bound.multipliedReportingOverflow(by: max(2, fanout)).partialValue
      if bound <= 0 { return sizeClass }
    }
    return sizeClass
  }
}

extension VectorRows {
  /// The tiers as a policy sees them.
  package var tierSizes: [MergePolicy.TierSize] {
    tiers.map { tier in
      MergePolicy.TierSize(
        tier.part == nil ? .flat : tier.isGeneration ? .generation : .frozen, rowCount: tier.count,
        indexedCount: tier.indexedCount)
    }
  }
}
