import Testing
import VectorModel

@testable import VectorIndex

@Suite struct PointTableTests {
  /// How ids lie in the order of slots.
  enum IDs: CaseIterable {
    case ascending, descending, uuids, mixed

    func id(_ index: UInt64) -> PointID {
      switch self {
      case .ascending: .number(index)
      case .descending: .number(.max - index)
      case .uuids: .uuid(UUID128(high: index &* 0x9E37_79B9_7F4A_7C15, low: index))
      case .mixed: index % 2 == 0 ? .number(index ^ 0x55) : .uuid(UUID128(high: ~index, low: 3))
      }
    }
  }

  private func sealed(_ ids: IDs, count: UInt64) throws -> PointTable {
    let entries = (0..<count).map { PointTable.Entry(id: ids.id($0), number: $0 + 1, version: 10 + $0) }
    return PointTable(sealed: try SealedColumns(entries).points())
  }

  private func ids(_ table: PointTable, from start: PointID? = nil) -> [PointID] {
    var ids: [PointID] = []
    table.forEach(from: start) { slot, id in
      #expect(table.id(of: slot) == id && table.isAlive(slot))
      ids.append(id)
      return true
    }
    return ids
  }

  @Test(arguments: IDs.allCases) func versionsOfCopiesAreTheirOwn(ids: IDs) throws {
    let first = try sealed(ids, count: 3000)
    var second = first
    for slot in stride(from: UInt32(0), to: 3000, by: 7) { second.setVersion(100_000, of: slot) }
    let third = second
    for slot in 0..<3000 as Range<UInt32> { second.setVersion(200_000 + UInt64(slot), of: slot) }
    for slot in 0..<3000 as Range<UInt32> {
      #expect(first.version(of: slot) == 10 + UInt64(slot))
      #expect(third.version(of: slot) == (slot % 7 == 0 ? 100_000 : 10 + UInt64(slot)))
      #expect(
        second.version(of: slot) == 200_000 + UInt64(slot) && second[slot].version == 200_000 + UInt64(slot))
      #expect(second[slot].id == ids.id(UInt64(slot)) && second[slot].number == UInt64(slot) + 1)
    }
  }

  @Test(arguments: IDs.allCases) func aSealedPointIsDeletedAndComesAgain(ids: IDs) throws {
    var table = try sealed(ids, count: 100)
    let before = table
    let id = ids.id(40)
    table.remove(40)
    #expect(table.slot(of: id) == nil && !table.isAlive(40) && table.aliveCount == 99)
    #expect(!self.ids(table).contains(id))
    let slot = table.insert(PointTable.Entry(id: id, number: 500, version: 600))
    #expect(slot == 100 && table.slot(of: id) == 100 && table.slotCount == 101 && table.aliveCount == 100)
    #expect(table[slot].number == 500 && table.version(of: slot) == 600 && table.version(of: 40) == 50)
    #expect(self.ids(table) == self.ids(before))
    table.setVersion(601, of: slot)
    table.remove(slot)
    #expect(table.slot(of: id) == nil && self.ids(table) == self.ids(before).filter { $0 != id })
    #expect(before.slot(of: id) == 40 && before.aliveCount == 100 && before.sealedCount == 100)
  }

  @Test func aTableOfNothing() {
    var table = PointTable()
    #expect(table.slotCount == 0 && table.sealedCount == 0 && table.slot(of: .number(1)) == nil)
    #expect(ids(table) == [] && ids(table, from: .number(0)) == [])
    #expect(table.insert(PointTable.Entry(id: .number(9), number: 1, version: 2)) == 0)
    #expect(ids(table) == [.number(9)] && ids(table, from: .number(10)) == [])
  }

  /// Random changes over several generations, each of which is built while changes go on, are those of a dictionary.
  @Test(arguments: IDs.allCases, [1, 2] as [UInt64]) func asADictionary(ids: IDs, seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    var (table, expected) = (PointTable(), [PointID: PointTable.Entry]())
    var sequence: UInt64 = 0
    func change(_ table: inout PointTable) {
      sequence += 1
      let id = ids.id(UInt64.random(in: 0..<2500, using: &random))
      let slot = table.slot(of: id)
      #expect((slot == nil) == (expected[id] == nil), "seed \(seed)")
      switch (Int.random(in: 0..<4, using: &random), slot) {
      case (0, let slot?):
        table.remove(slot)
        expected[id] = nil
      case (1, let slot?):
        table.setVersion(sequence, of: slot)
        expected[id]?.version = sequence
      default:
        if let slot { table.remove(slot) }
        let entry = PointTable.Entry(id: id, number: sequence, version: sequence)
        _ = table.insert(entry)
        expected[id] = entry
      }
    }
    for _ in 0..<4 {
      for _ in 0..<2000 { change(&table) }
      let view = table
      let columns = SealedColumns(livingOf: view)
      for _ in 0..<500 { change(&table) }
      table = PointTable(sealed: try columns.points())
        .followed(by: table, livingSlots: view.alive.ones, oldSlotCount: view.slotCount)
      #expect(table.aliveCount == expected.count && table.sealedCount == view.aliveCount)
      #expect(self.ids(table) == expected.keys.sorted(), "seed \(seed)")
      let start = ids.id(UInt64.random(in: 0..<2500, using: &random))
      #expect(self.ids(table, from: start) == expected.keys.sorted().filter { $0 >= start }, "seed \(seed)")
      for (id, entry) in expected {
        let slot = try #require(table.slot(of: id))
        let found = table[slot]
        #expect((found.id, found.number, found.version) == (id, entry.number, entry.version), "seed \(seed)")
      }
    }
  }
}
