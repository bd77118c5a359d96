import Testing

@testable import VectorIndex

@Suite struct MergePolicyTests {
  private typealias Size = MergePolicy.TierSize

  private var policy: MergePolicy {
    var policy = MergePolicy()
    policy.freezeRowsMin = 100
    policy.fanout = 3
    policy.mergeRowsMin = 2000
    policy.mergeShare = 0.5
    policy.mergeBytesMin = .max
    return policy
  }

  private func action(_ tiers: [Size], from first: Int = 0) -> MergePolicy.Action {
    policy.action(tiers, dimension: 8, from: first)
  }

  @Test func fewRowsStayAsTheyAre() {
    #expect(action([Size(.flat, rowCount: 0)]) == .none)
    #expect(action([Size(.generation, rowCount: 10_000), Size(.flat, rowCount: 99)]) == .none)
  }

  @Test func manyFlatRowsAreFrozenTogetherUpToTwiceTheLeast() {
    #expect(action([Size(.generation, rowCount: 5000), Size(.flat, rowCount: 100)]) == .freeze(1..<2))
    let flat = (0..<5).map { _ in Size(.flat, rowCount: 60) }
    #expect(action([Size(.generation, rowCount: 5000)] + flat) == .freeze(1..<4))
  }

  @Test func aShareOfTheGenerationIsMerged() {
    #expect(action([Size(.generation, rowCount: 10_000), Size(.frozen, rowCount: 5000)]) == .none)
    #expect(action([Size(.generation, rowCount: 10_000), Size(.frozen, rowCount: 5001)]) == .merge)
    #expect(action([Size(.generation, rowCount: 100), Size(.frozen, rowCount: 2000)]) == .none)
    #expect(action([Size(.flat, rowCount: 2001)]) == .merge)
  }

  @Test func longVectorsAreMergedByTheirBytes() {
    var policy = policy
    policy.mergeBytesMin = 32 * 1000
    let tiers = [Size(.generation, rowCount: 100), Size(.frozen, rowCount: 1001)]
    #expect(policy.action(tiers, dimension: 8) == .merge)
    #expect(policy.action(tiers, dimension: 4) == .none)
  }

  @Test func piecesOfOneSizeArePutTogether() {
    let small = Size(.frozen, rowCount: 150)
    let larger = Size(.frozen, rowCount: 500)
    let generation = Size(.generation, rowCount: 10_000)
    #expect(action([generation, small, small, small, Size(.flat, rowCount: 3)]) == .freeze(1..<4))
    #expect(action([generation, larger, small, small, Size(.flat, rowCount: 3)]) == .none)
    #expect(action([generation, larger, larger, larger, small]) == .freeze(1..<4))
  }

  @Test func rowsAreLinkedWhereTheyLie() {
    var policy = policy
    policy.linkRowsMin = MergePolicy.LinkRowsMin(unlinked: 50, tier: 200)
    let generation = Size(.generation, rowCount: 5000)
    #expect(policy.linkedTier([generation, Size(.flat, rowCount: 199)]) == nil)
    #expect(policy.linkedTier([generation, Size(.flat, rowCount: 200)]) == 1)
    #expect(policy.linkedTier([generation, Size(.flat, rowCount: 500, indexedCount: 451)]) == nil)
    let tiers = [
      generation, Size(.flat, rowCount: 500, indexedCount: 450), Size(.flat, rowCount: 300, indexedCount: 10),
    ]
    #expect(policy.linkedTier(tiers) == 1)
    #expect(policy.linkedTier([generation, Size(.flat, rowCount: 500, indexedCount: 500), tiers[2]]) == 2)
    // They need no part of their own, but those that grow no more are put together.
    #expect(policy.action(tiers, dimension: 8) == .none)
    let full = Size(.flat, rowCount: 500, indexedCount: 500)
    #expect(policy.action([generation, full, full, full], dimension: 8) == .none)
    #expect(policy.action([generation, full, full, full, full], dimension: 8) == .freeze(1..<4))
    let half = Size(.flat, rowCount: 500, indexedCount: 250)
    #expect(policy.action([generation, full, half, full, full], dimension: 8) == .none)
    #expect(self.policy.linkedTier(tiers) == nil)
  }

  @Test func whatIsBeingMergedIsLeftAlone() {
    let tiers = [Size(.generation, rowCount: 100), Size(.flat, rowCount: 9000), Size(.flat, rowCount: 150)]
    #expect(action(tiers, from: 2) == .none)
    #expect(action(tiers + [Size(.flat, rowCount: 60)], from: 2) == .freeze(2..<3))
  }

  /// Rows come one by one; the number of pieces stays logarithmic, and no row is put together often.
  @Test func aLongHistoryKeepsFewPieces() {
    var policy = policy
    policy.mergeRowsMin = .max
    var tiers = [Size(.flat, rowCount: 0)]
    var builtRows = 0
    let rowCount = 20_000
    for _ in 0..<rowCount {
      tiers[tiers.count - 1].rowCount += 1
      while case .freeze(let range) = policy.action(tiers, dimension: 8) {
        let rows = tiers[range].reduce(0) { $0 + $1.rowCount }
        builtRows += rows
        tiers.replaceSubrange(range, with: [Size(.frozen, rowCount: rows)])
        if tiers.last?.kind == .frozen { tiers.append(Size(.flat, rowCount: 0)) }
      }
      #expect(tiers.count <= 2 + 2 * 6)
    }
    #expect(tiers.reduce(0) { $0 + $1.rowCount } == rowCount)
    #expect(builtRows <= 6 * rowCount)
  }
}
