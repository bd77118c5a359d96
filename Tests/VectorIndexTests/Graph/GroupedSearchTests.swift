import Testing
import VectorModel

@testable import VectorIndex

/// Searches that are under way together find, and cost, what each does alone.
@Suite struct GroupedSearchTests {
  private static let count = 3000
  private static let seed: UInt64 = 51

  private static func filter(_ accepts: (Int, inout SplitMix64) -> Bool) -> RowFilter {
    var random = SplitMix64(state: seed)
    var bits = Bitset(count: count)
    for row in 0..<count where accepts(row, &random) { bits[row] = true }
    return RowFilter(rows: bits)
  }

  /// Shares of all rows; all but the rows near the first query; nothing.
  private static func filters(_ rows: SyntheticRows) -> [RowFilter?] {
    let shares = [0.003, 0.05, 0.3, 0.6, 0.95].map { share in
      filter { _, random in Double.random(in: 0..<1, using: &random) < share }
    }
    let near = Set(rows.nearest(rows.row(7), count / 2).map { Int($0.row) })
    return [nil, RowFilter(rows: Bitset(count: count)), filter { row, _ in !near.contains(row) }] + shares
  }

  private func check(
    _ part: VectorPart, _ targets: [SearchTarget], _ options: [PartSearchOptions], _ filter: RowFilter?,
    _ scratch: SearchScratch, _ comment: Comment
  ) throws {
    var alone: [[Neighbor]] = []
    var costs = [SearchStatistics](repeating: SearchStatistics(), count: targets.count)
    for index in targets.indices {
      alone.append(
        try part.search(
          targets[index], options: options[index], accept: filter, scratch: SearchScratch(),
          statistics: &costs[index]))
    }
    var statistics = [SearchStatistics](repeating: SearchStatistics(), count: targets.count)
    let together = try part.search(
      targets, options: options, accept: filter, scratch: scratch, statistics: &statistics)
    #expect(together == alone, comment)
    #expect(statistics == costs, comment)
  }

  @Test(arguments: [Distance.cosine, .euclid, .dot, .manhattan], [1, 2, 3, 4, 5, 8])
  func eachFindsWhatItFindsAlone(distance: Distance, together: Int) throws {
    let rows = SyntheticRows(count: Self.count, dimension: 16, distance: distance, seed: Self.seed)
    let part = try #require(try rows.part())
    var random = SplitMix64(state: Self.seed)
    let scratch = SearchScratch()
    for filter in Self.filters(rows) {
      for plan in [nil, SearchPlan.traversal, .twoHopTraversal, .codeScan, .exactScan] {
        let targets = (0..<together).map { SearchTarget.nearest($0 == 0 ? rows.row(7) : rows.query(&random)) }
        let options = (0..<together).map { index in
          var options = PartSearchOptions(limit: 3 + index, ef: 20 + 15 * index, plan: plan)
          if index == 2 { options.bound = 0.1 }
          return options
        }
        try check(
          part, targets, options, filter, scratch,
          "seed 51, \(filter?.cardinality ?? Self.count) rows, \(String(describing: plan))")
      }
    }
  }

  @Test func targetsOfSeveralKindsAreSearchedOneByOne() throws {
    let rows = SyntheticRows(count: Self.count, dimension: 16, distance: .cosine, seed: Self.seed)
    let part = try #require(try rows.part())
    let targets: [SearchTarget] = [
      .nearest(rows.row(1)), .bestScore(positives: [rows.row(2), rows.row(3)], negatives: [rows.row(4)]),
      .nearest(rows.row(5)), .context(positives: [rows.row(6)], negatives: [rows.row(8)]),
    ]
    let options = targets.map { _ in PartSearchOptions(limit: 10, ef: 50) }
    for filter in Self.filters(rows) {
      try check(part, targets, options, filter, SearchScratch(), "\(filter?.cardinality ?? Self.count) rows")
    }
  }

  @Test func aTargetOfAnotherDimensionIsRefused() throws {
    let rows = SyntheticRows(count: 200, dimension: 16, distance: .cosine, seed: Self.seed)
    let part = try #require(try rows.part())
    var statistics = [SearchStatistics(), SearchStatistics()]
    #expect(throws: RequestError.self) {
      _ = try part.search(
        [.nearest(rows.row(1)), .nearest([1, 2])],
        options: [PartSearchOptions(limit: 1), PartSearchOptions(limit: 1)],
        scratch: SearchScratch(), statistics: &statistics)
    }
  }
}
