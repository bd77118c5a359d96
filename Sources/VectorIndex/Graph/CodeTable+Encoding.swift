import CKernels
import CScheduling
import VectorModel

extension CodeTable {
  /// Rows that the mean is taken over at most.
  private static let meanRowsMax = 100_000

  /// Encodes all rows.
  ///
  /// - Parameters:
  ///   - table: finite rows of float32 or float16
  ///   - mean: [dimension] float32, what `mean(of:)` gave
  ///   - uniformScale: the scale of all rows where the format has no tails
  ///   - threads: threads that share the work
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  /// - Complexity: O(count × dimension)
  static func encode(
    _ table: VectorTable, distance: Distance, format: CodeFormat, mean: MemorySlice, uniformScale: Float = 1,
    threads: Int = 1
  ) throws(RequestError) -> CodeTable {
    let count = table.count
    let dimension = table.dimension
    let stride = format.stride(dimension: dimension)
    let memory = try AnonymousMemory(byteCount: count * stride)
    let center = unsafe SharedPointer(mean.pointer(to: Float.self))
    let rows = unsafe SharedPointer(memory.bytes.baseAddress.unsafelyUnwrapped)
    WorkerThreads.run(count: threads) { thread in
      let encoder = unsafe RowEncoder(
        dimension: dimension, distance: distance, format: format, mean: center.pointer,
        uniformScale: uniformScale)
      let floats = FloatRows(table)
      for row in (count * thread / threads)..<(count * (thread + 1) / threads) {
        unsafe encoder.encode(floats[row], into: rows.pointer + row * stride)
        scheduling_give_way()
      }
    }
    return CodeTable(
      count: count, dimension: dimension, distance: distance, format: format, uniformScale: uniformScale,
      mean: mean, codes: memory.slice(count: count * stride))
  }

  /// The mean of all rows, or of evenly spaced ones where there are many; zero where it is not finite.
  static func mean(of table: VectorTable) throws(RequestError) -> MemorySlice {
    let dimension = table.dimension
    var sums = [Double](repeating: 0, count: dimension)
    let step = max(1, table.count / meanRowsMax)
    var sampled = 0
    let floats = FloatRows(table)
    for row in Swift.stride(from: 0, to: table.count, by: step) {
      let vector = unsafe floats[row]
      for index in 0..<dimension { unsafe sums[index] += Double(vector[index]) }
      sampled += 1
    }
    let memory = try AnonymousMemory(byteCount: dimension * 4)
    for (index, sum) in sums.enumerated() {
      let value = Float(sum / Double(max(sampled, 1)))
      unsafe memory.bytes.storeBytes(of: value.isFinite ? value : 0, toByteOffset: index * 4, as: Float.self)
    }
    return memory.slice(count: dimension * 4)
  }
}

/// Encodes single rows of one format.
@unsafe struct RowEncoder {
  let dimension: Int
  let distance: Distance
  let format: CodeFormat
  let mean: UnsafePointer<Float>
  let uniformScale: Float

  /// Writes the codes and the tail of one row into zeroed memory.
  func encode(_ vector: UnsafePointer<Float>, into row: UnsafeMutableRawPointer) {
    let codes = unsafe row.assumingMemoryBound(to: UInt8.self)
    let scale: Float
    switch unsafe format.bits {
    case 8: scale = unsafe nt_encode(vector, mean, dimension, codes)
    case 1: scale = unsafe nt_encode_bits(vector, mean, dimension, codes)
    default:
      scale = unsafe nt_encode_nibbles(vector, mean, dimension, format.hasTails ? 0 : 2 * uniformScale, codes)
    }
    guard unsafe format.hasTails else { return }
    let kernels = unsafe BestKernels.table.pointee
    let decoded = unsafe scale * nt_decoded_dot(vector, mean, dimension, codes, Int32(format.bits))
    let squared = unsafe kernels.squared_l2(vector, mean, dimension)
    let bias =
      switch unsafe distance {
      case .euclid: 2 * decoded - squared
      case .cosine:
        unsafe kernels.dot(mean, mean, dimension) - kernels.dot(vector, mean, dimension) + decoded - squared
      case .dot, .manhattan, .hamming, .jaccard:
        unsafe kernels.dot(mean, mean, dimension) - kernels.dot(vector, mean, dimension)
      }
    let tail = unsafe format.stride(dimension: dimension) - MemoryLayout<nt_code_tail>.size
    unsafe row.storeBytes(
      of: nt_code_tail(scale: scale, bias: bias), toByteOffset: tail, as: nt_code_tail.self)
  }
}

/// A pointer that several threads use by agreement of the code that shares it.
@safe struct SharedPointer<Pointer>: Sendable {
  nonisolated(unsafe) let pointer: Pointer

  init(_ pointer: Pointer) { unsafe self.pointer = pointer }
}
