import Testing
import VectorModel

@testable import VectorIndex

/// Rows that no part holds yet are walked as far as they have links, and scanned beyond.
@Suite struct GrowingGraphTests {
  private static let dimension = 32
  private static let parameters = GraphParameters(m: 12, efConstruction: 40)
  private let options = PartSearchOptions(limit: 10, ef: 40)

  private func tiers(_ rows: SyntheticRows) -> VectorRows {
    var result = VectorRows(dimension: rows.dimension, distance: rows.distance)
    for row in 0..<rows.count { result.put(rows.row(row), slot: UInt32(row)) }
    return result
  }

  /// The share of the ten nearest that are found, and what the last search cost.
  private func recall(
    _ tiers: VectorRows, _ rows: SyntheticRows, slots: Bitset? = nil, queries: Int = 25
  ) throws -> (recall: Double, last: TierSearch) {
    var random = SplitMix64(state: 62)
    let scratch = SearchScratch()
    var (hits, wanted) = (0, 0)
    var searches: [TierSearch] = []
    for _ in 0..<queries {
      let query = rows.query(&random)
      searches = []
      let found = try tiers.search(
        .nearest(query), options, slots: slots, scratch: scratch, searches: &searches)
      let exact = rows.nearest(query, 10, accept: slots)
      #expect(found.allSatisfy { slots?[Int($0.slot)] ?? true })
      #expect(Set(found.map(\.slot)).count == found.count, "a row was found twice")
      #expect(found.count == exact.count)
      hits += Set(found.map(\.slot)).intersection(exact.map(\.row)).count
      wanted += exact.count
    }
    return (Double(hits) / Double(wanted), try #require(searches.last))
  }

  @Test(arguments: Distance.ofNumbers) func linkedRowsAreWalked(distance: Distance) throws {
    let rows = SyntheticRows(count: 1800, dimension: Self.dimension, distance: distance, seed: 61)
    var tiers = tiers(rows)
    try tiers.beginGraph(tier: 0, Self.parameters)
    #expect(tiers.unindexedCount == rows.count && tiers.indexedCount == 0)
    tiers.tiers[0].link(threads: 2) { false }
    #expect(tiers.unindexedCount == 0 && tiers.indexedCount == rows.count)
    #expect(tiers.scannedByteCount == 0)
    let (recall, last) = try recall(tiers, rows)
    #expect(recall >= 0.95, "seeds 61 and 62")
    #expect(last.kind == .delta && last.statistics.plans == [.traversal])
    #expect(last.statistics.codeDistancesCount + last.statistics.floatDistancesCount < 1500)
  }

  /// Rows keep coming, in old lists' links too, while copies of the tiers are older.
  @Test(arguments: [Distance.cosine, .manhattan]) func everyCopySeesItsOwnRows(distance: Distance) throws {
    let rows = SyntheticRows(count: 2400, dimension: Self.dimension, distance: distance, seed: 63)
    var tiers = VectorRows(dimension: rows.dimension, distance: distance)
    var copies: [VectorRows] = []
    for row in 0..<rows.count {
      if row == 1100 { try tiers.beginGraph(tier: 0, Self.parameters) }
      if row % 600 == 599 {
        tiers.tiers[0].link(threads: 1) { false }
        copies.append(tiers)
      }
      tiers.put(rows.row(row), slot: UInt32(row))
    }
    copies.append(tiers)
    for copy in copies {
      let seen = SyntheticRows(
        (0..<copy.rowCount).map { rows.row($0) }, dimension: rows.dimension, distance: distance)
      let recall = try recall(copy, seen).recall
      #expect(recall >= 0.93, "seed 63")
    }
    #expect(tiers.unindexedCount == 1, "the last row came behind the last links")
  }

  /// One tier whose first rows are linked.
  private func tiers(_ rows: SyntheticRows, linkedThrough linkedCount: Int) throws -> VectorRows {
    var tiers = VectorRows(dimension: rows.dimension, distance: rows.distance)
    for row in 0..<rows.count {
      if row == linkedCount {
        try tiers.beginGraph(tier: 0, Self.parameters)
        tiers.tiers[0].link(threads: 1) { false }
      }
      tiers.put(rows.row(row), slot: UInt32(row))
    }
    return tiers
  }

  @Test(arguments: [0.9, 0.5, 0.1, 0.01]) func filtersHoldForBothKindsOfRows(share: Double) throws {
    let rows = SyntheticRows(count: 2200, dimension: Self.dimension, distance: .euclid, seed: 64)
    let tiers = try tiers(rows, linkedThrough: 1700)
    var random = SplitMix64(state: 65)
    var accepted = Bitset(count: rows.count)
    for row in 0..<rows.count where Double.random(in: 0..<1, using: &random) < share { accepted[row] = true }
    let (recall, last) = try recall(tiers, rows, slots: accepted)
    #expect(recall >= 0.95, "seeds 64 and 65")
    #expect(last.acceptedCount == accepted.onesCount)
  }

  /// How many rows behind the links a filter accepts decides how these are scanned, not how many it accepts in all.
  @Test func manyAcceptedRowsBehindTheLinksAreScannedByCodes() throws {
    let rows = SyntheticRows(count: 3800, dimension: Self.dimension, distance: .euclid, seed: 72)
    let tiers = try tiers(rows, linkedThrough: 1800)
    var accepted = Bitset(count: rows.count)
    for row in 0..<rows.count where row % 5 < 3 { accepted[row] = true }
    let (recall, last) = try recall(tiers, rows, slots: accepted, queries: 5)
    #expect(recall >= 0.95, "seeds 72 and 62")
    #expect(last.statistics.plans.last == .codeScan)
  }

  /// What an earlier tier has found ends the walks of later ones sooner.
  @Test func laterTiersAreWalkedLess() throws {
    let rows = SyntheticRows(count: 3600, dimension: Self.dimension, distance: .euclid, seed: 71)
    let alone = SyntheticRows(
      (1800..<3600).map { rows.row($0) }, dimension: Self.dimension, distance: .euclid)
    var (both, last) = (VectorRows(dimension: rows.dimension, distance: .euclid), tiers(alone))
    for row in 0..<rows.count {
      if row == 1800 { both.closeTier() }
      both.put(rows.row(row), slot: UInt32(row))
    }
    for tier in 0..<2 {
      try both.beginGraph(tier: tier, Self.parameters)
      both.tiers[tier].link(threads: 1) { false }
    }
    try last.beginGraph(tier: 0, Self.parameters)
    last.tiers[0].link(threads: 1) { false }
    #expect(try recall(both, rows).recall >= 0.95, "seeds 71 and 62")
    var compared = (bounded: 0, alone: 0)
    let scratch = SearchScratch()
    for query in stride(from: 0, to: 1800, by: 100) {
      var searches: [TierSearch] = []
      _ = try both.search(
        .nearest(rows.row(query)), options, slots: nil, scratch: scratch, searches: &searches)
      _ = try last.search(
        .nearest(rows.row(query)), options, slots: nil, scratch: scratch, searches: &searches)
      compared.bounded += searches[1].statistics.codeDistancesCount
      compared.alone += searches[2].statistics.codeDistancesCount
    }
    #expect(compared.bounded < compared.alone)
  }

  @Test func deadRowsAreNotFound() throws {
    let rows = SyntheticRows(count: 2600, dimension: Self.dimension, distance: .euclid, seed: 66)
    var tiers = tiers(rows)
    try tiers.beginGraph(tier: 0, Self.parameters)
    tiers.tiers[0].link(threads: 1) { false }
    for slot in stride(from: 0, to: UInt32(rows.count), by: 2) { tiers.remove(slot: slot) }
    #expect(tiers.indexedCount == rows.count / 2)
    var odd = Bitset(count: rows.count)
    for row in stride(from: 1, to: rows.count, by: 2) { odd[row] = true }
    var random = SplitMix64(state: 67)
    for _ in 0..<20 {
      let query = rows.query(&random)
      var searches: [TierSearch] = []
      let found = try tiers.search(
        .nearest(query), options, slots: nil, scratch: SearchScratch(), searches: &searches)
      #expect(found.count == 10 && found.allSatisfy { $0.slot % 2 == 1 })
      let exact = Set(rows.nearest(query, 10, accept: odd).map(\.row))
      #expect(exact.intersection(found.map(\.slot)).count >= 9, "seeds 66 and 67")
    }
  }

  /// Searches on one thread while another links: what they find is right whatever the links look like.
  @Test func walksGoOnWhileRowsAreLinked() async throws {
    let rows = SyntheticRows(count: 2200, dimension: Self.dimension, distance: .cosine, seed: 68)
    var tiers = tiers(rows)
    try tiers.beginGraph(tier: 0, Self.parameters)
    let shared = tiers
    async let linking: Void = Task.detached { shared.tiers[0].link(threads: 2) { false } }.value
    var random = SplitMix64(state: 69)
    let scratch = SearchScratch()
    var (hits, wanted) = (0, 0)
    repeat {
      let query = rows.query(&random)
      var searches: [TierSearch] = []
      let found = try shared.search(
        .nearest(query), options, slots: nil, scratch: scratch, searches: &searches)
      #expect(Set(found.map(\.slot)).count == 10)
      hits += Set(rows.nearest(query, 10).map(\.row)).intersection(found.map(\.slot)).count
      wanted += 10
      await Task.yield()
    } while shared.unindexedCount > 0
    await linking
    #expect(Double(hits) >= 0.95 * Double(wanted), "seeds 68 and 69")
  }

  @Test func linkingEndsWhereItIsCancelled() throws {
    let rows = SyntheticRows(count: 2600, dimension: Self.dimension, distance: .euclid, seed: 70)
    var tiers = tiers(rows)
    try tiers.beginGraph(tier: 0, Self.parameters)
    var asked = 0
    tiers.tiers[0].link(threads: 1) {
      asked += 1
      return asked > 2
    }
    #expect(tiers.unindexedCount == rows.count - 2048)
    #expect(try recall(tiers, rows, queries: 10).recall >= 0.95, "seed 70")
    tiers.tiers[0].link(threads: 1) { false }
    #expect(tiers.unindexedCount == 0)
    #expect(try recall(tiers, rows, queries: 10).recall >= 0.95, "seed 70")
  }
}
