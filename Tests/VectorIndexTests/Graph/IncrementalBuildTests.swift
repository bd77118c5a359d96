import Testing
import VectorModel

@testable import VectorIndex

@Suite struct IncrementalBuildTests {
  private static let parameters = GraphParameters(m: 8, efConstruction: 64, fullScanThresholdKilobytes: 0)

  /// Some of all rows, in an order of their own, as a part.
  private struct Built {
    var rows: SyntheticRows
    /// Which of all rows each row is.
    var numbers: [Int]
    var part: VectorPart

    init(_ all: SyntheticRows, _ numbers: [Int], previous: Built? = nil, threads: Int = 1) throws {
      self.numbers = numbers
      rows = SyntheticRows(numbers.map(all.row), dimension: all.dimension, distance: all.distance)
      var places: [Int: UInt32] = [:]
      for (place, number) in (previous?.numbers ?? []).enumerated() { places[number] = UInt32(place) }
      let previousPart = previous.map { built in
        PreviousPart(part: built.part, rows: numbers.map { places[$0] ?? PreviousPart.noRow })
      }
      part = try #require(
        try VectorPart.build(
          rows: rows.memory, count: numbers.count, dimension: all.dimension, distance: all.distance,
          parameters: IncrementalBuildTests.parameters, previous: previousPart, threads: threads))
    }

    func recall(seed: UInt64) throws -> Double {
      var random = SplitMix64(state: seed)
      let scratch = SearchScratch()
      var hits = 0
      for _ in 0..<100 {
        let query = rows.query(&random)
        var statistics = SearchStatistics()
        let found = try part.search(
          .nearest(query), options: PartSearchOptions(limit: 10, ef: 30, plan: .traversal), scratch: scratch,
          statistics: &statistics)
        hits += Set(rows.nearest(query, 10).map(\.row)).intersection(found.map(\.row)).count
      }
      return Double(hits) / 1000
    }
  }

  @Test(arguments: [Distance.cosine, .manhattan], [1, 2])
  func fiveMergesAreAsGoodAsAWholeBuild(distance: Distance, threads: Int) throws {
    let all = SyntheticRows(count: 4000, dimension: 16, distance: distance, seed: 5)
    var random = SplitMix64(state: 17)
    var numbers = Array(0..<2000)
    var built = try Built(all, numbers)
    for round in 1...5 {
      numbers.removeAll { _ in Int.random(in: 0..<10, using: &random) == 0 }
      numbers += (2000 + (round - 1) * 400)..<(2000 + round * 400)
      if round % 2 == 0 { numbers.shuffle(using: &random) }
      built = try Built(all, numbers, previous: built, threads: threads)
      let graph = try #require(built.part.graph)
      try graph.validate()
      #expect(Reachability(graph: graph).unreached().isEmpty)
    }
    let incremental = try built.recall(seed: 3)
    let whole = try Built(all, numbers).recall(seed: 3)
    #expect(incremental >= whole - 0.01, "incremental \(incremental), whole \(whole)")
    #expect(incremental >= 0.9)
  }

  @Test func linksAreTakenOverWhereNothingChanges() throws {
    let all = SyntheticRows(count: 1000, dimension: 8, distance: .euclid, seed: 6)
    let first = try Built(all, Array(0..<1000))
    let second = try Built(all, Array(0..<1000), previous: first)
    let (old, new) = try (#require(first.part.graph), #require(second.part.graph))
    #expect(old.entryRows == new.entryRows)
    #expect(unsafe old.linkBytes.bytes.elementsEqual(new.linkBytes.bytes))
  }

  @Test func entriesThatHaveGoneAreReplaced() throws {
    let all = SyntheticRows(count: 1500, dimension: 8, distance: .euclid, seed: 7)
    let first = try Built(all, Array(0..<1000))
    let graph = try #require(first.part.graph)
    let gone = Set(graph.entryRows.map { Int($0) })
    let second = try Built(all, Array(0..<1500).filter { !gone.contains($0) }, previous: first)
    let new = try #require(second.part.graph)
    try new.validate()
    #expect(Reachability(graph: new).unreached().isEmpty)
    #expect(try second.recall(seed: 4) > 0.9)
  }

  @Test func fewSharedRowsMakeAWholeBuild() throws {
    let all = SyntheticRows(count: 2000, dimension: 8, distance: .euclid, seed: 8)
    let first = try Built(all, Array(0..<1000))
    let numbers = Array(700..<2000)
    let second = try Built(all, numbers, previous: first)
    let whole = try Built(all, numbers)
    let (links, expected) = try (#require(second.part.graph), #require(whole.part.graph))
    #expect(unsafe links.linkBytes.bytes.elementsEqual(expected.linkBytes.bytes))
  }
}
