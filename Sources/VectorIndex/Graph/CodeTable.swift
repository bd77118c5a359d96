import CKernels
import VectorModel

/// The codes of 8, 4 or 1 bits that traversals and scans read instead of full vectors.
///
/// Locally-adaptive scalar quantisation (LVQ, Aguerrebere et al. 2023, section 3): the mean of all rows is subtracted
/// and each row has a scale of its own. Deviations: the range is symmetric, so that a row needs no offset, and each row
/// carries the exact part of its distance (⟨mean, x − mean⟩ or ‖x − mean‖²), so that only the inner product with the
/// query is approximate. Where one scale suits all rows (`CodeFormat.uniformNibbles`) rows carry neither, and the query
/// is not centred.
///
/// A code of one bit is an element's sign; its row's scale makes the estimated inner product that of RaBitQ (Gao & Long
/// 2024, section 3.2) without the random rotation, and the query keeps 8 bits.
///
/// Manhattan distances do not split into such parts, and rows of bytes and bits are as small as codes: their parts have
/// no codes.
@safe struct CodeTable: @unsafe RowTable {
  let count: Int
  let dimension: Int
  let distance: Distance
  let format: CodeFormat
  /// The scale of all rows where they have none of their own.
  let uniformScale: Float
  /// Bytes from row to row.
  let stride: Int
  /// [dimension] float32
  let mean: MemorySlice
  /// [count × stride] bytes
  let codes: MemorySlice
  /// The rows where walks begin.
  private var entries: EntryTable?
  /// What makes rows of nibbles queries of each other.
  private var nibbleQueries: NibbleQueries?
  private let meanSquared: Float
  nonisolated(unsafe) private let base: UnsafePointer<UInt8>
  nonisolated(unsafe) private let kernels: UnsafePointer<nt_kernels>

  /// Adopts rows that `encode` made, here or in an earlier run.
  init(
    count: Int, dimension: Int, distance: Distance, format: CodeFormat, uniformScale: Float,
    mean: MemorySlice,
    codes: MemorySlice
  ) {
    precondition(Self.supports(format, distance: distance))
    let stride = format.stride(dimension: dimension)
    precondition(mean.count >= dimension * 4 && codes.count >= count * stride)
    self.count = count
    self.dimension = dimension
    self.distance = distance
    self.format = format
    self.uniformScale = uniformScale
    self.stride = stride
    self.mean = mean
    self.codes = codes
    unsafe base = codes.pointer(to: UInt8.self)
    unsafe kernels = BestKernels.table
    let center = unsafe mean.pointer(to: Float.self)
    meanSquared = unsafe kernels.pointee.dot(center, center, dimension)
  }

  func gatheringEntries(_ entries: [UInt32], of vectors: VectorTable) throws(RequestError) -> CodeTable {
    var table = self
    table.entries = try EntryTable(entries, of: vectors, codes: self)
    return table
  }

  /// The same rows, ready to be compared with each other; those of bytes are as they come.
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  func comparable() throws(RequestError) -> CodeTable {
    guard format.bits == 4 else { return self }
    var table = self
    table.nibbleQueries = try NibbleQueries(table)
    return table
  }

  static func supports(_ format: CodeFormat, distance: Distance) -> Bool {
    switch distance {
    case .cosine, .dot: true
    case .euclid: format.hasTails || format.bits == 4
    case .manhattan, .hamming, .jaccard: false
    }
  }

  /// Whether rows have codes.
  static func exist(of element: VectorElement, distance: Distance) -> Bool {
    (element == .float32 || element == .float16) && supports(.bytes, distance: distance)
  }

  /// Whether codes stand for what is left of a row when the mean is subtracted.
  var isCentred: Bool { format.hasTails || distance == .euclid }

  /// One `nt_code_query`, padded to a line, and its codes.
  var queryByteCount: Int { 64 + format.queryByteCount(dimension: dimension) }

  /// - Precondition: the format is `bytes`, or the table is `comparable`
  func scorer(ofRow row: Int, memory: UnsafeMutableRawPointer) -> CodeScorer {
    if let nibbleQueries { return unsafe nibbleQueries.scorer(ofRow: row, self, memory: memory) }
    precondition(format == .bytes)
    let codes = unsafe base + row * stride
    let signed = unsafe (memory + 64).assumingMemoryBound(to: Int8.self)
    let offset = unsafe kernels.pointee.code_query(codes, dimension, signed)
    let tail = self.tail(ofRow: row)
    let isEuclid = distance == .euclid
    return unsafe scorer(
      memory: memory, scale: isEuclid ? -2 * tail.scale : -tail.scale,
      constant: isEuclid ? tail.bias : tail.bias - meanSquared, offset: offset)
  }

  private func tail(ofRow row: Int) -> nt_code_tail {
    let end = unsafe UnsafeRawPointer(base + (row + 1) * stride)
    return unsafe (end - MemoryLayout<nt_code_tail>.size).loadUnaligned(as: nt_code_tail.self)
  }

  /// The scale of a row that has its own.
  func scale(ofRow row: Int) -> Float { tail(ofRow: row).scale }

  /// The scorer of a query from outside.
  ///
  /// - Parameters:
  ///   - query: [dimension]
  ///   - memory: `queryByteCount` bytes aligned to 64, the scorer's as long as it is used
  func scorer(query: UnsafePointer<Float>, memory: UnsafeMutableRawPointer) -> CodeScorer {
    let center = unsafe mean.pointer(to: Float.self)
    let isEuclid = distance == .euclid
    let constant =
      unsafe isEuclid
      ? kernels.pointee.squared_l2(query, center, dimension) : -kernels.pointee.dot(query, center, dimension)
    let subtracted = unsafe isCentred ? center : nil
    let codes = unsafe (memory + 64).assumingMemoryBound(to: Int8.self)
    var sum: Int32 = 0
    let step = unsafe nt_encode_query(
      query, subtracted, dimension, format.bits == 4 ? 2 : 1, format.blocks(dimension: dimension), codes, &sum
    )
    let scale = format.hasTails ? step : step * uniformScale
    return unsafe scorer(
      memory: memory, scale: isEuclid ? -2 * scale : -scale, constant: constant,
      offset: sum * format.offsetFactor)
  }

  /// - Parameters:
  ///   - memory: `queryByteCount` bytes aligned to 64, the scorer's as long as it is used, with the query's codes behind
  ///     the first 64
  ///   - scale: what a product of codes is multiplied by
  ///   - offset: what stored codes of 0 and more add to a product
  func scorer(
    memory: UnsafeMutableRawPointer, scale: Float, constant: Float, offset: Int32
  ) -> CodeScorer {
    let query = unsafe memory.assumingMemoryBound(to: nt_code_query.self)
    let codes = unsafe UnsafePointer((memory + 64).assumingMemoryBound(to: Int8.self))
    unsafe query.initialize(
      to: nt_code_query(
        codes: codes, blocks: format.blocks(dimension: dimension), scale: scale, constant: constant,
        offset: offset, has_tails: format.hasTails ? 1 : 0,
        entry_offset: offset / format.offsetFactor * 128, square: uniformScale * uniformScale,
        square_constant: uniformScale * uniformScale * 225 * Float(dimension)))
    let kernel: nt_code_rows =
      switch (format.bits, format.hasTails || distance != .euclid) {
      case (8, _): unsafe kernels.pointee.code_rows
      case (1, _): unsafe kernels.pointee.bit_rows
      case (_, true): unsafe kernels.pointee.nibble_rows
      case (_, false): unsafe kernels.pointee.nibble_square_rows
      }
    return unsafe CodeScorer(
      kernel: kernel, query: UnsafePointer(query), base: base, stride: stride,
      entries: entries?.blocks, entriesLength: entries?.length ?? 0)
  }
}
