package import VectorModel

extension VectorPart {
  /// Builds codes and graph of `count` rows.
  ///
  /// No graph is built where `parameters.m` is 0 or where all rows are within the full-scan threshold, because then
  /// every search scans.
  ///
  /// - Parameters:
  ///   - rows: [count × dimension] finite numbers of `element`, row-major, aligned for it; of float32 and float16
  ///     of unit length (or zero) for cosine. Kept for rescoring.
  ///   - fields: rows to link among themselves besides, those of a value; nil: of no field
  ///   - previous: parts that have rows which are here again, each row in one at most. The links of the largest are
  ///     taken over where enough of its rows are here; the others' tell which rows are near each other.
  ///   - threads: threads that share the work; they inherit the caller's priority
  ///   - isCancelled: asked every few insertions, on any of the threads
  /// - Returns: nil when cancelled
  /// - Throws: `badRequest` for sizes out of bounds, `insufficientStorage` when the system refuses memory.
  /// - Complexity: O(count × log count) distances
  package static func build(
    rows: MemorySlice, count: Int, dimension: Int, element: VectorElement = .float32, distance: Distance,
    parameters: GraphParameters, fields: [FieldRows] = [], previous: [PreviousPart] = [], threads: Int = 1,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(RequestError) -> VectorPart? {
    try check(count: count, dimension: dimension, parameters: parameters)
    guard element.supports(distance) else {
      throw .badRequest("vectors of \(element) have no distance \(distance)")
    }
    let byteCount = count * element.byteCount(dimension: dimension)
    guard rows.count == byteCount else {
      throw .badRequest("\(count) rows of dimension \(dimension) need \(byteCount) bytes, not \(rows.count)")
    }
    let vectors = VectorTable(
      vectors: rows, count: count, dimension: dimension, element: element, distance: distance)
    var codes: CodeTable?
    let encode = { (format: CodeFormat, mean: MemorySlice, scale: Float) throws(RequestError) in
      try CodeTable.encode(
        vectors, distance: distance, format: format, mean: mean, uniformScale: scale, threads: max(1, threads)
      )
    }
    if count > 0, CodeTable.exist(of: element, distance: distance) {
      let mean = try CodeTable.mean(of: vectors)
      if parameters.codeBits == 4 {
        let chosen = try CodeCalibration(vectors, distance: distance, mean: mean).choose()
        codes = try encode(chosen.format, mean, chosen.uniformScale)
      } else {
        codes = try encode(.bytes, mean, 1)
      }
    }
    if isCancelled() { return nil }
    precondition(previous.allSatisfy { $0.rows.count == count })
    var links: Links? = (nil, [])
    if parameters.m > 0, count > fullScanRowsMax(dimension: dimension, parameters: parameters) {
      let request = LinkRequest(
        vectors: vectors, distance: distance, parameters: parameters, fields: fields, previous: previous,
        threads: threads, isCancelled: isCancelled)
      links =
        if let codes { try unsafe request.links(codes.comparable()) } else {
          try unsafe request.links(vectors)
        }
    }
    guard let links else { return nil }
    if let mean = codes?.mean, parameters.codeBits == 1 {
      // Bits say too little of rows that are compared with rows. The bytes go before there are others.
      codes = nil
      codes = try encode(.bits, mean, 1)
    }
    return try VectorPart(
      vectors: vectors, distance: distance, parameters: parameters, codes: codes, graph: links.graph,
      linkedFields: fields.map(\.field), valueGraphs: links.values)
  }

  /// A part's links, and those among rows with one value.
  private typealias Links = (graph: GraphLinks?, values: [ValueGraph])

  /// What links are made of, but for the table by which rows are compared.
  private struct LinkRequest {
    let vectors: VectorTable
    let distance: Distance
    let parameters: GraphParameters
    let fields: [FieldRows]
    let previous: [PreviousPart]
    let threads: Int
    let isCancelled: @Sendable () -> Bool

    /// - Returns: nil when cancelled
    func links<Table: RowTable>(_ table: Table) throws(RequestError) -> Links? {
      let largest = previous.indices.max { previous[$0].part.count < previous[$1].part.count }
      let taken = largest.map { previous[$0] }
      let older = taken.flatMap { taken in
        taken.links(vectors.element, distance, parameters).map { OlderGraph($0, oldRows: taken.rows) }
      }
      let known = previous.indices.filter { $0 != largest }.compactMap { index in
        previous[index].part.graph.map { OlderGraph($0, oldRows: previous[index].rows) }
      }
      let builder = try GraphBuilder(
        table: table, vectors: vectors, distance: distance, parameters: parameters, older: older, known: known
      )
      guard let graph = builder.build(threads: threads, isCancelled: isCancelled),
        let values = try ValueGraph.build(
          fields, table: table, vectors: vectors, distance: distance, parameters: parameters,
          previous: older == nil ? nil : taken, threads: threads, isCancelled: isCancelled)
      else { return nil }
      return (graph, values)
    }
  }

  /// Rows that a search scans at most because of the full-scan threshold: of short vectors it would be very many.
  private static let fullScanRowsLimit = 20_000

  /// Accepted rows at or below which a search scans.
  static func fullScanRowsMax(dimension: Int, parameters: GraphParameters) -> Int {
    let kilobytes = min(max(parameters.fullScanThresholdKilobytes, 0), 1 << 32)
    return min(kilobytes * 1024 / (dimension * 4), fullScanRowsLimit)
  }

  static func check(count: Int, dimension: Int, parameters: GraphParameters) throws(RequestError) {
    guard count >= 0 && count <= rowsMax else {
      throw .badRequest("a vector part has 0 to \(rowsMax) rows, not \(count)")
    }
    guard dimension >= 1 && dimension <= dimensionMax else {
      throw .badRequest("a vector has 1 to \(dimensionMax) dimensions, not \(dimension)")
    }
    guard parameters.m >= 0 && parameters.m <= GraphParameters.mMax else {
      throw .badRequest("m is 0 to \(GraphParameters.mMax), not \(parameters.m)")
    }
    guard parameters.efConstruction >= 1 && parameters.efConstruction <= GraphParameters.efConstructionMax
    else {
      throw .badRequest(
        "ef_construct is 1 to \(GraphParameters.efConstructionMax), not \(parameters.efConstruction)")
    }
    guard [1, 4, 8].contains(parameters.codeBits) else {
      throw .badRequest("codes have 1, 4 or 8 bits, not \(parameters.codeBits)")
    }
    guard parameters.alpha >= 1 && parameters.alpha <= 4 else {
      throw .badRequest("alpha is 1 to 4, not \(parameters.alpha)")
    }
  }
}
