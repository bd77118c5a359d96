import CKernels
import VectorModel

/// Makes the rows of a table of nibbles queries of each other: what a graph is built by.
///
/// A row's query is the row as its codes stand for it, so both sides of a distance are rounded. An element's code of 8
/// bits is the sum of one for the mean, 0 where codes are compared around it, and one for its nibble: nothing is decoded.
@safe struct NibbleQueries: Sendable {
  /// Bytes of a row's codes.
  private let codeByteCount: Int
  /// What a code is multiplied by, where rows have no scales of their own.
  private let step: Float
  /// A query of the table, which is the mean, the codes of the mean, and those of the sixteen nibbles.
  private let memory: MemorySlice
  nonisolated(unsafe) private let center: UnsafePointer<Int8>
  nonisolated(unsafe) private let values: UnsafePointer<Int8>
  /// A row's distance from the mean is the part of its distance from another row that does not depend on that.
  nonisolated(unsafe) private let fromMean: CodeScorer

  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(_ table: CodeTable) throws(RequestError) {
    let dimension = table.dimension
    let mean = unsafe table.mean.pointer(to: Float.self)
    codeByteCount = table.format.codeByteCount(dimension: dimension)
    let codesCount = table.format.queryByteCount(dimension: dimension)
    let memory = try AnonymousMemory(byteCount: table.queryByteCount + codesCount + 64)
    let start = unsafe memory.bytes.baseAddress.unsafelyUnwrapped
    self.memory = unsafe memory.slice(count: memory.bytes.count)
    unsafe fromMean = table.scorer(query: mean, memory: start)
    let center = unsafe (start + table.queryByteCount).assumingMemoryBound(to: Int8.self)
    let values = unsafe center + codesCount
    unsafe (self.center, self.values) = unsafe (UnsafePointer(center), UnsafePointer(values))
    var meanStep: Float = .infinity
    if table.isCentred {
      step = table.uniformScale
    } else {
      let largest = (0..<dimension).reduce(Float(0)) { unsafe max($0, abs(mean[$1])) }
      // Both codes are rounded, and so is their sum at most 127.
      step = (largest + 15 * table.uniformScale) / 126
      meanStep = step
    }
    for nibble in 0..<16 {
      unsafe values[nibble] = Self.code(Float(2 * nibble - 15) * table.uniformScale / step)
    }
    // Behind the last element rows have the nibble 0, and queries a code of 0.
    unsafe center.update(repeating: -values[0], count: codesCount)
    for index in 0..<dimension {
      let position = table.format.queryPosition(of: index, dimension: dimension)
      unsafe center[position] = Self.code(mean[index] / meanStep)
    }
  }

  /// The nearest code; 0 of what is not finite, as a forged part may have it.
  private static func code(_ value: Float) -> Int8 {
    value.isFinite ? Int8(max(-127, min(127, value.rounded()))) : 0
  }

  /// The scorer whose query is a row of the table.
  /// - Parameter memory: `queryByteCount` bytes aligned to 64, the scorer's as long as it is used.
  @inline(__always)
  func scorer(ofRow row: Int, _ table: CodeTable, memory: UnsafeMutableRawPointer) -> CodeScorer {
    let codes = unsafe fromMean.base + row * table.stride
    let query = unsafe (memory + 64).assumingMemoryBound(to: Int8.self)
    let sum = unsafe BestKernels.table.pointee.nibble_query(codes, codeByteCount, values, center, query)
    var constant: Float = 0
    unsafe fromMean.score(nil, first: row, count: 1, into: &constant)
    let scale = table.format.hasTails ? table.scale(ofRow: row) : step * table.uniformScale
    return unsafe table.scorer(
      memory: memory, scale: table.distance == .euclid ? -2 * scale : -scale, constant: constant,
      offset: sum * table.format.offsetFactor)
  }
}
