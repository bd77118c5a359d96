package import VectorModel

/// The searchable form of one vector of many points: full vectors, 8-bit codes and a graph. Immutable.
///
/// Rows are numbered 0 ..< `count` in the order in which they were given.
package final class VectorPart: Sendable {
  package let count: Int
  package let dimension: Int
  package let distance: Distance
  package let parameters: GraphParameters
  let floats: FloatTable
  /// nil for Manhattan distances and empty parts.
  let codes: CodeTable?
  /// nil where searches always scan.
  let graph: GraphLinks?

  /// Most rows of a part: pools keep a bit beside each row.
  package static let rowsMax = Int(Int32.max) - 1
  /// Most elements of a vector.
  package static let dimensionMax = 65_536

  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(
    floats: FloatTable, distance: Distance, parameters: GraphParameters, codes: CodeTable?, graph: GraphLinks?
  ) throws(RequestError) {
    count = floats.count
    dimension = floats.dimension
    self.distance = distance
    self.parameters = parameters
    self.floats = floats
    self.codes =
      if let codes, let graph { try codes.gatheringEntries(graph.entryRows, of: floats) } else { codes }
    self.graph = graph
  }

  /// Whether searches can traverse a graph.
  package var hasGraph: Bool { graph != nil }

  /// Bytes of codes and links: what a search without rescoring reads.
  package var compactByteCount: Int {
    (codes?.codes.count ?? 0) + (codes?.mean.count ?? 0) + (graph?.linkBytes.count ?? 0)
      + (graph?.entryBytes.count ?? 0)
  }

  /// The full vectors, [count × dimension] float32, row-major.
  package var vectors: MemorySlice { floats.vectors }
}
