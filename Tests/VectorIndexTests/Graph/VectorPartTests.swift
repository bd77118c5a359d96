import Testing
import VectorIndex
import VectorModel

@Suite struct VectorPartTests {
  @Test(arguments: Distance.ofNumbers) func findsNearestNeighbours(distance: Distance) throws {
    let rows = SyntheticRows(count: 1500, dimension: 24, distance: distance, seed: 11)
    let part = try #require(try rows.part())
    #expect(part.hasGraph)
    let options = PartSearchOptions(limit: 10, ef: 80, plan: .traversal)
    #expect(try rows.recall(of: part, options: options) >= 0.97)
    #expect(try rows.recall(of: part, options: PartSearchOptions(limit: 10, plan: .codeScan)) >= 0.995)
    #expect(try rows.recall(of: part, options: PartSearchOptions(limit: 10, exact: true)) == 1)
  }

  @Test(arguments: [Distance.cosine, .dot, .euclid]) func smallerCodesFindThemToo(distance: Distance) throws {
    let rows = SyntheticRows(count: 1500, dimension: 136, distance: distance, clusters: 1, seed: 10)
    let (bytes, nibbles) = (try #require(try rows.part(codeBits: 8)), try #require(try rows.part()))
    #expect(nibbles.compactByteCount < bytes.compactByteCount)
    for part in [bytes, nibbles] {
      for plan in [SearchPlan.traversal, .codeScan] {
        let options = PartSearchOptions(limit: 10, ef: 300, plan: plan)
        #expect(try rows.recall(of: part, options: options, queries: 15) >= 0.96, "\(plan)")
      }
    }
  }

  @Test(arguments: [Distance.cosine, .dot, .euclid]) func signsFindThemWithMoreRescoring(distance: Distance)
    throws
  {
    let rows = SyntheticRows(count: 1500, dimension: 136, distance: distance, clusters: 1, seed: 10)
    let part = try #require(try rows.part(codeBits: 1))
    let bytes = try #require(try rows.part(codeBits: 8))
    #expect(part.compactByteCount < bytes.compactByteCount - 1500 * 64)
    for plan in [SearchPlan.traversal, .codeScan] {
      let options = PartSearchOptions(limit: 10, ef: 300, oversampling: 30, plan: plan)
      #expect(try rows.recall(of: part, options: options, queries: 15) >= 0.9, "\(plan)")
    }
    var statistics = SearchStatistics()
    let usual = PartSearchOptions(limit: 10, ef: 20, plan: .traversal)
    _ = try part.search(
      .nearest(rows.row(3)), options: usual, scratch: SearchScratch(), statistics: &statistics)
    #expect(statistics.floatDistancesCount == 80, "eight times the limit are rescored unless asked otherwise")
  }

  /// Clusters so far from each other that no link leads from one to the next.
  @Test(arguments: [Distance.cosine, .euclid]) func findsTheRightOneOfManyClusters(distance: Distance) throws
  {
    var random = SplitMix64(state: 23)
    let centres = (0..<100).map { _ in (0..<32).map { _ in Float.random(in: -1...1, using: &random) } }
    let vectors = (0..<6000).map { row in
      var vector = centres[row % 100].map { $0 + Float.random(in: -0.05...0.05, using: &random) }
      if distance == .cosine { SyntheticRows.normalise(&vector) }
      return vector
    }
    let rows = SyntheticRows(vectors, dimension: 32, distance: distance)
    let part = try #require(try rows.part(m: 4, efConstruction: 20))
    var statistics = SearchStatistics()
    for row in stride(from: 0, to: 6000, by: 7) {
      let found = try part.search(
        .nearest(rows.row(row)), options: PartSearchOptions(limit: 1, ef: 10, plan: .traversal),
        scratch: SearchScratch(), statistics: &statistics)
      #expect(found.first.map { Int($0.row) % 100 } == row % 100, "seed 23, row \(row)")
    }
  }

  @Test func walksEndWhenNothingNearComesAnyMore() throws {
    let rows = SyntheticRows(count: 2000, dimension: 16, distance: .euclid, seed: 24)
    let part = try #require(try rows.part())
    var visited: [Int] = []
    for limit in [10, 600] {
      var statistics = SearchStatistics()
      let options = PartSearchOptions(limit: limit, ef: 600, plan: .traversal)
      let found = try part.search(
        .nearest(rows.row(3)), options: options, scratch: SearchScratch(), statistics: &statistics)
      #expect(found.count == limit)
      visited.append(statistics.visitedNodesCount)
    }
    #expect(visited[0] < visited[1] * 3 / 4 && visited[1] >= 600)
    #expect(
      try rows.recall(of: part, options: PartSearchOptions(limit: 10, ef: 600, plan: .traversal)) >= 0.99)
  }

  @Test func distancesAreThoseOfFullVectors() throws {
    for distance in Distance.ofNumbers {
      let rows = SyntheticRows(count: 300, dimension: 40, distance: distance, seed: 12)
      let part = try #require(try rows.part())
      var random = SplitMix64(state: 1)
      let query = rows.query(&random)
      var statistics = SearchStatistics()
      let found = try part.search(
        .nearest(query), options: PartSearchOptions(limit: 20, plan: .traversal), scratch: SearchScratch(),
        statistics: &statistics)
      #expect(found.count == 20)
      #expect(found == found.sorted())
      for neighbour in found {
        let expected = rows.distance(query, rows.row(Int(neighbour.row)))
        #expect(abs(neighbour.distance - expected) <= 1e-4 * max(1, abs(expected)))
      }
      #expect(statistics.plans == [.traversal])
      #expect(statistics.visitedNodesCount > 0)
      #expect((statistics.codeDistancesCount > 0) == (distance != .manhattan))
      #expect(statistics.floatDistancesCount > 0)
    }
  }

  @Test(arguments: Distance.ofNumbers) func fewRows(distance: Distance) throws {
    for count in 0...3 {
      let rows = SyntheticRows(count: count, dimension: 5, distance: distance, seed: 13)
      let part = try #require(try rows.part())
      for plan in [nil, SearchPlan.traversal, .codeScan, .exactScan] {
        var statistics = SearchStatistics()
        let found = try part.search(
          .nearest([0.1, 0.2, 0.3, 0.4, 0.5]), options: PartSearchOptions(limit: 10, plan: plan),
          scratch: SearchScratch(), statistics: &statistics)
        #expect(Set(found.map(\.row)) == Set((0..<count).map(UInt32.init)))
      }
    }
  }

  @Test(arguments: [1, 2, 56, 57, 64, 65, 1536, 65_536]) func anyDimension(dimension: Int) throws {
    for distance in Distance.ofNumbers {
      let rows = SyntheticRows(count: 40, dimension: dimension, distance: distance, seed: 14)
      let part = try #require(try rows.part(m: 4))
      #expect(
        try rows.recall(of: part, options: PartSearchOptions(limit: 5, plan: .traversal), queries: 3) >= 0.9)
    }
  }

  @Test(arguments: [Distance.cosine, .euclid, .manhattan]) func exactDuplicatesStayReachable(
    distance: Distance
  ) throws {
    var rows = SyntheticRows(count: 200, dimension: 8, distance: distance, seed: 15)
    let copy = rows.row(0)
    rows = SyntheticRows(
      (0..<200).map { rows.row($0) } + [[Float]](repeating: copy, count: 600), dimension: 8,
      distance: distance)
    let part = try #require(try rows.part())
    var statistics = SearchStatistics()
    let found = try part.search(
      .nearest(copy), options: PartSearchOptions(limit: 601, ef: 601, plan: .traversal),
      scratch: SearchScratch(),
      statistics: &statistics)
    #expect(found.filter { $0.row == 0 || $0.row >= 200 }.count == 601)
    #expect(found.map(\.row) == found.map(\.row).sorted())
  }

  @Test(arguments: Distance.ofNumbers) func zeroVectors(distance: Distance) throws {
    let rows = SyntheticRows(
      [[Float]](repeating: [0, 0, 0], count: 300), dimension: 3, distance: distance)
    let part = try #require(try rows.part())
    var statistics = SearchStatistics()
    let found = try part.search(
      .nearest([0, 0, 0]), options: PartSearchOptions(limit: 300, ef: 300, plan: .traversal),
      scratch: SearchScratch(), statistics: &statistics)
    #expect(found.count == 300)
    #expect(found.allSatisfy { $0.distance == 0 })
  }

  @Test func everyRowIsReachableFromTheEntries() throws {
    let rows = SyntheticRows(count: 800, dimension: 2, distance: .euclid, clusters: 60, seed: 16)
    let part = try #require(try rows.part(m: 2, efConstruction: 4))
    var statistics = SearchStatistics()
    let found = try part.search(
      .nearest([0, 0]), options: PartSearchOptions(limit: 800, ef: 800, plan: .traversal),
      scratch: SearchScratch(),
      statistics: &statistics)
    #expect(found.count == 800)
  }

  @Test func severalThreadsBuildAsGoodAGraph() throws {
    let rows = SyntheticRows(count: 2000, dimension: 16, distance: .euclid, seed: 17)
    let part = try #require(try rows.part(threads: 4))
    #expect(
      try rows.recall(of: part, options: PartSearchOptions(limit: 10, ef: 80, plan: .traversal)) >= 0.97)
  }

  @Test func oneThreadBuildsTheSameGraphAgain() throws {
    let rows = SyntheticRows(count: 500, dimension: 16, distance: .cosine, seed: 18)
    let (first, second) = (try #require(try rows.part()), try #require(try rows.part()))
    for ((name, left), (_, right)) in zip(first.sections(), second.sections()) {
      withExtendedLifetime((left, right)) {
        #expect(unsafe [UInt8](left.bytes) == [UInt8](right.bytes), "section \(name)")
      }
    }
  }

  @Test func relaxedAndFilledSelectionsWork() throws {
    let rows = SyntheticRows(count: 1200, dimension: 24, distance: .cosine, seed: 19)
    for (alpha, keepsPruned) in [(Float(1.2), false), (1, false), (1.2, true)] {
      let part = try #require(try rows.part(alpha: alpha, keepsPruned: keepsPruned))
      #expect(
        try rows.recall(of: part, options: PartSearchOptions(limit: 10, ef: 80, plan: .traversal)) >= 0.97)
    }
  }

  @Test func cancelledBuildGivesNothing() throws {
    let rows = SyntheticRows(count: 500, dimension: 8, distance: .dot, seed: 20)
    let part = try VectorPart.build(
      rows: rows.memory, count: rows.count, dimension: 8, distance: .dot,
      parameters: GraphParameters(fullScanThresholdKilobytes: 0), threads: 2, isCancelled: { true })
    #expect(part == nil)
  }

  @Test func smallPartsAndMZeroHaveNoGraph() throws {
    let rows = SyntheticRows(count: 400, dimension: 8, distance: .cosine, seed: 21)
    #expect(try rows.part(threshold: 10_000)?.hasGraph == false)
    let part = try #require(try rows.part(m: 0))
    #expect(!part.hasGraph)
    #expect(try rows.recall(of: part, options: PartSearchOptions(limit: 10)) >= 0.995)
  }

  @Test func badInputIsRefusedByName() throws {
    let rows = SyntheticRows(count: 10, dimension: 4, distance: .dot, seed: 22)
    #expect(throws: RequestError.self) { try rows.part(m: 513) }
    #expect(throws: RequestError.self) { try rows.part(efConstruction: 0) }
    #expect(throws: RequestError.self) { try rows.part(alpha: .nan) }
    #expect(throws: RequestError.self) { try rows.part(codeBits: 5) }
    #expect(throws: RequestError.self) {
      try VectorPart.build(
        rows: rows.memory, count: 11, dimension: 4, distance: .dot, parameters: GraphParameters())
    }
    #expect(throws: RequestError.self) {
      try VectorPart.build(
        rows: rows.memory, count: 10, dimension: 0, distance: .dot, parameters: GraphParameters())
    }
    let part = try #require(try rows.part())
    var statistics = SearchStatistics()
    let error = #expect(throws: RequestError.self) {
      try part.search(
        .nearest([1, 2, 3]), options: PartSearchOptions(limit: 1), scratch: SearchScratch(),
        statistics: &statistics)
    }
    #expect(error?.message == "Wrong input: Vector dimension error: expected dim: 4, got 3")
  }

  @Test func overflowingDistancesKeepTheSearchSane() throws {
    var vectors = (0..<200).map { [Float($0), 1, -1] }
    vectors.append([3e38, 3e38, -3e38])
    vectors.append([-3e38, 3e38, 3e38])
    for distance in Distance.ofNumbers {
      let rows = SyntheticRows(vectors, dimension: 3, distance: distance)
      let part = try #require(try rows.part())
      var statistics = SearchStatistics()
      for plan in [SearchPlan.traversal, .codeScan, .exactScan] {
        let found = try part.search(
          .nearest([5, 1, -1]), options: PartSearchOptions(limit: 10, plan: plan), scratch: SearchScratch(),
          statistics: &statistics)
        #expect(found.count == 10)
      }
    }
  }
}
