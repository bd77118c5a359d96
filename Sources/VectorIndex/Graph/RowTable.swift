import CKernels
import VectorModel

/// Rows that can be compared with each other: what a graph is built over.
protocol RowTable: Sendable {
  associatedtype Scorer: RowScorer
  var count: Int { get }
  /// Bytes that a scorer's query occupies, a multiple of 64.
  var queryByteCount: Int { get }
  /// The scorer whose query is a row of this table. `memory`: `queryByteCount` bytes aligned to 64, the scorer's as
  /// long as it is used.
  func scorer(ofRow row: Int, memory: UnsafeMutableRawPointer) -> Scorer
  /// The same rows, with those of a graph's entries side by side where that is faster.
  func gatheringEntries(_ entries: [UInt32], of floats: FloatTable) throws(RequestError) -> Self
}

extension RowTable {
  func gatheringEntries(_ entries: [UInt32], of floats: FloatTable) -> Self { self }
}

/// Float32 vectors, row-major.
@safe struct FloatTable: @unsafe RowTable {
  let vectors: MemorySlice
  let count: Int
  let dimension: Int
  nonisolated(unsafe) private let base: UnsafePointer<Float>
  nonisolated(unsafe) private let kernel: nt_float_rows

  /// - Parameter vectors: [count × dimension] float32, aligned to 4 bytes
  init(vectors: MemorySlice, count: Int, dimension: Int, distance: Distance) {
    precondition(vectors.count >= count * dimension * 4)
    self.vectors = vectors
    self.count = count
    self.dimension = dimension
    unsafe base = vectors.pointer(to: Float.self)
    unsafe kernel = Self.kernel(distance)
  }

  var queryByteCount: Int { 0 }

  func scorer(ofRow row: Int, memory: UnsafeMutableRawPointer) -> FloatScorer {
    unsafe FloatScorer(kernel: kernel, query: base + row * dimension, base: base, dimension: dimension)
  }

  func scorer(query: UnsafePointer<Float>) -> FloatScorer {
    unsafe FloatScorer(kernel: kernel, query: query, base: base, dimension: dimension)
  }

  /// One row, [dimension].
  func row(_ row: Int) -> UnsafePointer<Float> { unsafe base + row * dimension }

  static func kernel(_ distance: Distance) -> nt_float_rows {
    let kernels = unsafe BestKernels.table.pointee
    return switch distance {
    case .cosine, .dot: unsafe kernels.negated_dot_rows
    case .euclid: unsafe kernels.squared_l2_rows
    case .manhattan: unsafe kernels.l1_rows
    }
  }
}

extension MemorySlice {
  /// The first element, which the slice keeps alive; the bytes are aligned for it.
  func pointer<Element>(to type: Element.Type) -> UnsafePointer<Element> {
    let bytes = unsafe self.bytes
    guard let start = bytes.baseAddress else {
      return unsafe UnsafePointer(bitPattern: MemoryLayout<Element>.alignment).unsafelyUnwrapped
    }
    precondition(Int(bitPattern: start) % MemoryLayout<Element>.alignment == 0)
    return unsafe start.assumingMemoryBound(to: type)
  }
}
