/// The rows of one part that a search may return: the filter's rows without the deleted ones.
package struct RowFilter: Sendable {
  /// One bit a row of the part.
  package let rows: Bitset
  /// How many rows are accepted.
  package let cardinality: Int

  /// - Complexity: O(rows / 64)
  package init(rows: Bitset) {
    self.rows = rows
    cardinality = rows.onesCount
  }

  /// - Parameter cardinality: `rows.onesCount`, where the caller knows it already
  package init(rows: Bitset, cardinality: Int) {
    self.rows = rows
    self.cardinality = cardinality
  }
}
