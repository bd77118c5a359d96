/// How much a walk keeps that goes as without a filter, and behind which the rows that are not accepted are dropped: a row
/// costs less than where candidates and results are two lists, and the walk ends early.
///
/// How many rows are kept follows from how many are accepted near the query, of which the first ones compared tell; where
/// that is more than their share had made expect, rows that fell out until then do not come back.
struct DroppingWalk {
  /// Share of accepted rows from which on a walk takes no notice of the filter.
  private static let shareMin = 0.12
  /// Rows that are compared before the share of accepted ones among them says anything.
  static let judgedMin = 256
  /// A walk through all rows gives up where it meets accepted rows less often than this, relative to their share.
  static let richnessMin = 0.5

  /// Of accepted rows, of all that the graph leads to.
  let share: Double
  private let rowsCount: Int
  /// Accepted rows that are wanted, and as many as are rarely fewer than that.
  private let wanted: Double
  private let drawn: Double
  private let enough: Int

  /// Nil where too few rows are accepted.
  init?(_ options: PartSearchOptions, wanted: Int, accepted: Int, rowsCount: Int) {
    share = min(1, Double(accepted) / Double(rowsCount))
    if share < Self.shareMin { return nil }
    self.rowsCount = rowsCount
    self.wanted = Double(wanted)
    drawn = self.wanted + 1.5 * (self.wanted * (1 - share)).squareRoot()
    enough = min(max(options.limit, Int(self.wanted * 0.75)), accepted)
  }

  /// The share of accepted rows near the query below which the walk is better ended.
  var poorest: Double { share * Self.richnessMin }

  /// Rows to keep where so many of those near the query are accepted.
  func capacity(ofShare share: Double) -> Int { min(rowsCount, Int(drawn / share) + 1) }

  /// Whether so many accepted rows are as many as were to be expected.
  func isEnough(_ count: Int) -> Bool { count >= enough }
}
