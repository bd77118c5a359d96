import CKernels
import Testing
import VectorModel

@testable import VectorIndex

@Suite struct InsertionOrderTests {
  private static let entries: [UInt32] = [5, 120, 300, 611]

  private func order(_ rows: SyntheticRows, graphCount: Int) throws -> InsertionOrder<VectorTable> {
    let table = VectorTable(
      vectors: rows.memory, count: rows.count, dimension: rows.dimension, element: .float32,
      distance: rows.distance)
    let graph = try GraphLinks(m: 4, count: rows.count, entries: Self.entries)
    return unsafe InsertionOrder(table: table, graph: graph, count: graphCount)
  }

  @Test(arguments: [1, 3])
  func rowsNearOneEntryComeOneAfterTheOther(threads: Int) throws {
    let rows = SyntheticRows(count: 700, dimension: 8, distance: .euclid, seed: 91)
    let numbers = (100..<700).map { UInt32($0) }
    let sorted = try unsafe order(rows, graphCount: 1 << 20).sorted(numbers[50...], threads: threads)
    #expect(sorted.sorted() == Array(numbers[50...]))
    let nearest = sorted.map { row in
      Self.entries.min {
        rows.distance(rows.row(Int($0)), rows.row(Int(row)))
          < rows.distance(rows.row(Int($1)), rows.row(Int(row)))
      }
    }
    let changes = zip(nearest, nearest.dropFirst()).count { $0 != $1 }
    #expect(changes == Set(nearest).count - 1, "seed 91")
    #expect(Set(nearest).count > 1)
  }

  @Test func fewRowsKeepTheirOrderAndAreOneRound() throws {
    let rows = SyntheticRows(count: 700, dimension: 8, distance: .euclid, seed: 92)
    let order = try order(rows, graphCount: 700)
    let (sorted, count) = unsafe (order.sorted([3, 1, 2], threads: 2), order.roundCount(linkedCount: 10))
    #expect(sorted == [3, 1, 2] && count >= 700)
  }

  @Test func roundsGrowWithWhatIsLinked() throws {
    let rows = SyntheticRows(count: 700, dimension: 8, distance: .euclid, seed: 93)
    let order = try order(rows, graphCount: 1 << 20)
    let counts = [0, 100_000].map { unsafe order.roundCount(linkedCount: $0) }
    #expect(counts == [1024, 50_000])
  }

  /// A graph of several rounds has every row.
  @Test func noRoundIsForgotten() throws {
    let rows = SyntheticRows(count: 66_000, dimension: 2, distance: .euclid, seed: 94)
    let part = try #require(try rows.part(m: 2, efConstruction: 2))
    let graph = try #require(part.graph)
    let linked = (0..<rows.count).count { unsafe graph.links[$0 * graph.slots] != NT_NO_NODE }
    #expect(linked == rows.count, "seed 94")
  }
}
