import Testing
import VectorIndex
import VectorModel

/// Searches over rows of every element under every distance, against plain sums in double precision.
@Suite struct ElementSearchTests {
  struct Kind: Sendable, CustomTestStringConvertible {
    let element: VectorElement
    let distance: Distance

    var testDescription: String { "\(element) \(distance)" }

    static let all = VectorElement.allCases.flatMap { element in
      Distance.allCases.filter { $0.comparesBits == (element == .bit) }
        .map { Kind(element: element, distance: $0) }
    }
  }

  /// Rows around a few centres, as numbers that the element has.
  private struct Rows {
    let kind: Kind
    let dimension: Int
    private(set) var values: [[Float]] = []
    private var centres: [[Float]] = []
    var random: SplitMix64

    init(_ kind: Kind, count: Int, dimension: Int, clusters: Int = 12, seed: UInt64) {
      self.kind = kind
      self.dimension = dimension
      random = SplitMix64(state: seed)
      for _ in 0..<clusters { centres.append((0..<dimension).map { _ in number() }) }
      for _ in 0..<count { values.append(vector()) }
    }

    private mutating func number() -> Float {
      switch kind.element {
      case .float32, .float16: Float.random(in: -1...1, using: &random)
      case .uint8: Float(Int.random(in: 40...215, using: &random))
      case .bit: Bool.random(using: &random) ? 1 : 0
      }
    }

    /// Something near to a centre.
    mutating func vector() -> [Float] {
      var vector = centres[Int.random(in: 0..<centres.count, using: &random)]
      for index in vector.indices {
        switch kind.element {
        case .float32, .float16: vector[index] += Float.random(in: -0.5...0.5, using: &random)
        case .uint8: vector[index] += Float(Int.random(in: -40...40, using: &random))
        case .bit: if Int.random(in: 0..<6, using: &random) == 0 { vector[index] = 1 - vector[index] }
        }
      }
      if kind.distance == .cosine, kind.element != .uint8 { SyntheticRows.normalise(&vector) }
      return PackedVector(vector, as: kind.element).values
    }

    var bytes: [UInt8] { values.flatMap { PackedVector($0, as: kind.element).bytes } }

    func part(threshold: Int = 0) throws -> VectorPart? {
      try VectorPart.build(
        rows: MemorySlice(MemoryRegion(copying: bytes)), count: values.count, dimension: dimension,
        element: kind.element, distance: kind.distance,
        parameters: GraphParameters(m: 8, efConstruction: 60, fullScanThresholdKilobytes: threshold))
    }

    /// The ordering value in double precision.
    func distance(_ a: [Float], _ b: [Float]) -> Double {
      var (dot, squaresOfA, squaresOfB, squares, differences) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for index in 0..<dimension {
        let (x, y) = (Double(a[index]), Double(b[index]))
        dot += x * y
        squaresOfA += x * x
        squaresOfB += y * y
        squares += (x - y) * (x - y)
        differences += abs(x - y)
      }
      switch kind.distance {
      case .cosine:
        if kind.element != .uint8 { return -dot }
        return squaresOfA > 0 && squaresOfB > 0 ? -dot / (squaresOfA * squaresOfB).squareRoot() : 0
      case .dot: return -dot
      case .euclid: return squares
      case .manhattan, .hamming: return differences
      case .jaccard:
        let either = squaresOfA + squaresOfB - dot
        return either > 0 ? 1 - dot / either : 0
      }
    }

    func nearest(_ query: [Float], _ limit: Int) -> [Double] {
      Array(values.map { distance(query, $0) }.sorted().prefix(limit))
    }

    /// The share of the exact neighbours that searches find.
    mutating func recall(_ part: VectorPart, _ options: PartSearchOptions, queries: Int) throws -> Double {
      let scratch = SearchScratch()
      var statistics = SearchStatistics()
      var (hits, wanted) = (0, 0)
      for _ in 0..<queries {
        let query = vector()
        let found = try part.search(
          .nearest(query), options: options, scratch: scratch, statistics: &statistics)
        for neighbour in found {
          let expected = distance(query, values[Int(neighbour.row)])
          #expect(abs(Double(neighbour.distance) - expected) <= 1e-5 * max(1, abs(expected)))
        }
        let exact = nearest(query, options.limit)
        let last = exact[exact.count - 1]
        wanted += exact.count
        hits += found.count { Double($0.distance) <= last + 1e-5 * max(1, abs(last)) }
      }
      return Double(hits) / Double(wanted)
    }
  }

  @Test(arguments: Kind.all) func findsNearestNeighbours(kind: Kind) throws {
    var rows = Rows(kind, count: 1200, dimension: 45, seed: 61)
    let part = try #require(try rows.part())
    #expect(part.hasGraph && part.element == kind.element)
    let exact = try rows.recall(part, PartSearchOptions(limit: 10, exact: true), queries: 20)
    #expect(exact == 1)
    let walk = PartSearchOptions(limit: 10, ef: 80, plan: .traversal)
    let walked = try rows.recall(part, walk, queries: 40)
    // Long rows of bytes are near to all others by their products, and a small graph leads to few of them.
    #expect(walked >= (kind.distance == .dot ? 0.9 : 0.96), "seed 61")
    let scanned = try rows.recall(part, PartSearchOptions(limit: 10, plan: .codeScan), queries: 20)
    #expect(scanned >= 0.99)
    let rowBytes = kind.element.byteCount(dimension: 45)
    #expect(part.vectors.count == 1200 * rowBytes)
  }

  @Test(arguments: Kind.all) func answersAreTheSameAfterReading(kind: Kind) throws {
    var rows = Rows(kind, count: 300, dimension: 21, seed: 62)
    let part = try #require(try rows.part())
    var contents: [String: [UInt8]] = [:]
    for section in part.sections() {
      contents[section.name] = withExtendedLifetime(section.bytes) { unsafe [UInt8](section.bytes.bytes) }
    }
    #expect(contents["header"]?[4] == (kind.element == .float32 ? 2 : 3))
    let hasCodes =
      (kind.element == .float32 || kind.element == .float16) && kind.distance != .manhattan
    #expect((contents["codes"] != nil) == hasCodes)
    let again = try VectorPart(sections: { name in
      contents[name].map { MemorySlice(MemoryRegion(copying: $0)) }
    })
    #expect(again.element == kind.element && again.distance == kind.distance)
    let scratch = SearchScratch()
    for plan in [SearchPlan.traversal, .exactScan] {
      let query = rows.vector()
      let answers = try [part, again].map { part in
        var statistics = SearchStatistics()
        return try part.search(
          .nearest(query), options: PartSearchOptions(limit: 10, plan: plan), scratch: scratch,
          statistics: &statistics)
      }
      #expect(answers[0] == answers[1] && answers[0].count == 10)
    }
    contents["vectors"]?.removeLast()
    #expect(throws: RequestError.self) {
      try VectorPart(sections: { name in contents[name].map { MemorySlice(MemoryRegion(copying: $0)) } })
    }
  }

  /// Growing tiers, their parts, and what is gathered from both for a merge.
  @Test(arguments: Kind.all) func tiersAreScannedExactly(kind: Kind) throws {
    var source = Rows(kind, count: 1500, dimension: 19, seed: 63)
    var rows = VectorRows(dimension: 19, element: kind.element, distance: kind.distance)
    for (slot, values) in source.values.enumerated() {
      if slot == 700 {
        rows.closeTier()
        let gathered = try rows.gathered(Array(0..<UInt32(700)))
        let part = try #require(
          try VectorPart.build(
            rows: gathered, count: 700, dimension: 19, element: kind.element, distance: kind.distance,
            parameters: GraphParameters(m: 8, efConstruction: 60, fullScanThresholdKilobytes: 0)))
        let isInstalled = rows.install(part, replacing: [rows.tiers[0].id])
        #expect(isInstalled)
      }
      rows.put(values, slot: UInt32(slot))
    }
    for slot in [0, 699, 700, 1499] {
      #expect(rows.values(of: UInt32(slot)) == source.values[slot])
      #expect(rows.value(of: UInt32(slot)) == .dense(source.values[slot], as: kind.element))
    }
    let query = source.vector()
    var searches: [TierSearch] = []
    let found = try rows.search(
      .nearest(query), PartSearchOptions(limit: 20, exact: true), slots: nil, scratch: SearchScratch(),
      searches: &searches)
    #expect(searches.map(\.kind) == [.frozen, .delta])
    for (hit, expected) in zip(found, source.nearest(query, 20)) {
      let score =
        switch kind.distance {
        case .cosine, .dot: -expected
        case .euclid: expected.squareRoot()
        case .manhattan, .hamming, .jaccard: expected
        }
      #expect(abs(Double(hit.score) - score) <= 1e-5 * max(1, abs(score)))
    }
    let examples = (positives: [source.vector(), source.vector()], negatives: [source.vector()])
    let sums = try rows.search(
      .sumScores(positives: examples.positives, negatives: examples.negatives),
      PartSearchOptions(limit: 5, exact: true), slots: nil, scratch: SearchScratch(), searches: &searches)
    let best = source.values.map { row in
      examples.positives.reduce(0) { $0 + source.distance($1, row) }
        - examples.negatives.reduce(0) { $0 + source.distance($1, row) }
    }.sorted()
    for (hit, expected) in zip(sums, best) {
      #expect(abs(Double(hit.score) + expected) <= 1e-4 * max(1, abs(expected)))
    }
  }

  @Test func distancesThatAnElementHasNotAreRefused() {
    for (element, distance) in [
      (VectorElement.bit, Distance.euclid), (.float32, .hamming), (.uint8, .jaccard),
    ] {
      #expect(throws: RequestError.self) {
        try VectorPart.build(
          rows: MemorySlice(MemoryRegion(copying: [0])), count: 1, dimension: 1, element: element,
          distance: distance, parameters: GraphParameters())
      }
    }
  }

  /// 6,000 rows of 256 bits in clusters, as many links and as wide a walk as by default.
  @Test(arguments: [Distance.hamming, .jaccard]) func aGraphOfBitsKeepsItsRecall(distance: Distance) throws {
    var rows = Rows(
      Kind(element: .bit, distance: distance), count: 6000, dimension: 256, clusters: 60, seed: 64)
    let part = try #require(
      try VectorPart.build(
        rows: MemorySlice(MemoryRegion(copying: rows.bytes)), count: 6000, dimension: 256, element: .bit,
        distance: distance, parameters: GraphParameters(fullScanThresholdKilobytes: 1000), threads: 2))
    #expect(part.hasGraph)
    let recall = try rows.recall(part, PartSearchOptions(limit: 10), queries: 20)
    print(
      "bits \(distance): recall \(recall), \(part.vectors.count / part.count) bytes a row and "
        + "\(part.compactByteCount / part.count) of links")
    #expect(recall >= 0.95, "seed 64")
  }
}
