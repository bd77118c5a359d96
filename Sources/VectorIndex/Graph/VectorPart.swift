package import VectorModel

/// The searchable form of one vector of many points: full vectors, codes and a graph. Immutable.
///
/// Rows are numbered 0 ..< `count` in the order in which they were given.
package final class VectorPart: Sendable {
  package let count: Int
  package let dimension: Int
  package let distance: Distance
  package let parameters: GraphParameters
  let table: VectorTable
  /// nil for Manhattan distances, rows of bytes or bits, and empty parts.
  let codes: CodeTable?
  /// nil where searches always scan.
  let graph: GraphLinks?

  /// Most rows of a part: pools keep a bit beside each row.
  package static let rowsMax = Int(Int32.max) - 1
  /// Most elements of a vector.
  package static let dimensionMax = 65_536

  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(
    vectors: VectorTable, distance: Distance, parameters: GraphParameters, codes: CodeTable?,
    graph: GraphLinks?
  ) throws(RequestError) {
    count = vectors.count
    dimension = vectors.dimension
    self.distance = distance
    self.parameters = parameters
    table = vectors
    self.codes =
      if let codes, let graph { try codes.gatheringEntries(graph.entryRows, of: vectors) } else { codes }
    self.graph = graph
  }

  /// The rows of a tier that grows, for one search.
  /// - Parameter graph: links only to these rows, or to later ones, which walks pass over.
  init(
    vectors: VectorTable, distance: Distance, parameters: GraphParameters, codes: CodeTable?,
    growing graph: GraphLinks
  ) {
    count = vectors.count
    dimension = vectors.dimension
    self.distance = distance
    self.parameters = parameters
    table = vectors
    self.codes = codes
    self.graph = graph
  }

  /// Whether searches can traverse a graph.
  package var hasGraph: Bool { graph != nil }

  /// Bytes of codes and links: what a search without rescoring reads.
  package var compactByteCount: Int {
    (codes?.codes.count ?? 0) + (codes?.mean.count ?? 0) + (graph?.linkBytes.count ?? 0)
      + (graph?.entryBytes.count ?? 0)
  }

  /// What the vectors' numbers are.
  package var element: VectorElement { table.element }

  /// The full vectors, [count × dimension] numbers of `element`, row-major.
  package var vectors: MemorySlice { table.vectors }
}
