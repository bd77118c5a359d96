import Foundation
import Testing
import VectorModel

@testable import VectorIndex

/// Rows that no part holds yet are found by their codes and ranked by their vectors.
@Suite struct CodedDeltaTests {
  private static let dimension = 48

  /// Tiers of the given rows: all in the delta, or the first in a part.
  private func tiers(_ rows: SyntheticRows, sealed: Int) throws -> VectorRows {
    var result = VectorRows(dimension: rows.dimension, distance: rows.distance)
    for row in 0..<rows.count {
      result.put(rows.row(row), slot: UInt32(row))
      guard row + 1 == sealed else { continue }
      result.closeTier()
      let part = try VectorPart.build(
        rows: try result.gathered(0..<UInt32(sealed)), count: sealed, dimension: rows.dimension,
        distance: rows.distance, parameters: GraphParameters(m: 8))
      let isInstalled = result.install(try #require(part), replacing: [result.tiers[0].id])
      #expect(isInstalled)
    }
    return result
  }

  @Test(arguments: Distance.ofNumbers, [0, 500, 2000])
  func theNearestAreFound(distance: Distance, sealed: Int) throws {
    let rows = SyntheticRows(count: 5000, dimension: Self.dimension, distance: distance, seed: 51)
    let tiers = try tiers(rows, sealed: sealed)
    var accepted = Bitset(count: rows.count)
    var random = SplitMix64(state: 52)
    for row in 0..<rows.count where Bool.random(using: &random) { accepted[row] = true }
    let scratch = SearchScratch()
    for slots in [nil, accepted] {
      var (hits, wanted) = (0, 0)
      for _ in 0..<20 {
        let query = rows.query(&random)
        var searches: [TierSearch] = []
        let found = try tiers.search(
          .nearest(query), PartSearchOptions(limit: 10), slots: slots, scratch: scratch, searches: &searches)
        let exact = rows.nearest(query, 10, accept: slots)
        #expect(found.allSatisfy { slots?[Int($0.slot)] ?? true })
        hits += Set(found.map(\.slot)).intersection(exact.map(\.row)).count
        wanted += exact.count
        let delta = try #require(searches.last)
        #expect(delta.kind == .delta)
        if distance == .manhattan {
          #expect(delta.statistics.codeDistancesCount == 0)
        } else {
          #expect(delta.statistics.codeDistancesCount == delta.acceptedCount)
          #expect(delta.statistics.floatDistancesCount == 40)
        }
      }
      #expect(Double(hits) >= 0.99 * Double(wanted), "seeds 51 and 52")
    }
  }

  @Test func examplesAreFoundByCodes() throws {
    let rows = SyntheticRows(count: 4000, dimension: Self.dimension, distance: .cosine, seed: 53)
    let tiers = try tiers(rows, sealed: 0)
    let positives = [rows.row(1), rows.row(2)]
    var searches: [TierSearch] = []
    let found = try tiers.search(
      .sumScores(positives: positives, negatives: [rows.row(3)]), PartSearchOptions(limit: 10), slots: nil,
      scratch: SearchScratch(), searches: &searches)
    let exact = rows.nearest(10) { row in
      positives.reduce(0) { $0 + rows.distance(row, $1) } - rows.distance(row, rows.row(3))
    }
    #expect(Set(found.map(\.slot)).intersection(exact.map(\.row)).count >= 9, "seed 53")
    #expect(searches.first?.statistics.codeDistancesCount == 3 * 4000)
  }

  @Test(arguments: [true, false]) func whoAsksForVectorsGetsNoCodes(isExact: Bool) throws {
    let rows = SyntheticRows(count: 2000, dimension: Self.dimension, distance: .euclid, seed: 54)
    let tiers = try tiers(rows, sealed: 0)
    var options = PartSearchOptions(limit: 10, exact: isExact)
    options.ignoresCodes = !isExact
    var searches: [TierSearch] = []
    let found = try tiers.search(
      .nearest(rows.row(7)), options, slots: nil, scratch: SearchScratch(), searches: &searches)
    #expect(found.map(\.slot) == rows.nearest(rows.row(7), 10).map(\.row))
    #expect(searches.first?.statistics.floatDistancesCount == 2000)
    #expect(searches.first?.statistics.codeDistancesCount == 0)
  }

  @Test func shortVectorsHaveNoCodes() throws {
    let delta = { (dimension: Int) in
      var delta = DeltaRows(dimension: dimension, element: .float32, distance: .dot, encoding: nil)
      delta.append([Float](repeating: 1, count: dimension))
      return delta
    }
    #expect(delta(31).encoding == nil)
    #expect(delta(32).encoding != nil)
  }

  /// Later rows are encoded as those of a part only where its scale suits whatever comes.
  @Test(arguments: [(Float(1), true), (0.05, false), (0, false)])
  func nibblesAreForRowsThatAreSpread(noise: Float, isSpread: Bool) throws {
    var random = SplitMix64(state: 55)
    let dimension = 384
    let vectors = (0..<1200).map { _ in
      var vector = (0..<dimension).map {
        0.3 * sin(Float($0)) + noise * Float.random(in: -1...1, using: &random)
      }
      SyntheticRows.normalise(&vector)
      return vector
    }
    let rows = SyntheticRows(vectors, dimension: dimension, distance: .cosine)
    let part = try #require(try rows.part(m: 4, efConstruction: 20))
    #expect(part.codes?.format.bits == 4)
    #expect(part.rowEncoding?.table.format == (isSpread ? .uniformNibbles : .bytes), "seed 55")
  }

  @Test func rowsOfNibblesAreFound() throws {
    var random = SplitMix64(state: 56)
    let dimension = 128
    let vectors = (0..<2400).map { _ in
      var vector = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
      SyntheticRows.normalise(&vector)
      return vector
    }
    let rows = SyntheticRows(vectors, dimension: dimension, distance: .cosine)
    let tiers = try tiers(rows, sealed: 1200)
    #expect(tiers.tiers.first?.part?.rowEncoding?.table.format == .uniformNibbles)
    var (late, missed) = (0, 0)
    for _ in 0..<30 {
      let query = rows.query(&random)
      var searches: [TierSearch] = []
      let found = try tiers.search(
        .nearest(query), PartSearchOptions(limit: 10, ef: 200), slots: nil, scratch: SearchScratch(),
        searches: &searches)
      #expect(searches.last?.statistics.codeDistancesCount == 1200)
      let expected = Set(rows.nearest(query, 10).map(\.row).filter { $0 >= 1200 })
      late += expected.count
      missed += expected.subtracting(found.map(\.slot)).count
    }
    #expect(late > 100 && missed <= 4, "seed 56")
  }
}
