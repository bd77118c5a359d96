/// An array whose copies share their elements in chunks: copying is O(1), and a change after a copy costs one
/// chunk and the list of chunks instead of the whole.
package struct ChunkedArray<Element: Sendable>: Sendable {
  private static var chunkCount: Int { 1024 }

  private var chunks: [[Element]] = []
  package private(set) var count = 0

  package init() {}

  /// - Complexity: O(count).
  package init(_ elements: some Sequence<Element>) {
    for element in elements { append(element) }
  }

  package subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return chunks[index / Self.chunkCount][index % Self.chunkCount]
    }
    set {
      precondition(index >= 0 && index < count)
      chunks[index / Self.chunkCount][index % Self.chunkCount] = newValue
    }
  }

  /// Calls `body` with the elements chunk by chunk, in order, and the index of each chunk's first.
  ///
  /// Faster than walking over the elements one by one.
  @inline(__always)
  package func forEachChunk(_ body: (_ elements: [Element], _ first: Int) -> Void) {
    for (index, chunk) in chunks.enumerated() { body(chunk, index * Self.chunkCount) }
  }

  /// - Complexity: O(1) amortised; O(chunk) for the first change after a copy.
  package mutating func append(_ element: Element) {
    if count % Self.chunkCount == 0 {
      var chunk: [Element] = []
      // Small collections stay small: the first chunk grows as any array does.
      if count > 0 { chunk.reserveCapacity(Self.chunkCount) }
      chunks.append(chunk)
    }
    chunks[count / Self.chunkCount].append(element)
    count += 1
  }
}

extension ChunkedArray: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { count }
}
