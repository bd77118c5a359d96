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
  func gatheringEntries(_ entries: [UInt32], of vectors: VectorTable) throws(RequestError) -> Self
}

extension RowTable {
  func gatheringEntries(_ entries: [UInt32], of vectors: VectorTable) -> Self { self }
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
