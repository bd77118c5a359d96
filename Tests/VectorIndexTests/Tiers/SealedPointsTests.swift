import Testing
import VectorModel

@testable import VectorIndex

/// A generation's points as a file has them: read in place, and refused where they do not fit.
@Suite struct SealedPointsTests {
  private func number(_ number: UInt64) -> PointID { .number(number) }
  private func uuid(_ high: UInt64, _ low: UInt64 = 0) -> PointID { .uuid(UUID128(high: high, low: low)) }

  private func refusal(_ sections: [String: [UInt8]]) -> String? {
    do throws(RequestError) {
      _ = try SealedPoints(sections: SealedColumns(bytes: sections).section)
      return nil
    } catch {
      #expect(error.code == .internalError)
      return error.reason
    }
  }

  @Test func theColumns() throws {
    let columns = SealedColumns([
      PointTable.Entry(id: number(0x0102), number: 3, version: 4),
      PointTable.Entry(id: uuid(0x0102_0304_0506_0708, 0x090A_0B0C_0D0E_0F10), number: 5, version: 0x0600),
    ])
    #expect(columns.bytes["kinds"] == [0, 1])
    #expect(columns.bytes["ids"] == [2, 1] + [UInt8](repeating: 0, count: 14) + (1...16).map { $0 })
    #expect(columns.bytes["numbers"] == [3, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0])
    #expect(columns.bytes["versions"] == [4, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0])
    #expect(columns.bytes["order"] == nil)
  }

  @Test func noPoints() throws {
    let columns = SealedColumns([])
    #expect(columns.bytes.values.allSatisfy(\.isEmpty) && columns.bytes.count == 4)
    for points in [try columns.points(), SealedPoints.none] {
      #expect(points.count == 0 && points.slot(of: number(0)) == nil && points.slot(of: uuid(0)) == nil)
      #expect(points.lowerBound(uuid(.max, .max)) == 0)
    }
  }

  private static let idLists: [[PointID]] = [
    (0..<50).map { .number(3 * $0) },
    (0..<50).map { .number(.max - $0) },
    (0..<50).map { .uuid(UUID128(high: $0 / 3, low: .max - $0)) },
    (0..<50).map { $0 % 3 == 0 ? .uuid(UUID128(high: 50 - $0, low: 1)) : .number($0 * 7 % 50) },
    (0..<50).map { $0 < 20 ? .number($0) : .uuid(UUID128(high: $0, low: 0)) },
  ]

  @Test(arguments: idLists, [true, false]) func everyIDIsFound(ids: [PointID], hasOrder: Bool) throws {
    let entries = ids.enumerated().map {
      PointTable.Entry(id: $0.element, number: UInt64(1000 + $0.offset), version: UInt64(2000 + $0.offset))
    }
    var columns = SealedColumns(entries)
    #expect((columns.bytes["order"] == nil) == (ids == ids.sorted()))
    if !hasOrder { columns.bytes["order"] = nil }
    let points = try columns.points()
    #expect(points.count == ids.count)
    #expect((0..<points.count).map { points.id(of: points.slot(at: $0)) } == ids.sorted())
    for (slot, entry) in entries.enumerated() {
      let slot = UInt32(slot)
      #expect(points.id(of: slot) == entry.id && points.slot(of: entry.id) == slot)
      #expect(points.number(of: slot) == entry.number && points.version(of: slot) == entry.version)
      #expect(points.lowerBound(entry.id) == ids.sorted().firstIndex(of: entry.id))
    }
    for id in [number(.max / 2), number(.max), uuid(7, 1), uuid(.max, .max), uuid(0)] {
      #expect(points.slot(of: id) == ids.firstIndex(of: id).map(UInt32.init))
      #expect(points.lowerBound(id) == ids.count { $0 < id })
    }
  }

  @Test func columnsThatDoNotFit() {
    let entries = (0..<9).map { PointTable.Entry(id: .number(9 - $0), number: $0, version: $0) }
    let sound = SealedColumns(entries).bytes
    #expect(refusal(sound) == nil)
    for name in ["kinds", "ids", "numbers", "versions"] {
      for change in [-8, -1, 1, 8] {
        var damaged = sound
        damaged[name] =
          change < 0
          ? sound[name]?.dropLast(-change) : sound[name].map { $0 + Array(repeating: 0, count: change) }
        #expect(
          refusal(damaged) == "the columns of a generation's points do not fit together", "\(name) \(change)")
      }
      var damaged = sound
      damaged[name] = nil
      #expect(refusal(damaged) == "the columns of a generation's points do not fit together", "no \(name)")
    }
    for kind in 2...255 as ClosedRange<UInt8> {
      var damaged = sound
      damaged["kinds"]?[4] = kind
      #expect(refusal(damaged) == "a generation's point 4 has an id of kind \(kind)")
    }
  }

  @Test func anIDThatStandsTwice() {
    for ids in [[1, 2, 2, 3], [2, 1, 3, 2]] as [[UInt64]] {
      var damaged = SealedColumns((1...4).map { PointTable.Entry(id: .number($0), number: 0, version: 0) })
      damaged.bytes["ids"] = ids.flatMap { [UInt8($0)] + [UInt8](repeating: 0, count: 15) }
      #expect(refusal(damaged.bytes) == "a generation has the point 2 twice")
    }
  }

  @Test func anOrderThatIsNotThatOfTheIDs() {
    let sound = SealedColumns((0..<3).map { PointTable.Entry(id: .number(30 - $0), number: 0, version: 0) })
    #expect(sound.bytes["order"] == [2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    let refusals: [(order: [UInt8], message: String)] = [
      ([2, 0, 0, 0, 1, 0, 0, 0], "the order of a generation's points does not fit their columns"),
      ([2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], "the order of a generation's points does not fit their columns"),
      ([3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], "the order of a generation's 3 points names slot 3"),
      ([2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], "a generation has the point 29 twice"),
      ([2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], "the order of a generation's points has 29 behind 30"),
    ]
    for (order, message) in refusals {
      var damaged = sound.bytes
      damaged["order"] = order
      #expect(refusal(damaged) == message)
    }
  }
}
