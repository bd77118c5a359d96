/// An array whose copies share their elements in chunks: copying is O(1), and a change after a copy costs one
/// chunk and the list of chunks instead of the whole.
///
/// The elements that it begins with may lie elsewhere: a chunk of these is made when it is first written.
package struct ChunkedArray<Element: Sendable>: Sendable {
  private static var chunkCount: Int { 1024 }

  /// An empty chunk's elements are those of `base`.
  private var chunks: [[Element]] = []
  private let base: (@Sendable (Int) -> Element)?
  package private(set) var count = 0

  package init() { base = nil }

  /// - Complexity: O(count).
  package init(_ elements: some Sequence<Element>) {
    base = nil
    for element in elements { append(element) }
  }

  /// An array of what `base` returns for the places below `count`, which is called whenever one is read that lies in a
  /// chunk without a change.
  /// - Complexity: O(count / chunk).
  package init(count: Int, base: @escaping @Sendable (Int) -> Element) {
    self.base = base
    self.count = count
    chunks = [[Element]](repeating: [], count: (count + Self.chunkCount - 1) / Self.chunkCount)
  }

  package subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      let place = index % Self.chunkCount
      let isThere = place < chunks[index / Self.chunkCount].count
      if !isThere, let base { return base(index) }
      return chunks[index / Self.chunkCount][place]
    }
    set {
      precondition(index >= 0 && index < count)
      makeChunk(index / Self.chunkCount)
      chunks[index / Self.chunkCount][index % Self.chunkCount] = newValue
    }
  }

  /// Calls `body` with the elements chunk by chunk, in order, and the index of each chunk's first.
  ///
  /// Faster than walking over the elements one by one.
  @inline(__always)
  package func forEachChunk(_ body: (_ elements: [Element], _ first: Int) -> Void) {
    for (index, chunk) in chunks.enumerated() {
      body(chunk.isEmpty ? elements(ofChunk: index) : chunk, index * Self.chunkCount)
    }
  }

  /// - Complexity: O(1) amortised; O(chunk) for the first change after a copy.
  package mutating func append(_ element: Element) {
    if count % Self.chunkCount == 0 {
      var chunk: [Element] = []
      // Small collections stay small: the first chunk grows as any array does.
      if count > 0 { chunk.reserveCapacity(Self.chunkCount) }
      chunks.append(chunk)
    } else {
      makeChunk(count / Self.chunkCount)
    }
    chunks[count / Self.chunkCount].append(element)
    count += 1
  }

  /// Gives a chunk memory of its own, unless it has some.
  private mutating func makeChunk(_ chunk: Int) {
    if chunks[chunk].isEmpty { chunks[chunk] = elements(ofChunk: chunk) }
  }

  /// The elements of a chunk that has no memory of its own.
  private func elements(ofChunk chunk: Int) -> [Element] {
    guard let base else { return [] }
    return ((chunk * Self.chunkCount)..<Swift.min((chunk + 1) * Self.chunkCount, count)).map(base)
  }
}

extension ChunkedArray: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { count }
}
