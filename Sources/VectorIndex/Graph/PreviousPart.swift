import VectorModel

/// A part whose graph a new one takes over as far as its rows are still there.
package struct PreviousPart: Sendable {
  package static let noRow = UInt32.max
  /// The share of the new rows, and of the old ones, that must be in both; with fewer a graph is built anew.
  private static let sharedMin = (ofNew: 0.5, ofOld: 0.6)

  package let part: VectorPart
  /// The part's row that each new row is, or `noRow`: each at most once.
  package let rows: [UInt32]

  package init(part: VectorPart, rows: [UInt32]) {
    self.part = part
    self.rows = rows
  }

  /// The links to take over; nil where there are none or too few that would last.
  func links(_ element: VectorElement, _ distance: Distance, _ parameters: GraphParameters) -> GraphLinks? {
    guard let graph = part.graph, part.element == element, part.distance == distance,
      part.parameters == parameters
    else { return nil }
    let shared = rows.count { $0 != Self.noRow }
    return Self.isEnough(shared: shared, ofNew: rows.count, ofOld: part.count) ? graph : nil
  }

  /// Whether it pays to take over links where so many rows are in both.
  static func isEnough(shared: Int, ofNew newCount: Int, ofOld oldCount: Int) -> Bool {
    shared > 0 && Double(shared) >= sharedMin.ofNew * Double(newCount)
      && Double(shared) >= sharedMin.ofOld * Double(oldCount)
  }
}
