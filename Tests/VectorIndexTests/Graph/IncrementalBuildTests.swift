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

    init(
      _ all: SyntheticRows, _ numbers: [Int], previous: [Built] = [], parameters: GraphParameters? = nil,
      threads: Int = 1
    ) throws {
      self.numbers = numbers
      rows = SyntheticRows(numbers.map(all.row), dimension: all.dimension, distance: all.distance)
      let previousParts = previous.map { built in
        var places: [Int: UInt32] = [:]
        for (place, number) in built.numbers.enumerated() { places[number] = UInt32(place) }
        return PreviousPart(part: built.part, rows: numbers.map { places[$0] ?? PreviousPart.noRow })
      }
      part = try #require(
        try VectorPart.build(
          rows: rows.memory, count: numbers.count, dimension: all.dimension, distance: all.distance,
          parameters: parameters ?? IncrementalBuildTests.parameters, previous: previousParts,
          threads: threads))
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

  /// - Parameter isLinked: whether new rows have links among themselves before they are merged
  @Test(arguments: [(Distance.cosine, 1), (.cosine, 2), (.manhattan, 1), (.manhattan, 2)], [false, true])
  func fiveMergesAreAsGoodAsAWholeBuild(_ kind: (distance: Distance, threads: Int), isLinked: Bool) throws {
    let (distance, threads) = kind
    let all = SyntheticRows(count: 4000, dimension: 16, distance: distance, seed: 5)
    var random = SplitMix64(state: 17)
    var numbers = Array(0..<2000)
    var built = try Built(all, numbers)
    for round in 1...5 {
      numbers.removeAll { _ in Int.random(in: 0..<10, using: &random) == 0 }
      let new = Array((2000 + (round - 1) * 400)..<(2000 + round * 400))
      numbers += new
      if round % 2 == 0 { numbers.shuffle(using: &random) }
      let linked = isLinked ? [try Built(all, new, threads: threads)] : []
      built = try Built(all, numbers, previous: [built] + linked, threads: threads)
      let graph = try #require(built.part.graph)
      try graph.validate()
      #expect(Reachability(graph: graph).unreached().isEmpty)
    }
    let incremental = try built.recall(seed: 3)
    let whole = try Built(all, numbers).recall(seed: 3)
    #expect(incremental >= whole - 0.015, "incremental \(incremental), whole \(whole)")
    #expect(incremental >= 0.9)
  }

  @Test func partsOfOneSizeAreMergedByWhatTheyKnow() throws {
    let all = SyntheticRows(count: 2000, dimension: 16, distance: .cosine, seed: 9)
    var other = Self.parameters
    other.efConstruction = 50
    let parts = try (0..<4).map { try Built(all, Array($0 * 500..<($0 + 1) * 500), parameters: other) }
    let numbers = Array(0..<2000)
    let merged = try Built(all, numbers, previous: parts)
    let graph = try #require(merged.part.graph)
    try graph.validate()
    #expect(Reachability(graph: graph).unreached().isEmpty)
    let (recall, whole) = (try merged.recall(seed: 3), try Built(all, numbers).recall(seed: 3))
    #expect(recall >= whole - 0.01, "merged \(recall), whole \(whole)")
  }

  @Test func newRowsElsewhereGetEntriesOfTheirOwn() throws {
    var random = SplitMix64(state: 4)
    let rows = (0..<3000).map { number in
      (0..<8).map { _ in Float.random(in: -1...1, using: &random) + (number < 2000 ? 0 : 50) }
    }
    let all = SyntheticRows(rows, dimension: 8, distance: .euclid)
    let first = try Built(all, Array(0..<2000))
    let near = try Built(all, Array(0..<1000) + Array(1000..<2000), previous: [first])
    #expect(try #require(near.part.graph).entryRows == #require(first.part.graph).entryRows)
    let grown = try Built(all, Array(0..<3000), previous: [first])
    #expect(try #require(grown.part.graph).entryRows.contains { $0 >= 2000 })
    #expect(try grown.recall(seed: 5) > 0.9)
  }

  @Test func linksAreTakenOverWhereNothingChanges() throws {
    let all = SyntheticRows(count: 1000, dimension: 8, distance: .euclid, seed: 6)
    let first = try Built(all, Array(0..<1000))
    let second = try Built(all, Array(0..<1000), previous: [first])
    let (old, new) = try (#require(first.part.graph), #require(second.part.graph))
    #expect(old.entryRows == new.entryRows)
    #expect(unsafe old.linkBytes.bytes.elementsEqual(new.linkBytes.bytes))
  }

  @Test func entriesThatHaveGoneAreReplaced() throws {
    let all = SyntheticRows(count: 1500, dimension: 8, distance: .euclid, seed: 7)
    let first = try Built(all, Array(0..<1000))
    let graph = try #require(first.part.graph)
    let gone = Set(graph.entryRows.map { Int($0) })
    let second = try Built(all, Array(0..<1500).filter { !gone.contains($0) }, previous: [first])
    let new = try #require(second.part.graph)
    try new.validate()
    #expect(Reachability(graph: new).unreached().isEmpty)
    #expect(try second.recall(seed: 4) > 0.9)
  }

  @Test func fewSharedRowsMakeAWholeBuild() throws {
    let all = SyntheticRows(count: 2000, dimension: 8, distance: .euclid, seed: 8)
    let first = try Built(all, Array(0..<1000))
    let numbers = Array(700..<2000)
    let second = try Built(all, numbers, previous: [first])
    let whole = try Built(all, numbers)
    let (links, expected) = try (#require(second.part.graph), #require(whole.part.graph))
    #expect(unsafe links.linkBytes.bytes.elementsEqual(expected.linkBytes.bytes))
  }
}
