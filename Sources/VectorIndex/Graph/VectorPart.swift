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
  /// The payload fields whose large values have links of their own, whether there are such values or not.
  package let linkedFields: [String]
  let valueGraphs: [ValueGraph]

  /// Most rows of a part: pools keep a bit beside each row.
  package static let rowsMax = Int(Int32.max) - 1
  /// Most elements of a vector.
  package static let dimensionMax = 65_536

  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(
    vectors: VectorTable, distance: Distance, parameters: GraphParameters, codes: CodeTable?,
    graph: GraphLinks?, linkedFields: [String] = [], valueGraphs: [ValueGraph] = []
  ) throws(RequestError) {
    count = vectors.count
    dimension = vectors.dimension
    self.distance = distance
    self.parameters = parameters
    table = vectors
    self.codes =
      if let codes, let graph { try codes.gatheringEntries(graph.entryRows, of: vectors) } else { codes }
    self.graph = graph
    self.linkedFields = linkedFields
    var gathered: [ValueGraph] = []
    for var value in valueGraphs {
      value.codes = try codes?.gatheringEntries(value.graph.entryRows, of: vectors)
      gathered.append(value)
    }
    self.valueGraphs = gathered
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
    linkedFields = []
    valueGraphs = []
  }

  /// Whether searches can traverse a graph.
  package var hasGraph: Bool { graph != nil }

  /// Values of a payload field whose rows have links of their own.
  package func linkedTerms(field: String) -> [[UInt8]] {
    valueGraphs.filter { $0.field == field }.map(\.term)
  }

  /// Bytes of codes and links: what a search without rescoring reads.
  package var compactByteCount: Int {
    let graphs = (graph.map { [$0] } ?? []) + valueGraphs.map(\.graph)
    let entryBytes = graphs.reduce(0) { $0 + $1.entryBytes.count }
    // The values of a field share their lists.
    let lists = linkedFields.compactMap { field in valueGraphs.first { $0.field == field }?.graph }
    let linkBytes = lists.reduce(graph?.linkBytes.count ?? 0) { $0 + $1.linkBytes.count }
    return (codes?.codes.count ?? 0) + (codes?.mean.count ?? 0) + linkBytes + entryBytes
  }

  /// What the vectors' numbers are.
  package var element: VectorElement { table.element }

  /// The full vectors, [count × dimension] numbers of `element`, row-major.
  package var vectors: MemorySlice { table.vectors }
}
