import Testing
import VectorModel

@testable import VectorIndex

/// Tiers are frozen, put together and merged at random; searches always find what brute force finds.
@Suite struct VectorRowsTests {
  private static let dimension = 8

  /// The rows and what they should be.
  private struct Simulation {
    var random: SplitMix64
    var rows = VectorRows(dimension: VectorRowsTests.dimension, distance: .euclid)
    /// The vector of each slot that has one.
    var expected: [UInt32: [Float]] = [:]
    var slotCount: UInt32 = 0

    mutating func vector() -> [Float] {
      (0..<VectorRowsTests.dimension).map { _ in Float.random(in: -1...1, using: &random) }
    }

    mutating func write() {
      switch Int.random(in: 0..<10, using: &random) {
      case 0, 1:
        let slot = UInt32.random(in: 0...slotCount, using: &random)
        if slot < slotCount {
          rows.remove(slot: slot)
          expected[slot] = nil
        }
      case 2:
        guard slotCount > 0 else { return }
        put(UInt32.random(in: 0..<slotCount, using: &random))
      case 3: slotCount += 1
      default:
        slotCount += 1
        put(slotCount - 1)
      }
      rows.extendSlots(to: Int(slotCount))
    }

    mutating func put(_ slot: UInt32) {
      let values = vector()
      rows.put(values, slot: slot)
      expected[slot] = values
    }

    /// Builds a part of some tiers, writes on, and installs it.
    mutating func freeze() throws {
      rows.closeTier()
      let first = Int.random(in: 0..<(rows.tiers.count - 1), using: &random)
      if rows.tiers[first].isGeneration { return }
      let last = min(rows.tiers.count - 1, first + Int.random(in: 1...3, using: &random))
      let tiers = rows.tiers[first..<last]
      let part = try part(ofRows: Array(UInt32(tiers[first].firstRow)..<UInt32(rows.tiers[last].firstRow)))
      for _ in 0..<20 { write() }
      let isInstalled = rows.install(part, replacing: tiers.map(\.id))
      let isInstalledAgain = rows.install(part, replacing: tiers.map(\.id))
      #expect(isInstalled && !isInstalledAgain)
    }

    /// Builds a generation, writes and freezes on, and puts it under what came since.
    mutating func merge() throws {
      rows.closeTier()
      let view = rows
      let oldSlotCount = slotCount
      let living = (0..<slotCount).filter { expected[$0] != nil || $0 % 3 == 0 }
      var dead = Set(0..<slotCount).subtracting(living)
      var slotOfRow: [UInt32] = []
      var numbers: [UInt32] = []
      for (new, old) in living.enumerated() {
        guard let row = view.row(of: old) else { continue }
        slotOfRow.append(UInt32(new))
        numbers.append(row)
      }
      let part = try part(ofRows: numbers)
      let boundary = rows.tiers.count - 1
      for _ in 0..<60 {
        write()
        // A slot that had died before the view never gets a row again.
        for slot in dead where expected[slot] != nil {
          rows.remove(slot: slot)
          expected[slot] = nil
        }
      }
      rows.closeTier()
      let behind = rows.tiers[boundary..<(rows.tiers.count - 1)]
      if let first = behind.first {
        let part = try self.part(ofRows: Array(UInt32(first.firstRow)..<UInt32(rows.rowCount)))
        let isInstalled = rows.install(part, replacing: behind.map(\.id))
        #expect(isInstalled)
      }
      let sealed = VectorRows(
        part: part, dimension: VectorRowsTests.dimension, distance: .euclid,
        slotOfRow: PackedArray(slotOfRow),
        slotCount: living.count)
      rows = sealed.followed(
        by: rows, from: view.rowCount, livingSlots: living, oldSlotCount: Int(oldSlotCount))
      dead = []
      var moved: [UInt32: [Float]] = [:]
      for (new, old) in living.enumerated() { moved[UInt32(new)] = expected[old] }
      for slot in oldSlotCount..<max(slotCount, oldSlotCount) {
        moved[slot - oldSlotCount + UInt32(living.count)] = expected[slot]
      }
      expected = moved
      slotCount = slotCount - oldSlotCount + UInt32(living.count)
    }

    private func part(ofRows numbers: [UInt32]) throws -> VectorPart {
      try #require(
        try VectorPart.build(
          rows: try rows.gathered(numbers), count: numbers.count, dimension: VectorRowsTests.dimension,
          distance: .euclid, parameters: GraphParameters(m: 8, fullScanThresholdKilobytes: 0)))
    }

    mutating func check() throws {
      #expect(rows.liveCount == expected.count)
      #expect(rows.present == Bitset(ones: expected.keys, count: Int(slotCount)))
      for (slot, values) in expected { #expect(rows.values(of: slot) == values) }
      #expect(rows.indexedCount <= rows.liveCount)
      let target = vector()
      let scratch = SearchScratch()
      for filter in [nil, Bitset(ones: (0..<slotCount).filter { $0 % 3 != 0 }, count: Int(slotCount))] {
        var searches: [TierSearch] = []
        let found = try rows.search(
          .nearest(target), PartSearchOptions(limit: 10, exact: true), slots: filter, scratch: scratch,
          searches: &searches)
        let best = expected.filter { filter?[Int($0.key)] ?? true }
          .map { (slot: $0.key, distance: distance($0.value, target)) }.sorted { $0.distance < $1.distance }
        #expect(found.count == min(10, best.count))
        for (found, best) in zip(found, best) { #expect(abs(found.score - best.distance) < 1e-4) }
        #expect(searches.reduce(0) { $0 + $1.acceptedCount } == best.count)
        #expect(searches.reduce(0) { $0 + $1.rowCount } == rows.rowCount)
      }
    }

    private func distance(_ left: [Float], _ right: [Float]) -> Float {
      zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func tiersNeverChangeAnAnswer(seed: UInt64) throws {
    var simulation = Simulation(random: SplitMix64(state: seed))
    for step in 0..<60 {
      for _ in 0..<Int.random(in: 1...40, using: &simulation.random) { simulation.write() }
      switch Int.random(in: 0..<6, using: &simulation.random) {
      case 0: try simulation.merge()
      case 1, 2: try simulation.freeze()
      case 3: simulation.rows.closeTier()
      default: break
      }
      try simulation.check()
      if step == 30 { simulation.rows.closeTier() }
    }
  }

  @Test func consecutiveSlotsAreFilteredByWords() throws {
    var random = SplitMix64(state: 9)
    for first in [0, 1, 63, 64, 100, 127] {
      for count in [0, 1, 63, 64, 65, 200] {
        var live = Bitset(count: count)
        var slots = Bitset(count: first + count + 3)
        for index in 0..<count { live[index] = Bool.random(using: &random) }
        for index in 0..<slots.count { slots[index] = Bool.random(using: &random) }
        let both = live.intersection(slots, from: first)
        for index in 0..<count { #expect(both[index] == (live[index] && slots[first + index])) }
      }
    }
  }

  /// So many that their memory is mapped with room for more, which is given back.
  @Test func aClosedTierKeepsItsRows() {
    let count = 5000
    let vector = { (row: Int) in (0..<32).map { Float(row) + Float($0) / 64 } }
    var rows = VectorRows(dimension: 32, distance: .euclid)
    for row in 0..<count { rows.put(vector(row), slot: UInt32(row)) }
    rows.closeTier()
    rows.put(vector(count), slot: UInt32(count))
    #expect(rows.tiers.map(\.count) == [count, 1])
    #expect((0...count).allSatisfy { rows.values(of: UInt32($0)) == vector($0) })
  }
}

extension Bitset {
  fileprivate init(ones: some Sequence<UInt32>, count: Int) {
    self.init(count: count)
    for one in ones { self[Int(one)] = true }
  }
}
