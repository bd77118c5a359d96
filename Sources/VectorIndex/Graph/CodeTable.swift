import CKernels
import VectorModel

/// The 8-bit codes that traversals and scans read instead of full vectors.
///
/// Locally-adaptive scalar quantisation (LVQ, Aguerrebere et al. 2023, section 3): the mean of all rows is subtracted
/// and each row has a scale of its own. Deviations: the range is symmetric, so that a row needs no offset, and each row
/// carries the exact part of its distance (⟨mean, x − mean⟩ or ‖x − mean‖²), so that only the inner product with the
/// query is approximate. A row is `dimension` bytes x + 128, padding, and an `nt_code_tail` in its last 8 bytes.
///
/// Manhattan distances do not split into such parts; parts of that distance have no codes.
@safe struct CodeTable: @unsafe RowTable {
  let count: Int
  let dimension: Int
  let distance: Distance
  /// Bytes from row to row, a multiple of 64.
  let stride: Int
  /// [dimension] float32
  let mean: MemorySlice
  /// [count × stride] bytes
  let codes: MemorySlice
  private let meanSquared: Float
  nonisolated(unsafe) private let base: UnsafePointer<UInt8>
  nonisolated(unsafe) private let kernels: UnsafePointer<nt_kernels>

  /// Adopts rows that `encode` made, here or in an earlier run.
  init(count: Int, dimension: Int, distance: Distance, mean: MemorySlice, codes: MemorySlice) {
    precondition(distance != .manhattan)
    let stride = Self.stride(dimension: dimension)
    precondition(mean.count >= dimension * 4 && codes.count >= count * stride)
    self.count = count
    self.dimension = dimension
    self.distance = distance
    self.stride = stride
    self.mean = mean
    self.codes = codes
    unsafe base = codes.pointer(to: UInt8.self)
    unsafe kernels = BestKernels.table
    let center = unsafe mean.pointer(to: Float.self)
    meanSquared = unsafe kernels.pointee.dot(center, center, dimension)
  }

  /// Bytes of a row: the codes, and 8 bytes of correction at the end of the last line.
  static func stride(dimension: Int) -> Int {
    (dimension + MemoryLayout<nt_code_tail>.size + Int(NT_CODE_BLOCK) - 1) / Int(NT_CODE_BLOCK)
      * Int(NT_CODE_BLOCK)
  }

  private var blocks: Int { (dimension + Int(NT_CODE_BLOCK) - 1) / Int(NT_CODE_BLOCK) }

  /// One `nt_code_query`, padded to a line, and its codes.
  var queryByteCount: Int { (1 + blocks) * Int(NT_CODE_BLOCK) }

  func scorer(ofRow row: Int, memory: UnsafeMutableRawPointer) -> CodeScorer {
    let codes = unsafe base + row * stride
    let signed = unsafe (memory + Int(NT_CODE_BLOCK)).assumingMemoryBound(to: Int8.self)
    let offset = unsafe kernels.pointee.code_query(codes, dimension, signed)
    let tail = unsafe UnsafeRawPointer(codes + stride - MemoryLayout<nt_code_tail>.size)
      .loadUnaligned(as: nt_code_tail.self)
    let isEuclid = distance == .euclid
    return unsafe scorer(
      memory: memory, codes: signed, scale: isEuclid ? -2 * tail.scale : -tail.scale,
      constant: isEuclid ? tail.bias : tail.bias - meanSquared, offset: offset)
  }

  /// The scorer of a query from outside.
  ///
  /// - Parameters:
  ///   - query: [dimension]
  ///   - memory: `queryByteCount` bytes aligned to 64, the scorer's as long as it is used
  func scorer(query: UnsafePointer<Float>, memory: UnsafeMutableRawPointer) -> CodeScorer {
    let center = unsafe mean.pointer(to: Float.self)
    let signed = unsafe (memory + Int(NT_CODE_BLOCK)).assumingMemoryBound(to: UInt8.self)
    let step = unsafe nt_encode(query, center, dimension, signed)
    let codes = unsafe UnsafeMutableRawPointer(signed).assumingMemoryBound(to: Int8.self)
    let offset = unsafe kernels.pointee.code_query(signed, dimension, codes)
    let isEuclid = distance == .euclid
    let constant =
      unsafe isEuclid
      ? kernels.pointee.squared_l2(query, center, dimension) : -kernels.pointee.dot(query, center, dimension)
    return unsafe scorer(
      memory: memory, codes: codes, scale: isEuclid ? -2 * step : -step, constant: constant, offset: offset)
  }

  private func scorer(
    memory: UnsafeMutableRawPointer, codes: UnsafePointer<Int8>, scale: Float, constant: Float, offset: Int32
  ) -> CodeScorer {
    let query = unsafe memory.assumingMemoryBound(to: nt_code_query.self)
    unsafe query.initialize(
      to: nt_code_query(codes: codes, blocks: blocks, scale: scale, constant: constant, offset: offset))
    return unsafe CodeScorer(kernels: kernels, query: UnsafePointer(query), base: base, stride: stride)
  }
}
