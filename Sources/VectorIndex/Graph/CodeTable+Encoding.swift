import CKernels
import VectorModel

extension CodeTable {
  /// Rows that the mean is taken over at most.
  private static let meanRowsMax = 100_000

  /// Encodes all rows.
  ///
  /// - Parameters:
  ///   - table: finite float32 rows
  ///   - threads: threads that share the work
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  /// - Complexity: O(count × dimension)
  static func encode(_ table: FloatTable, distance: Distance, threads: Int) throws(RequestError) -> CodeTable
  {
    let count = table.count
    let dimension = table.dimension
    let stride = stride(dimension: dimension)
    let mean = try mean(of: table)
    let memory = try AnonymousMemory(byteCount: count * stride)
    let center = unsafe SharedPointer(mean.pointer(to: Float.self))
    let rows = unsafe SharedPointer(memory.bytes.baseAddress.unsafelyUnwrapped)
    WorkerThreads.run(count: threads) { thread in
      for row in (count * thread / threads)..<(count * (thread + 1) / threads) {
        let codes = unsafe rows.pointer + row * stride
        unsafe encode(
          table.row(row), into: codes, mean: center.pointer, dimension: dimension, distance: distance)
      }
    }
    return CodeTable(
      count: count, dimension: dimension, distance: distance, mean: mean,
      codes: memory.slice(count: count * stride))
  }

  private static func encode(
    _ vector: UnsafePointer<Float>, into codes: UnsafeMutableRawPointer, mean: UnsafePointer<Float>,
    dimension: Int,
    distance: Distance
  ) {
    let kernels = unsafe BestKernels.table
    let scale = unsafe nt_encode(vector, mean, dimension, codes.assumingMemoryBound(to: UInt8.self))
    let bias =
      unsafe distance == .euclid
      ? kernels.pointee.squared_l2(vector, mean, dimension)
      : kernels.pointee.dot(mean, mean, dimension) - kernels.pointee.dot(vector, mean, dimension)
    let tail = stride(dimension: dimension) - MemoryLayout<nt_code_tail>.size
    unsafe codes.storeBytes(
      of: nt_code_tail(scale: scale, bias: bias), toByteOffset: tail, as: nt_code_tail.self)
  }

  /// The mean of all rows, or of evenly spaced ones where there are many; zero where it is not finite.
  private static func mean(of table: FloatTable) throws(RequestError) -> MemorySlice {
    let dimension = table.dimension
    var sums = [Double](repeating: 0, count: dimension)
    let step = max(1, table.count / meanRowsMax)
    var sampled = 0
    for row in Swift.stride(from: 0, to: table.count, by: step) {
      let vector = unsafe table.row(row)
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

/// A pointer that several threads use by agreement of the code that shares it.
@safe struct SharedPointer<Pointer>: Sendable {
  nonisolated(unsafe) let pointer: Pointer

  init(_ pointer: Pointer) { unsafe self.pointer = pointer }
}
