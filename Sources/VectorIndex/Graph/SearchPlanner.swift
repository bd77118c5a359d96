/// Chooses how to search one part, by the number of accepted rows.
///
/// To scan codes costs the same for each accepted row. To collect accepted rows on a walk through all rows costs more
/// the fewer of them are accepted. To walk over accepted rows only costs about the same at any share, but five times as
/// much as a walk without a filter. Costs are counted in scanned rows; the constants were measured on 50,000 × 384
/// (`Benchmarks/SearchCore`).
struct SearchPlanner {
  /// Rows that a scan compares in the time of one comparison on a walk, where rows lie at random.
  private static let comparisonCost = 5.0
  /// Rows that a walk compares for each candidate it keeps.
  private static let comparisonsPerCandidate = 14.0
  /// How much less a walk through all rows without a filter costs: it ends when nothing comes any more.
  private static let unfilteredFactor = 0.5
  /// How much more a walk over accepted rows costs than one without a filter.
  private static let twoHopFactor = 5.0
  /// Share of accepted rows below which two steps often lead to none.
  private static let twoHopShareMin = 0.01

  /// Share of accepted rows from which on those without them make no difference.
  private static let mostlyAcceptedShare = 0.8

  let part: VectorPart
  let options: PartSearchOptions
  let accepted: Int
  /// Rows that the graph leads to: the part's, or those with one value.
  var linkedCount: Int

  init(part: VectorPart, options: PartSearchOptions, accepted: Int, linkedCount: Int? = nil) {
    self.part = part
    self.options = options
    self.accepted = accepted
    self.linkedCount = linkedCount ?? part.count
  }

  /// Whether links among rows with one value may cost less: neither a few rows are accepted, nor nearly all.
  var looksForValue: Bool {
    !options.exact && options.plan == nil && part.graph != nil && options.limit > 0
      && accepted > VectorPart.fullScanRowsMax(dimension: part.dimension, parameters: part.parameters)
      && share < Self.mostlyAcceptedShare
  }

  var plan: SearchPlan {
    if accepted == 0 || part.count == 0 || options.limit <= 0 { return .empty }
    if options.exact { return .exactScan }
    if options.plan == nil, options.rescores, accepted * 2 <= options.scanRescoredCount * 3 {
      // Hardly fewer full vectors would be read behind the codes.
      return .exactScan
    }
    let scan: SearchPlan = part.codes == nil || options.ignoresCodes ? .exactScan : .codeScan
    guard part.graph != nil else { return scan }
    if let forced = options.plan { return forced == .codeScan ? scan : forced }
    let rowsMax = VectorPart.fullScanRowsMax(dimension: part.dimension, parameters: part.parameters)
    if accepted <= rowsMax { return scan }
    let factor = accepted >= linkedCount ? Self.unfilteredFactor : 1
    let collecting = factor * walkCost * Double(resultsCount) / share
    if Double(accepted) <= min(collecting, twoHopCost) { return scan }
    return collecting <= twoHopCost ? .traversal : .twoHopTraversal
  }

  /// Whether a scan costs less than a walk over accepted rows only.
  var scanIsCheaperThanTwoHops: Bool { options.plan == nil && Double(accepted) <= twoHopCost }

  /// Of each candidate that a walk keeps, in scanned rows.
  private var walkCost: Double { Self.comparisonCost * Self.comparisonsPerCandidate }

  private var twoHopCost: Double {
    share < Self.twoHopShareMin ? .infinity : walkCost * Double(ef) * Self.twoHopFactor
  }

  private var ef: Int { max(options.ef, options.limit) }

  private var share: Double { min(1, Double(accepted) / Double(max(linkedCount, 1))) }

  /// How many accepted rows a walk through all rows collects: fewer than ef where fewer are accepted, since those among
  /// the ef nearest of all rows are as good a choice as ef are without a filter; some more, so that recall holds where
  /// the filter accepts most rows near the query.
  var resultsCount: Int {
    if accepted >= linkedCount { return ef }
    return min(ef, max(Int(Double(ef) * share.squareRoot()), options.rescoredCount))
  }
}

extension PartSearchOptions {
  /// How many candidates by code are scored by their full vectors.
  var rescoredCount: Int { rescoredCount(oversamplingMin: 1) }

  /// The same of a scan, which is to be nearly exact.
  var scanRescoredCount: Int { rescoredCount(oversamplingMin: 4) }

  func rescoredCount(oversamplingMin: Float) -> Int {
    let wanted = Double(limit) * Double(max(oversampling ?? 2, oversamplingMin))
    return wanted < 1e9 ? max(limit, Int(wanted.rounded(.up))) : max(limit, 1_000_000_000)
  }
}
