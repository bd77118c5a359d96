import VectorIndex
import VectorModel

// What a query costs in rows without a part, by their vectors, by their codes and over a graph of them; and what dead
// rows of a part cost: TierBench <base.npy> <queries.npy>

private struct Bench {
  private static let roundsCount = 3

  let values: [Float]
  let count: Int
  let dimension: Int
  let queries: [[Float]]
  let scratch = SearchScratch()

  private func row(_ number: Int) -> [Float] { Array(values[number * dimension..<(number + 1) * dimension]) }

  private func delta(_ count: Int) -> VectorRows {
    var rows = VectorRows(dimension: dimension, distance: .cosine)
    for number in 0..<count { rows.put(row(number), slot: UInt32(number)) }
    return rows
  }

  private func part(_ rows: VectorRows) throws -> VectorPart {
    let part = try VectorPart.build(
      rows: try rows.gathered(0..<UInt32(rows.rowCount)), count: rows.rowCount, dimension: dimension,
      distance: .cosine, parameters: GraphParameters(), threads: 2)
    guard let part else { preconditionFailure("nobody cancels") }
    return part
  }

  /// The least CPU time of a query in microseconds, of several rounds over all queries.
  private func microseconds(_ search: ([Float]) throws -> Void) rethrows -> Double {
    var least = Double.infinity
    for _ in 0..<Self.roundsCount {
      let start = processSeconds()
      for query in queries { try search(query) }
      least = min(least, (processSeconds() - start) / Double(queries.count) * 1e6)
    }
    return (least * 10).rounded() / 10
  }

  /// CPU time of a query, and its recall@10 against an exact one.
  private func cost(_ rows: VectorRows, _ options: PartSearchOptions) throws -> String {
    var searches: [TierSearch] = []
    let cost = try microseconds { query in
      searches.removeAll(keepingCapacity: true)
      _ = try rows.search(.nearest(query), options, slots: nil, scratch: scratch, searches: &searches)
    }
    var hits = 0
    for query in queries {
      let exact = try rows.search(
        .nearest(query), PartSearchOptions(limit: 10, exact: true), slots: nil, scratch: scratch,
        searches: &searches)
      let found = try rows.search(
        .nearest(query), options, slots: nil, scratch: scratch, searches: &searches)
      hits += Set(exact.map(\.slot)).intersection(found.map(\.slot)).count
    }
    return "\(cost) µs, recall \(Double(hits) / Double(10 * queries.count))"
  }

  func run() throws {
    print("rows without a part, CPU time of a query by vectors; by codes; over a part of them:")
    for count in [2048, 8192, 16_384, 32_768] where count <= self.count {
      let start = processSeconds()
      let delta = delta(count)
      let perRow = (processSeconds() - start) / Double(count) * 1e6
      var floats = PartSearchOptions(limit: 10)
      floats.ignoresCodes = true
      var frozen = delta
      frozen.closeTier()
      let part = try part(delta)
      let isInstalled = frozen.install(part, replacing: frozen.tiers.dropLast().map(\.id))
      precondition(isInstalled)
      print(
        "  \(count): \(try cost(delta, floats)); \(try cost(delta, PartSearchOptions(limit: 10))); "
          + "\(try cost(frozen, PartSearchOptions(limit: 10))); appending \(perRow) µs a row")
    }
    let sealed = count / 2
    print("rows linked where they lie behind a part of \(sealed), by candidates kept while they are linked:")
    let base = try part(delta(sealed))
    for candidates in [100, 64, 48, 32] {
      var rows = VectorRows(
        part: base, dimension: dimension, distance: .cosine,
        slotOfRow: PackedArray(Array(0..<UInt32(sealed))),
        slotCount: sealed)
      for number in sealed..<count { rows.put(row(number), slot: UInt32(number)) }
      try rows.beginGraph(tier: 1, GraphParameters(efConstruction: candidates))
      let start = processSeconds()
      rows.tiers[1].link(threads: 1) { false }
      let perRow = (processSeconds() - start) / Double(count - sealed) * 1e6
      print("  \(candidates): \(try cost(rows, PartSearchOptions(limit: 10))); linking \(perRow) µs a row")
    }
    print("dead rows of a part of \(count):")
    let part = try part(delta(count))
    for percent in [0, 1, 5, 10, 15, 20, 21, 30] {
      var rows = VectorRows(
        part: part, dimension: dimension, distance: .cosine, slotOfRow: PackedArray(Array(0..<UInt32(count))),
        slotCount: count)
      for slot in 0..<count where (slot &* 2_654_435_761) >> 8 % 100 < percent {
        rows.remove(slot: UInt32(slot))
      }
      print("  \(percent) %: \(try cost(rows, PartSearchOptions(limit: 10)))")
    }
  }
}

let arguments = CommandLine.arguments
let file = NumpyFile(arguments[1])
let queryFile = NumpyFile(arguments[2])
let queryValues = queryFile.floats(normalised: true)
try Bench(
  values: file.floats(normalised: true), count: file.rows, dimension: file.columns,
  queries: (0..<queryFile.rows).map { Array(queryValues[$0 * file.columns..<($0 + 1) * file.columns]) }
).run()
