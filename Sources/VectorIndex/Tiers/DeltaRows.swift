package import VectorModel

/// Rows of one element that one writer appends and many readers scan, and codes of them. Copies share the rows.
///
/// A copy sees the rows that were there when it was made; the memory behind them never moves or changes
/// while a copy lives. Only the newest copy may append.
package struct DeltaRows: Sendable {
  /// Rows that there is room for at first; memory is replaced by more of it up to the last step, which takes all that
  /// will come: it is only reserved, and the system gives pages as they are written.
  private static let growth = [16, 64, 256, 1024, 4096]
  private static let reservedBytesMax = 256 << 20

  package let dimension: Int
  package let element: VectorElement
  package let distance: Distance
  /// How rows are encoded; nil before the first and where codes do not pay.
  package private(set) var encoding: RowEncoding?
  package private(set) var count = 0
  private var chunk: RowChunk?
  let rowByteCount: Int

  /// - Parameter encoding: absent means around the first row.
  package init(dimension: Int, element: VectorElement, distance: Distance, encoding: RowEncoding?) {
    self.dimension = dimension
    self.element = element
    self.distance = distance
    self.encoding = encoding
    rowByteCount = element.byteCount(dimension: dimension)
  }

  /// Most rows: `VectorRows.tierRowsMax`, fewer of long vectors.
  package var countMax: Int {
    let byteCount = rowByteCount + (encoding?.stride ?? rowByteCount)
    return min(VectorRows.tierRowsMax, max(Self.growth.last ?? 1, Self.reservedBytesMax / byteCount))
  }

  /// Appends one row of `dimension` numbers that the element can hold.
  /// - Precondition: `count` is below `countMax`.
  /// - Complexity: O(dimension), amortised.
  package mutating func append(_ values: [Float]) {
    precondition(values.count == dimension && count < countMax)
    if count == 0, encoding == nil {
      encoding = RowEncoding(center: values, element: element, distance: distance)
    }
    if count == chunk?.rowCountMax ?? 0 { chunk = grown() }
    chunk?.append(values, as: element, at: count)
    count += 1
  }

  /// Room for more rows: for all that will come in the end, or for less where the system does not reserve so much.
  private func grown() -> RowChunk {
    let wanted = Self.growth.first { $0 > count } ?? countMax
    for rowCountMax in [wanted, 4 * count, 2 * count] where rowCountMax > count && rowCountMax <= wanted {
      let chunk = RowChunk(rowCountMax, rowByteCount: rowByteCount, encoding: encoding, copying: chunk)
      if let chunk { return chunk }
    }
    preconditionFailure(
      "no memory for more than \(count) rows of \(rowByteCount) bytes, which are in the log")
  }

  /// Gives back the memory of rows that will not come.
  func giveBackRoom() { chunk?.giveBackRoom() }

  /// One row, `[dimension]` numbers of `element`, valid as long as this value lives.
  package func row(_ index: Int) -> UnsafeRawPointer {
    guard let chunk, index >= 0 && index < count else { preconditionFailure("row \(index) of \(count)") }
    return unsafe chunk.base + index * rowByteCount
  }

  /// The first `count` rows, and their codes where they have some.
  /// - Precondition: there are so many, and one at least.
  func tables(count: Int) -> (vectors: VectorTable, codes: CodeTable?) {
    guard let chunk, count > 0 && count <= self.count else {
      preconditionFailure("\(count) of \(self.count)")
    }
    let vectors = VectorTable(
      vectors: chunk.rows, count: count, dimension: dimension, element: element, distance: distance)
    guard let encoding, let codes = chunk.codes else { return (vectors, nil) }
    return (vectors, encoding.table(codes, count: count))
  }

  /// The rows from `first` on as a flat scan takes them; none where there are none.
  func scanChunks(from first: Int) -> [FlatScan.Chunk] {
    guard let chunk, first < count else { return [] }
    return [
      FlatScan.Chunk(
        vectors: chunk.rows.dropping(first * rowByteCount),
        codes: chunk.codes.map { $0.dropping(first * (encoding?.stride ?? 0)) }, count: count - first)
    ]
  }
}

extension MemorySlice {
  /// The same without the first bytes.
  fileprivate func dropping(_ byteCount: Int) -> MemorySlice {
    MemorySlice(region, offset: offset + byteCount, count: count - byteCount)
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

  /// - Parameter old: fewer rows, which are copied.
  /// - Returns: nil when the system refuses the memory.
  init?(_ rowCountMax: Int, rowByteCount: Int, encoding: RowEncoding?, copying old: RowChunk?) {
    self.rowCountMax = rowCountMax
    self.rowByteCount = rowByteCount
    self.encoding = encoding
    // Of the rows in full few are read.
    guard let vectors = unsafe Self.allocate(rowCountMax * rowByteCount, isRandomlyRead: encoding == nil)
    else { return nil }
    unsafe (memory, rows) = unsafe vectors
    if let encoding {
      guard let allocated = unsafe Self.allocate(rowCountMax * encoding.stride, isRandomlyRead: true)
      else { return nil }
      unsafe (codeMemory, codes) = unsafe allocated
    } else {
      unsafe (codeMemory, codes) = (nil, nil)
    }
    guard let old else { return }
    unsafe memory.copyMemory(from: old.memory, byteCount: old.filledCount * rowByteCount)
    if let encoding, let source = unsafe old.codeMemory, let target = unsafe codeMemory {
      unsafe target.copyMemory(from: source, byteCount: old.filledCount * encoding.stride)
    }
    filledCount = old.filledCount
  }

  /// Zeroed memory, aligned to 64 bytes, so that a row of a multiple of 16 floats stays so; nil where there is none.
  private static func allocate(
    _ byteCount: Int, isRandomlyRead: Bool
  ) -> (UnsafeMutableRawPointer, MemorySlice)? {
    guard let memory = try? AnonymousMemory(byteCount: byteCount, isRandomlyRead: isRandomlyRead),
      let start = unsafe memory.bytes.baseAddress
    else { return nil }
    return unsafe (start, memory.slice(count: byteCount))
  }

  var base: UnsafeRawPointer { unsafe UnsafeRawPointer(memory) }

  func giveBackRoom() {
    rows.giveBack(from: filledCount * rowByteCount)
    if let encoding { codes?.giveBack(from: filledCount * encoding.stride) }
  }

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
}
