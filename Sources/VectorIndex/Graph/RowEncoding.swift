import VectorModel

/// How rows are encoded one by one as they come, before a part holds them: a byte an element around a center.
///
/// Rows are scaled one by one, so that the center need not be their mean: that of older rows does, or any row.
package struct RowEncoding: Sendable {
  /// Codes pay where they are this many times shorter than vectors.
  private static let shorterMin = 2

  /// No rows, and how those are laid out that follow it.
  let table: CodeTable

  /// - Parameter center: [dimension] finite numbers
  /// - Returns: nil for rows of other elements than float32, where codes are not much shorter than the vectors, and
  ///   where the distance has none.
  init?(center: [Float], element: VectorElement, distance: Distance) {
    let stride = CodeFormat.bytes.stride(dimension: center.count)
    guard element == .float32, CodeTable.supports(.bytes, distance: distance),
      Self.shorterMin * stride <= center.count * 4
    else {
      return nil
    }
    let bytes = unsafe center.withUnsafeBytes { unsafe [UInt8]($0) }
    table = CodeTable(
      count: 0, dimension: center.count, distance: distance, format: .bytes, uniformScale: 1,
      mean: MemorySlice(MemoryRegion(copying: bytes)), codes: MemorySlice(MemoryRegion(copying: [])))
  }

  /// The codes of `count` rows.
  /// - Parameter codes: [count × stride] bytes or more, aligned to 64.
  func table(_ codes: MemorySlice, count: Int) -> CodeTable {
    CodeTable(
      count: count, dimension: table.dimension, distance: table.distance, format: .bytes, uniformScale: 1,
      mean: table.mean, codes: codes)
  }

  /// Bytes from row to row.
  var stride: Int { table.stride }

  /// Writes the codes of one row into `stride` zeroed bytes.
  func encode(_ row: UnsafePointer<Float>, into codes: UnsafeMutableRawPointer) {
    let encoder = unsafe RowEncoder(
      dimension: table.dimension, distance: table.distance, format: .bytes,
      mean: table.mean.pointer(to: Float.self), uniformScale: 1)
    unsafe encoder.encode(row, into: codes)
  }
}

extension VectorPart {
  /// How rows that follow this part's are encoded.
  package var rowEncoding: RowEncoding? {
    guard let codes else { return nil }
    let center = unsafe Array(
      UnsafeBufferPointer(start: codes.mean.pointer(to: Float.self), count: dimension))
    return RowEncoding(center: center, element: element, distance: distance)
  }
}
