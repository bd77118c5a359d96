import VectorModel

/// The rows of a part that have the same value of a payload field, for each of its large values.
package struct FieldRows: Sendable {
  package struct Value: Sendable {
    /// The value as the field's index keeps it.
    package let term: [UInt8]
    /// Ascending.
    package let rows: [UInt32]

    package init(term: [UInt8], rows: [UInt32]) {
      self.term = term
      self.rows = rows
    }
  }

  package let field: String
  /// Links that a row chooses among those with its value; its list holds up to `2 · m`.
  package let m: Int
  package let values: [Value]

  /// - Precondition: `m` is at least 1.
  package init(field: String, m: Int, values: [Value]) {
    precondition(m >= 1 && m <= GraphParameters.mMax)
    self.field = field
    self.m = m
    self.values = values
  }

  /// Most values of a field that get links: each has a bit a row.
  package static let valuesMax = 64
  /// The share of a part's rows above which a value gets none: a walk through all rows meets so many of its own.
  private static let shareMax = 0.6

  /// How many rows a value must have to get links of its own; fewer are scanned. Nil: no value of the part gets some.
  package static func rowCounts(
    of count: Int, dimension: Int, parameters: GraphParameters
  ) -> ClosedRange<Int>? {
    let least = VectorPart.fullScanRowsMax(dimension: dimension, parameters: parameters) + 1
    let most = Int(Double(count) * shareMax)
    return parameters.m > 0 && least <= most ? least...most : nil
  }
}

extension PayloadIndexPart {
  /// The values that so many slots have as `slotCounts` says, most frequent first; none of numbers.
  /// - Complexity: O(distinct values + slots of those that are returned).
  package func values(slotCounts: ClosedRange<Int>) -> [(term: [UInt8], slots: [UInt32])] {
    guard let terms else { return [] }
    return (0..<terms.count).filter { slotCounts.contains(Int(terms.cardinalities[$0])) }
      .sorted { terms.cardinalities[$0] > terms.cardinalities[$1] }
      .map { index in
        var slots: [UInt32] = []
        slots.reserveCapacity(Int(terms.cardinalities[index]))
        terms.forEachSlot(index) { slots.append($0) }
        return (terms.term(index), slots)
      }
  }
}

/// The links among those rows of a part that have one value of a payload field.
///
/// A filter that accepts few others is answered by a walk over these links, as if the rows were a part of their own
/// (a graph a label: Gollapudi et al. 2023, "Filtered-DiskANN", section 5). All values of a field share one array of
/// lists, so a row is linked with one value at most.
struct ValueGraph: Sendable {
  let field: String
  let term: [UInt8]
  /// Those that are linked.
  let rows: Bitset
  let cardinality: Int
  /// Lists of all rows of the part; only those of `rows` are reached from its entries.
  let graph: GraphLinks
  /// The part's codes with this graph's entries side by side.
  var codes: CodeTable?

  init(field: String, term: [UInt8], rows: Bitset, graph: GraphLinks) {
    self.field = field
    self.term = term
    self.rows = rows
    cardinality = rows.onesCount
    self.graph = graph
  }

  /// The accepted rows that are not linked here; nil where they are more than `countMax`.
  ///
  /// - Complexity: O(rows / 64), and less where many are not linked.
  func unlinked(of accept: Bitset, countMax: Int) -> [UInt32]? {
    var count = 0
    for index in accept.words.indices {
      count += (accept.words[index] & ~rows.words[index]).nonzeroBitCount
      if count > countMax { return nil }
    }
    if count == 0 { return [] }
    var unlinked = accept
    unlinked.formAndNot(rows)
    return unlinked.ones
  }
}

extension VectorPart {
  /// Of so many accepted rows one may lie outside of a value's links; such rows are scanned besides.
  private static let acceptedPerUnlinked = 64

  /// The links to answer a filter with: those of the value that nearly all accepted rows have.
  ///
  /// - Returns: nil where there are none; and the accepted rows that they do not lead to
  func valueGraph(of accept: RowFilter) -> (graph: ValueGraph, unlinked: [UInt32])? {
    let countMax = accept.cardinality / Self.acceptedPerUnlinked
    for graph in valueGraphs where graph.cardinality >= accept.cardinality - countMax {
      if let unlinked = graph.unlinked(of: accept.rows, countMax: countMax) { return (graph, unlinked) }
    }
    return nil
  }
}
