import VectorIndex
import VectorModel

/// Rows made of a few cluster centres and noise, and their exact neighbours.
struct SyntheticRows {
  let count: Int
  let dimension: Int
  let distance: Distance
  var values: [Float]
  /// The cluster of each row.
  private(set) var clusters: [Int]

  init(count: Int, dimension: Int, distance: Distance, clusters clusterCount: Int = 8, seed: UInt64) {
    var random = SplitMix64(state: seed)
    let centres = (0..<clusterCount).map { _ in
      (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
    }
    self.count = count
    self.dimension = dimension
    self.distance = distance
    values = []
    clusters = []
    for _ in 0..<count {
      let cluster = Int.random(in: 0..<clusterCount, using: &random)
      var vector = centres[cluster].map { $0 + Float.random(in: -0.6...0.6, using: &random) }
      if distance == .cosine { Self.normalise(&vector) }
      values += vector
      clusters.append(cluster)
    }
  }

  init(_ vectors: [[Float]], dimension: Int, distance: Distance) {
    count = vectors.count
    self.dimension = dimension
    self.distance = distance
    values = vectors.flatMap { $0 }
    clusters = [Int](repeating: 0, count: vectors.count)
  }

  static func normalise(_ vector: inout [Float]) {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    if length > 0 { vector = vector.map { $0 / length } }
  }

  func row(_ index: Int) -> [Float] { Array(values[index * dimension..<(index + 1) * dimension]) }

  /// A row with noise: a query that has near neighbours.
  func query(_ random: inout SplitMix64) -> [Float] {
    var vector = row(Int.random(in: 0..<count, using: &random))
    for index in vector.indices { vector[index] += Float.random(in: -0.2...0.2, using: &random) }
    if distance == .cosine { Self.normalise(&vector) }
    return vector
  }

  var bytes: [UInt8] { unsafe values.withUnsafeBytes { unsafe [UInt8]($0) } }

  var memory: MemorySlice { MemorySlice(MemoryRegion(copying: bytes)) }

  /// The ordering value, plainly computed.
  func distance(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Double = 0
    for (x, y) in zip(a, b) {
      switch distance {
      case .cosine, .dot: sum -= Double(x) * Double(y)
      case .euclid: sum += (Double(x) - Double(y)) * (Double(x) - Double(y))
      case .manhattan, .hamming, .jaccard: sum += abs(Double(x) - Double(y))
      }
    }
    return Float(sum)
  }

  /// The nearest accepted rows by any score of a row (smaller is nearer).
  func nearest(_ limit: Int, accept: Bitset? = nil, score: ([Float]) -> Float) -> [Neighbor] {
    let all = (0..<count).filter { accept?[$0] ?? true }.map {
      Neighbor(row: UInt32($0), distance: score(row($0)))
    }
    return Array(all.sorted().prefix(limit))
  }

  func nearest(_ query: [Float], _ limit: Int, accept: Bitset? = nil) -> [Neighbor] {
    nearest(limit, accept: accept) { distance(query, $0) }
  }

  /// The part over these rows, with a graph whatever their number.
  func part(
    m: Int = 8, efConstruction: Int = 60, alpha: Float = 1, keepsPruned: Bool = true, codeBits: Int = 4,
    threads: Int = 1,
    threshold: Int = 0
  ) throws -> VectorPart? {
    try VectorPart.build(
      rows: memory, count: count, dimension: dimension, distance: distance,
      parameters: GraphParameters(
        m: m, efConstruction: efConstruction, fullScanThresholdKilobytes: threshold, alpha: alpha,
        keepsPruned: keepsPruned, codeBits: codeBits),
      threads: threads)
  }

  /// The share of the exact neighbours that a part finds, over several queries.
  func recall(
    of part: VectorPart, options: PartSearchOptions, accept: RowFilter? = nil, queries: Int = 30,
    seed: UInt64 = 9
  ) throws -> Double {
    var random = SplitMix64(state: seed)
    let scratch = SearchScratch()
    var statistics = SearchStatistics()
    var (hits, wanted) = (0, 0)
    for _ in 0..<queries {
      let query = query(&random)
      let found = try part.search(
        .nearest(query), options: options, accept: accept, scratch: scratch, statistics: &statistics)
      let exact = nearest(query, options.limit, accept: accept?.rows)
      guard let farthest = exact.last else { continue }
      wanted += exact.count
      hits += found.filter { $0.distance <= farthest.distance + 1e-5 }.count
    }
    return wanted == 0 ? 1 : Double(hits) / Double(wanted)
  }
}

extension Distance {
  /// Those of vectors of numbers.
  static let ofNumbers = allCases.filter { !$0.comparesBits }
}
