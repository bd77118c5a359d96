import CKernels
import VectorModel

/// Chooses the smallest codes that still rank rows well, by trying them on a sample.
struct CodeCalibration {
  /// Rows of the sample at most, and how many of them are searched for.
  private static let sampleMax = 8192
  private static let queriesCount = 48
  /// Below this many rows codes are bytes: there is little to gain and little to judge by.
  private static let rowsMin = 1000
  /// Of the exact 10 nearest, the share that must be among the 15 nearest by code.
  private static let recallMin = 0.98

  /// Half a step of nibbles relative to the deviation of what they stand for.
  private static let scalePerDeviation: Float = 0.18

  /// Float32 rows.
  let sample: VectorTable
  let distance: Distance
  let mean: MemorySlice

  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(_ table: VectorTable, distance: Distance, mean: MemorySlice) throws(RequestError) {
    self.distance = distance
    self.mean = mean
    let count = min(table.count, Self.sampleMax)
    let rowBytes = table.dimension * 4
    let memory = try AnonymousMemory(byteCount: count * rowBytes)
    let floats = FloatRows(table)
    for index in 0..<count {
      unsafe (memory.bytes.baseAddress.unsafelyUnwrapped + index * rowBytes)
        .copyMemory(from: floats[index * table.count / count], byteCount: rowBytes)
    }
    sample = VectorTable(
      vectors: memory.slice(count: count * rowBytes), count: count, dimension: table.dimension,
      element: .float32,
      distance: distance)
  }

  /// The format to use and the scale that goes with it.
  func choose() throws(RequestError) -> (format: CodeFormat, uniformScale: Float) {
    let dimension = sample.dimension
    let isSmaller =
      CodeFormat.nibbles.stride(dimension: dimension) < CodeFormat.bytes.stride(dimension: dimension)
    if sample.count < Self.rowsMin { return (.bytes, 1) }
    let exact = exactNeighbours()
    let scale = uniformScale()
    for format in [CodeFormat.uniformNibbles, .nibbles] where CodeTable.supports(format, distance: distance) {
      if format.hasTails && !isSmaller { continue }
      let codes = try CodeTable.encode(
        sample, distance: distance, format: format, mean: mean, uniformScale: scale)
      if recall(of: codes, exact) >= Self.recallMin { return (format, scale) }
    }
    return (.bytes, 1)
  }

  private var queries: [Int] {
    (0..<Self.queriesCount).map { $0 * sample.count / Self.queriesCount }
  }

  private func exactNeighbours() -> [Set<UInt32>] {
    let scratch = SearchScratch()
    return queries.map { row in
      let scorer = unsafe sample.scorer(query: sample.row(row))
      return unsafe Set(nearest(scorer, 11, scratch).filter { $0 != row })
    }
  }

  private func recall(of codes: CodeTable, _ exact: [Set<UInt32>]) -> Double {
    let scratch = SearchScratch()
    let memory = UnsafeMutableRawPointer.allocate(byteCount: codes.queryByteCount, alignment: 64)
    defer { unsafe memory.deallocate() }
    let floats = FloatRows(sample)
    var hits = 0
    var wanted = 0
    for (row, expected) in zip(queries, exact) {
      let scorer = unsafe codes.scorer(query: floats[row], memory: memory)
      let found = unsafe Set(nearest(scorer, 16, scratch))
      hits += expected.intersection(found).count
      wanted += expected.count
    }
    return Double(hits) / Double(max(wanted, 1))
  }

  private func nearest<Scorer: RowScorer>(_ scorer: Scorer, _ limit: Int, _ scratch: SearchScratch)
    -> [UInt32]
  {
    var pool = unsafe scratch.candidates(capacity: limit)
    var scan = unsafe RowScan(scorer: scorer, scratch: scratch)
    unsafe scan.run(0..<sample.count, accepted: nil, into: &pool)
    return unsafe (0..<pool.count).map { unsafe CandidatePool.node(pool.entries[$0]) }
  }

  /// The deviation of elements that a scale of all rows suits.
  static func deviation(ofScale scale: Float) -> Float { scale / scalePerDeviation }

  /// Half the step that loses least when all rows share it: a multiple of the elements' deviation.
  private func uniformScale() -> Float {
    let center = unsafe mean.pointer(to: Float.self)
    let floats = FloatRows(sample)
    var sum = 0.0
    for row in queries {
      sum += Double(unsafe BestKernels.table.pointee.squared_l2(floats[row], center, sample.dimension))
    }
    let deviation = Float((sum / Double(Self.queriesCount * sample.dimension)).squareRoot())
    guard deviation.isFinite, deviation > 1e-18 else { return 1 }
    return deviation * Self.scalePerDeviation
  }
}
