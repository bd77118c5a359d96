import CKernels
import VectorModel

/// Full vectors of any element, row-major.
@safe struct VectorTable: @unsafe RowTable {
  let vectors: MemorySlice
  let count: Int
  let dimension: Int
  let element: VectorElement
  /// Bytes from row to row.
  let rowByteCount: Int
  nonisolated(unsafe) private let base: UnsafeRawPointer
  private let kernel: RowKernel

  /// - Parameter vectors: [count × dimension] numbers of `element`, aligned for it
  /// - Precondition: the distance has a meaning for the element
  init(vectors: MemorySlice, count: Int, dimension: Int, element: VectorElement, distance: Distance) {
    rowByteCount = element.byteCount(dimension: dimension)
    precondition(vectors.count >= count * rowByteCount)
    self.vectors = vectors
    self.count = count
    self.dimension = dimension
    self.element = element
    unsafe base = element.start(of: vectors)
    unsafe kernel = RowKernel(element, distance)
  }

  var queryByteCount: Int { 0 }

  func scorer(ofRow row: Int, memory: UnsafeMutableRawPointer) -> VectorScorer {
    unsafe scorer(query: self.row(row))
  }

  /// - Parameter query: [dimension] numbers of the rows' element
  func scorer(query: UnsafeRawPointer) -> VectorScorer {
    unsafe VectorScorer(
      kernel: kernel, query: query, base: base, dimension: dimension, rowByteCount: rowByteCount)
  }

  /// One row, [dimension] numbers of `element`.
  func row(_ row: Int) -> UnsafeRawPointer { unsafe base + row * rowByteCount }
}

/// Gives rows as float32, which codes are made of: those in memory where they are that, and copies otherwise.
///
/// Owned by one thread.
@safe final class FloatRows {
  private let table: VectorTable
  private let buffer: UnsafeMutablePointer<Float>

  init(_ table: VectorTable) {
    self.table = table
    unsafe buffer = .allocate(capacity: table.dimension)
  }

  deinit { unsafe buffer.deallocate() }

  /// One row, [dimension]; valid until the next is asked for.
  subscript(row: Int) -> UnsafePointer<Float> {
    let bytes = unsafe table.row(row)
    if table.element == .float32 { return unsafe bytes.assumingMemoryBound(to: Float.self) }
    unsafe table.element.decode(bytes, count: table.dimension, into: buffer)
    return unsafe UnsafePointer(buffer)
  }
}

extension VectorElement {
  /// Where vectors of this element begin, aligned as its kernels need it.
  func start(of vectors: MemorySlice) -> UnsafeRawPointer {
    switch self {
    case .float32: unsafe UnsafeRawPointer(vectors.pointer(to: Float.self))
    case .float16: unsafe UnsafeRawPointer(vectors.pointer(to: UInt16.self))
    case .uint8, .bit: unsafe UnsafeRawPointer(vectors.pointer(to: UInt8.self))
    }
  }

  /// Whether two vectors of this element have such a distance.
  func supports(_ distance: Distance) -> Bool { distance.comparesBits == (self == .bit) }
}
