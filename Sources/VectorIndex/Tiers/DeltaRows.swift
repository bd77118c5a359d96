package import VectorModel

/// Rows of one element that one writer appends and many readers scan, and codes of them. Copies share the rows.
///
/// A copy sees the rows that were there when it was made; the memory behind them never moves or changes
/// while a copy lives. Only the newest copy may append.
package struct DeltaRows: Sendable {
  /// Rows a chunk; the first chunk starts smaller and is replaced as it grows.
  package static let chunkRowCount = 4096
  private static let firstChunkRowCount = 16

  package let dimension: Int
  package let element: VectorElement
  package let distance: Distance
  /// How rows are encoded; nil before the first and where codes do not pay.
  package private(set) var encoding: RowEncoding?
  package private(set) var count = 0
  private var chunks: [RowChunk] = []
  let rowByteCount: Int

  /// - Parameter encoding: absent means around the first row.
  package init(dimension: Int, element: VectorElement, distance: Distance, encoding: RowEncoding?) {
    self.dimension = dimension
    self.element = element
    self.distance = distance
    self.encoding = encoding
    rowByteCount = element.byteCount(dimension: dimension)
  }

  /// Appends one row of `dimension` numbers that the element can hold.
  /// - Complexity: O(dimension), amortised.
  package mutating func append(_ values: [Float]) {
    precondition(values.count == dimension)
    if count == 0, encoding == nil {
      encoding = RowEncoding(center: values, element: element, distance: distance)
    }
    let index = count % Self.chunkRowCount
    if index == 0 {
      let rows = count == 0 ? Self.firstChunkRowCount : Self.chunkRowCount
      chunks.append(RowChunk(rowCountMax: rows, rowByteCount: rowByteCount, encoding: encoding))
    } else if let last = chunks.last, index == last.rowCountMax {
      chunks[chunks.count - 1] = last.grown(to: min(4 * index, Self.chunkRowCount))
    }
    chunks[chunks.count - 1].append(values, as: element, at: index)
    count += 1
  }

  /// One row, `[dimension]` numbers of `element`, valid as long as this value lives.
  package func row(_ index: Int) -> UnsafeRawPointer {
    precondition(index >= 0 && index < count)
    return unsafe chunks[index / Self.chunkRowCount].base + index % Self.chunkRowCount * rowByteCount
  }

  /// The rows as a flat scan takes them, in their order.
  package var scanChunks: [FlatScan.Chunk] {
    chunks.enumerated().map { index, chunk in
      FlatScan.Chunk(
        vectors: chunk.rows, codes: chunk.codes,
        count: min(Self.chunkRowCount, count - index * Self.chunkRowCount)
      )
    }
  }
}

/// Memory for `rowCountMax` rows, written once each.
@safe private final class RowChunk: @unchecked Sendable {
  let rowCountMax: Int
  /// The rows that were appended never change.
  let rows: MemorySlice
  let codes: MemorySlice?
  private let rowByteCount: Int
  private let encoding: RowEncoding?
  private let memory: UnsafeMutableRawPointer
  /// Where `codes` begins.
  private let codeMemory: UnsafeMutableRawPointer?
  /// Only the writer looks at it.
  private var filledCount = 0

  init(rowCountMax: Int, rowByteCount: Int, encoding: RowEncoding?) {
    self.rowCountMax = rowCountMax
    self.rowByteCount = rowByteCount
    self.encoding = encoding
    unsafe (memory, rows) = Self.allocate(rowCountMax * rowByteCount)
    guard let encoding else {
      unsafe (codeMemory, codes) = (nil, nil)
      return
    }
    unsafe (codeMemory, codes) = Self.allocate(rowCountMax * encoding.stride)
  }

  /// Zeroed memory, aligned to 64 bytes, so that a row of a multiple of 16 floats stays so.
  private static func allocate(_ byteCount: Int) -> (UnsafeMutableRawPointer, MemorySlice) {
    guard let memory = try? AnonymousMemory(byteCount: byteCount), let start = unsafe memory.bytes.baseAddress
    else { preconditionFailure("no memory for \(byteCount) bytes of rows that are in the log") }
    return unsafe (start, memory.slice(count: byteCount))
  }

  var base: UnsafeRawPointer { unsafe UnsafeRawPointer(memory) }

  func append(_ values: [Float], as element: VectorElement, at index: Int) {
    precondition(index == filledCount && index < rowCountMax, "only the newest copy may append")
    let target = unsafe memory + index * rowByteCount
    unsafe values.withUnsafeBufferPointer {
      guard let source = $0.baseAddress else { return }
      unsafe element.encode(source, count: values.count, into: target)
    }
    if let encoding, let codeMemory = unsafe codeMemory {
      unsafe encoding.encode(
        target.assumingMemoryBound(to: Float.self), into: codeMemory + index * encoding.stride)
    }
    filledCount += 1
  }

  func grown(to rowCount: Int) -> RowChunk {
    let chunk = RowChunk(rowCountMax: rowCount, rowByteCount: rowByteCount, encoding: encoding)
    unsafe chunk.memory.copyMemory(from: memory, byteCount: filledCount * rowByteCount)
    if let encoding, let old = unsafe codeMemory, let new = unsafe chunk.codeMemory {
      unsafe new.copyMemory(from: old, byteCount: filledCount * encoding.stride)
    }
    chunk.filledCount = filledCount
    return chunk
  }
}
