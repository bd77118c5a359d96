import VectorModel

/// How rows are encoded one by one as they come, before a part holds them: as the part before them, or a byte an element
/// around a center.
package struct RowEncoding: Sendable {
  /// Which share of the largest distance from the mean, that of a row of length 1 on its other side, the distance must be
  /// that a part's scale suits. Below, later rows could be cut off at much less than the 2.7 deviations that nibbles reach;
  /// above, as of rows that are all the same, the scale says nothing.
  private static let uniformDeviations: ClosedRange<Float> = 0.5...1.01
  /// Codes pay where they are this many times shorter than vectors.
  private static let shorterMin = 2

  /// No rows, and how those are laid out that follow it.
  let table: CodeTable

  /// A byte an element. Rows are scaled one by one, so that the center need not be their mean: that of older rows does, or
  /// any row.
  /// - Parameter center: [dimension] finite numbers
  /// - Returns: nil for rows of other elements than float32, where codes are not much shorter than the vectors, and
  ///   where the distance has none.
  init?(center: [Float], element: VectorElement, distance: Distance) {
    self.init(center: center, element: element, distance: distance, format: .bytes, uniformScale: 1)
  }

  /// Like the rows of a part.
  ///
  /// Nibbles of one scale serve rows that come later where all have the same length and the part's are spread so wide that
  /// none can lie far beyond them. Others get bytes: a scale that suits the part's rows may be many times too small or too
  /// large for them.
  init?(_ codes: CodeTable, element: VectorElement) {
    let mean = unsafe Array(
      UnsafeBufferPointer(start: codes.mean.pointer(to: Float.self), count: codes.dimension))
    let largest = 1 + mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let isUniform =
      codes.format == .uniformNibbles && codes.distance == .cosine
      && Self.uniformDeviations.contains(
        CodeCalibration.deviation(ofScale: codes.uniformScale) * Float(codes.dimension).squareRoot() / largest
      )
    self.init(
      center: mean, element: element, distance: codes.distance,
      format: isUniform ? .uniformNibbles : .bytes, uniformScale: isUniform ? codes.uniformScale : 1)
  }

  private init?(
    center: [Float], element: VectorElement, distance: Distance, format: CodeFormat, uniformScale: Float
  ) {
    let dimension = center.count
    guard element == .float32, CodeTable.supports(format, distance: distance),
      Self.shorterMin * format.stride(dimension: dimension) <= dimension * 4
    else {
      return nil
    }
    let bytes = unsafe center.withUnsafeBytes { unsafe [UInt8]($0) }
    table = CodeTable(
      count: 0, dimension: dimension, distance: distance, format: format, uniformScale: uniformScale,
      mean: MemorySlice(MemoryRegion(copying: bytes)), codes: MemorySlice(MemoryRegion(copying: [])))
  }

  /// The codes of `count` rows.
  /// - Parameter codes: [count × stride] bytes or more, aligned to 64.
  func table(_ codes: MemorySlice, count: Int) -> CodeTable {
    CodeTable(
      count: count, dimension: table.dimension, distance: table.distance, format: table.format,
      uniformScale: table.uniformScale, mean: table.mean, codes: codes)
  }

  /// Bytes from row to row.
  var stride: Int { table.stride }

  /// Writes the codes of one row into `stride` zeroed bytes.
  func encode(_ row: UnsafePointer<Float>, into codes: UnsafeMutableRawPointer) {
    let encoder = unsafe RowEncoder(
      dimension: table.dimension, distance: table.distance, format: table.format,
      mean: table.mean.pointer(to: Float.self), uniformScale: table.uniformScale)
    unsafe encoder.encode(row, into: codes)
  }
}

extension VectorPart {
  /// How rows that follow this part's are encoded.
  package var rowEncoding: RowEncoding? { codes.flatMap { RowEncoding($0, element: element) } }
}
