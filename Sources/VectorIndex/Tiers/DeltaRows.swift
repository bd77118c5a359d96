import VectorModel

/// Float32 rows that one writer appends and many readers scan. Copies share the rows.
///
/// A copy sees the rows that were there when it was made; the memory behind them never moves or changes
/// while a copy lives. Only the newest copy may append.
package struct DeltaRows: Sendable {
  /// Rows a chunk; the first chunk starts smaller and is replaced as it grows.
  package static let chunkRowCount = 1024
  private static let firstChunkRowCount = 16

  package let dimension: Int
  package private(set) var count = 0
  private var chunks: [RowChunk] = []

  package init(dimension: Int) {
    self.dimension = dimension
  }

  /// Appends one row of `dimension` numbers.
  /// - Complexity: O(dimension), amortised.
  package mutating func append(_ values: [Float]) {
    precondition(values.count == dimension)
    let index = count % Self.chunkRowCount
    if index == 0 {
      let rows = count == 0 ? Self.firstChunkRowCount : Self.chunkRowCount
      chunks.append(RowChunk(rowCountMax: rows, dimension: dimension))
    } else if let last = chunks.last, index == last.rowCountMax {
      chunks[chunks.count - 1] = last.grown(to: min(4 * index, Self.chunkRowCount))
    }
    chunks[chunks.count - 1].append(values, at: index)
    count += 1
  }

  /// The numbers of one row, valid as long as this value lives.
  package func row(_ index: Int) -> UnsafePointer<Float> {
    precondition(index >= 0 && index < count)
    return unsafe chunks[index / Self.chunkRowCount].base + index % Self.chunkRowCount * dimension
  }

  /// The rows as a flat scan takes them, in their order.
  package var scanChunks: [FlatScan.Chunk] {
    chunks.enumerated().map { index, chunk in
      FlatScan.Chunk(
        vectors: MemorySlice(chunk.region), count: min(Self.chunkRowCount, count - index * Self.chunkRowCount)
      )
    }
  }

  package var byteCount: Int { chunks.reduce(0) { $0 + $1.rowCountMax * dimension * 4 } }
}

/// Memory for `rowCountMax` rows, written once each.
@safe private final class RowChunk: @unchecked Sendable {
  let rowCountMax: Int
  /// Owns the memory; the rows that were appended never change.
  let region: MemoryRegion
  private let dimension: Int
  private let memory: UnsafeMutablePointer<Float>
  /// Only the writer looks at it.
  private var filledCount = 0

  init(rowCountMax: Int, dimension: Int) {
    self.rowCountMax = rowCountMax
    self.dimension = dimension
    // Aligned to the widest vector register, so that a row of a multiple of 16 numbers stays so.
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: rowCountMax * dimension * 4, alignment: 64)
    unsafe memory = bytes.bindMemory(to: Float.self).baseAddress.unsafelyUnwrapped
    unsafe region = MemoryRegion(UnsafeRawBufferPointer(bytes)) { unsafe $0.deallocate() }
  }

  var base: UnsafePointer<Float> { unsafe UnsafePointer(memory) }

  func append(_ values: [Float], at index: Int) {
    precondition(index == filledCount && index < rowCountMax, "only the newest copy may append")
    let target = unsafe memory + index * dimension
    unsafe values.withUnsafeBufferPointer {
      guard let source = $0.baseAddress else { return }
      unsafe target.initialize(from: source, count: dimension)
    }
    filledCount += 1
  }

  func grown(to rowCount: Int) -> RowChunk {
    let chunk = RowChunk(rowCountMax: rowCount, dimension: dimension)
    unsafe chunk.memory.initialize(from: memory, count: filledCount * dimension)
    chunk.filledCount = filledCount
    return chunk
  }
}
