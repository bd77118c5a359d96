import Testing
import VectorIndex
import VectorModel

@Suite struct FilteredSearchTests {
  private static let rows = SyntheticRows(count: 3000, dimension: 16, distance: .cosine, seed: 31)
  private static let shares: [Double] = [0.002, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1]

  private static func filter(share: Double) -> RowFilter {
    var random = SplitMix64(state: 32)
    var bits = Bitset(count: rows.count)
    for row in 0..<rows.count where Double.random(in: 0..<1, using: &random) < share { bits[row] = true }
    return RowFilter(rows: bits)
  }

  @Test(arguments: [nil, SearchPlan.traversal, .twoHopTraversal, .codeScan])
  func recallHoldsAtEveryShare(plan: SearchPlan?) throws {
    let part = try #require(try Self.rows.part())
    for share in Self.shares {
      let filter = Self.filter(share: share)
      let options = PartSearchOptions(limit: 10, ef: 80, plan: plan)
      let recall = try Self.rows.recall(of: part, options: options, accept: filter, queries: 15)
      #expect(recall >= 0.95, "share \(share), seed 32")
    }
  }

  @Test func recallHoldsWhereTheFilterExcludesTheQuerysNeighbourhood() throws {
    let part = try #require(try Self.rows.part())
    var random = SplitMix64(state: 33)
    let scratch = SearchScratch()
    var statistics = SearchStatistics()
    var (hits, wanted) = (0, 0)
    for _ in 0..<20 {
      let row = Int.random(in: 0..<Self.rows.count, using: &random)
      let excluded = Set([Self.rows.clusters[row], (Self.rows.clusters[row] + 1) % 8])
      var bits = Bitset(count: Self.rows.count)
      for other in 0..<Self.rows.count where !excluded.contains(Self.rows.clusters[other]) {
        bits[other] = true
      }
      let query = Self.rows.row(row)
      for plan in [nil, SearchPlan.twoHopTraversal, .traversal] {
        let found = try part.search(
          .nearest(query), options: PartSearchOptions(limit: 10, ef: 80, plan: plan),
          accept: RowFilter(rows: bits),
          scratch: scratch, statistics: &statistics)
        let exact = Self.rows.nearest(query, 10, accept: bits)
        #expect(found.allSatisfy { bits[Int($0.row)] })
        wanted += exact.count
        hits += Set(found.map(\.row)).intersection(exact.map(\.row)).count
      }
    }
    #expect(Double(hits) / Double(wanted) >= 0.95, "seed 33")
  }

  /// What a few dead rows of a tier cost.
  @Test func aFewRejectedRowsCostLittle() throws {
    let part = try #require(try Self.rows.part())
    var random = SplitMix64(state: 34)
    let scratch = SearchScratch()
    var (all, most) = (SearchStatistics(), SearchStatistics())
    let filter = Self.filter(share: 0.9)
    for _ in 0..<30 {
      let target = SearchTarget.nearest(Self.rows.query(&random))
      let options = PartSearchOptions(limit: 10, ef: 80, plan: .traversal)
      _ = try part.search(target, options: options, scratch: scratch, statistics: &all)
      _ = try part.search(target, options: options, accept: filter, scratch: scratch, statistics: &most)
    }
    let bound = Double(all.codeDistancesCount) * 1.15
    #expect(Double(most.codeDistancesCount) <= bound, "seed 34")
  }

  @Test func onlyAcceptedRowsAreReturned() throws {
    let part = try #require(try Self.rows.part())
    let scratch = SearchScratch()
    var statistics = SearchStatistics()
    for share in Self.shares {
      let filter = Self.filter(share: share)
      for plan in [nil, SearchPlan.traversal, .twoHopTraversal, .codeScan, .exactScan] {
        let found = try part.search(
          .nearest(Self.rows.row(5)), options: PartSearchOptions(limit: 50, plan: plan), accept: filter,
          scratch: scratch, statistics: &statistics)
        #expect(found.allSatisfy { filter.rows[Int($0.row)] })
        #expect(found.count == min(50, filter.cardinality))
      }
    }
  }

  @Test func hugeLimitsAreTakenAsAllRows() throws {
    let part = try #require(try Self.rows.part())
    let filter = Self.filter(share: 0.5)
    let scratch = SearchScratch()
    var statistics = SearchStatistics()
    for plan in [nil, SearchPlan.traversal, .twoHopTraversal, .codeScan, .exactScan] {
      for accept in [nil, filter] {
        let options = PartSearchOptions(limit: .max, ef: .max, oversampling: .infinity, plan: plan)
        let found = try part.search(
          .nearest(Self.rows.row(5)), options: options, accept: accept, scratch: scratch,
          statistics: &statistics)
        #expect(found.count == accept?.cardinality ?? Self.rows.count)
      }
    }
  }

  @Test func nothingAcceptedFindsNothing() throws {
    let part = try #require(try Self.rows.part())
    var statistics = SearchStatistics()
    let found = try part.search(
      .nearest(Self.rows.row(0)), options: PartSearchOptions(limit: 5),
      accept: RowFilter(rows: Bitset(count: Self.rows.count)), scratch: SearchScratch(),
      statistics: &statistics)
    #expect(found.isEmpty)
    #expect(statistics.plans == [.empty])
  }

  @Test func plannerScansFewRowsAndTraversesMany() throws {
    let part = try #require(try Self.rows.part())
    func plan(_ share: Double, ef: Int) throws -> SearchPlan? {
      var statistics = SearchStatistics()
      _ = try part.search(
        .nearest(Self.rows.row(0)), options: PartSearchOptions(limit: 3, ef: ef),
        accept: Self.filter(share: share),
        scratch: SearchScratch(), statistics: &statistics)
      return statistics.plans.first
    }
    #expect(try plan(0.01, ef: 10) == .codeScan)
    #expect(try plan(1, ef: 10) == .traversal)
    #expect(try plan(1, ef: 3000) == .codeScan)
  }
}
