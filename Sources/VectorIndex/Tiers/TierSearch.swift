/// How one tier of a vector's rows was searched, and what that cost.
package struct TierSearch: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// The sealed generation's part.
    case generation
    /// A part of the rows that came after it.
    case frozen
    /// Rows that no part has: walked as far as they have links, and scanned behind those.
    case delta
  }

  package let kind: Kind
  /// Rows of the tier, dead ones included.
  package let rowCount: Int
  /// Living rows that the filter accepts: exact.
  package let acceptedCount: Int
  package let statistics: SearchStatistics

  package init(kind: Kind, rowCount: Int, acceptedCount: Int, statistics: SearchStatistics) {
    self.kind = kind
    self.rowCount = rowCount
    self.acceptedCount = acceptedCount
    self.statistics = statistics
  }
}
