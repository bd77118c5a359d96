/// A row and how far it is from the query.
package struct Neighbor: Sendable, Equatable {
  package var row: UInt32
  /// The ordering value: smaller is nearer. −dot for dot and cosine, the squared distance for Euclid, the distance
  /// for Manhattan, Hamming and Jaccard, −score for queries of several examples.
  package var distance: Float

  package init(row: UInt32, distance: Float) {
    self.row = row
    self.distance = distance
  }
}

extension Neighbor: Comparable {
  /// Nearer first, equal distances by row.
  package static func < (lhs: Neighbor, rhs: Neighbor) -> Bool {
    (lhs.distance, lhs.row) < (rhs.distance, rhs.row)
  }
}
