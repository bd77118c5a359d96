import VectorModel

/// A part whose graph a new one takes over as far as its rows are still there.
package struct PreviousPart: Sendable {
  package static let noRow = UInt32.max
  /// The share of the new rows, and of the old ones, that must be in both; with fewer a graph is built anew.
  private static let sharedMin = (ofNew: 0.5, ofOld: 0.6)

  package let part: VectorPart
  /// The part's row that each new row is.
  let rows: OldRows

  /// - Parameters:
  ///   - rows: a number for each new row: those from `firstRow` on are the part's, each there at most once.
  package init(part: VectorPart, rows: [UInt32], firstRow: UInt32 = 0) {
    self.part = part
    self.rows = OldRows(rows, firstRow: firstRow, count: part.count)
  }

  /// The links to take over; nil where there are none or too few that would last.
  func links(_ element: VectorElement, _ distance: Distance, _ parameters: GraphParameters) -> GraphLinks? {
    guard let graph = part.graph, part.element == element, part.distance == distance,
      part.parameters == parameters
    else { return nil }
    let shared = rows.sharedCount
    return Self.isEnough(shared: shared, ofNew: rows.count, ofOld: part.count) ? graph : nil
  }

  /// Whether it pays to take over links where so many rows are in both.
  static func isEnough(shared: Int, ofNew newCount: Int, ofOld oldCount: Int) -> Bool {
    shared > 0 && Double(shared) >= sharedMin.ofNew * Double(newCount)
      && Double(shared) >= sharedMin.ofOld * Double(oldCount)
  }
}

/// The row of an older part that each new row is: several parts share one list of numbers.
struct OldRows: Sendable {
  private let numbers: [UInt32]
  private let firstRow: UInt32
  /// The older part's rows.
  private let oldCount: UInt32

  /// - Parameters:
  ///   - numbers: a number for each new row.
  ///   - firstRow: the number of the older part's first row.
  ///   - count: how many rows it has.
  init(_ numbers: [UInt32], firstRow: UInt32 = 0, count: Int) {
    self.numbers = numbers
    self.firstRow = firstRow
    oldCount = UInt32(count)
  }

  /// New rows.
  var count: Int { numbers.count }

  /// New rows that the older part has.
  var sharedCount: Int { numbers.count { $0 &- firstRow < oldCount } }

  /// The old row, or `PreviousPart.noRow`.
  subscript(new: Int) -> UInt32 {
    let row = numbers[new] &- firstRow
    return row < oldCount ? row : PreviousPart.noRow
  }
}
