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
  ///   - previous: a part whose graph is taken over as far as its rows are here again, where they are enough
  ///   - threads: threads that share the work; they inherit the caller's priority
  ///   - isCancelled: asked every few insertions, on any of the threads
  /// - Returns: nil when cancelled
  /// - Throws: `badRequest` for sizes out of bounds, `insufficientStorage` when the system refuses memory.
  /// - Complexity: O(count × log count) distances
  package static func build(
    rows: MemorySlice, count: Int, dimension: Int, element: VectorElement = .float32, distance: Distance,
    parameters: GraphParameters, previous: PreviousPart? = nil, threads: Int = 1,
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
    if count > 0, CodeTable.exist(of: element, distance: distance) {
      codes = try CodeTable.encode(
        vectors, distance: distance, format: .bytes, mean: CodeTable.mean(of: vectors),
        threads: max(1, threads))
    }
    if isCancelled() { return nil }
    precondition(previous.map { $0.rows.count == count } ?? true)
    let transfer = previous.flatMap { previous in
      previous.links(element, distance, parameters).map { GraphTransfer(old: $0, oldRows: previous.rows) }
    }
    var graph: GraphLinks?
    if parameters.m > 0, count > fullScanRowsMax(dimension: dimension, parameters: parameters) {
      graph =
        if let codes {
          try unsafe GraphBuilder(
            table: codes, vectors: vectors, distance: distance, parameters: parameters, transfer: transfer
          )
          .build(threads: threads, isCancelled: isCancelled)
        } else {
          try unsafe GraphBuilder(
            table: vectors, vectors: vectors, distance: distance, parameters: parameters, transfer: transfer
          )
          .build(threads: threads, isCancelled: isCancelled)
        }
      if graph == nil { return nil }
    }
    if let mean = codes?.mean, parameters.codeBits != 8 {
      let (format, uniformScale) =
        parameters.codeBits == 1
        ? (.bits, 1) : try CodeCalibration(vectors, distance: distance, mean: mean).choose()
      if format != .bytes {
        // The bytes were for comparing rows with rows; they go before there are others.
        codes = nil
        codes = try CodeTable.encode(
          vectors, distance: distance, format: format, mean: mean, uniformScale: uniformScale,
          threads: max(1, threads))
      }
    }
    return try VectorPart(
      vectors: vectors, distance: distance, parameters: parameters, codes: codes, graph: graph)
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
