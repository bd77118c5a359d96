import VectorIndex
import VectorModel

// What it costs to take 20 % new rows into a part, from its graph and anew; and what five times 5 % new rows with 5 %
// gone do to recall: IncrementalBench <base.npy> <queries.npy> <threads>

private struct Bench {
  let values: [Float]
  let count: Int
  let dimension: Int
  let queries: [[Float]]
  let threads: Int
  let scratch = SearchScratch()

  func part(_ numbers: [Int], previous: (part: VectorPart, numbers: [Int])? = nil) throws -> VectorPart {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * dimension * 4)
    for number in numbers {
      let row = values[number * dimension..<(number + 1) * dimension]
      unsafe row.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
    var previousPart: PreviousPart?
    if let previous {
      var places: [Int: UInt32] = [:]
      for (place, number) in previous.numbers.enumerated() { places[number] = UInt32(place) }
      previousPart = PreviousPart(
        part: previous.part, rows: numbers.map { places[$0] ?? PreviousPart.noRow })
    }
    let memory = MemorySlice(MemoryRegion(copying: bytes))
    let start = processSeconds()
    let part = try VectorPart.build(
      rows: memory, count: numbers.count, dimension: dimension, distance: .cosine,
      parameters: GraphParameters(), previous: previousPart, threads: threads)
    guard let part else { preconditionFailure("nobody cancels") }
    print(
      "  \(numbers.count) rows \(previous == nil ? "anew" : "from the graph"): "
        + "\(processSeconds() - start) CPU-s, recall \(try recall(part))")
    return part
  }

  /// recall@10 of walks with a few candidates, where graphs differ most, and with the default.
  private func recall(_ part: VectorPart) throws -> [Double] {
    try [16, 32, 100].map { ef in
      var hits = 0
      for query in queries {
        var statistics = SearchStatistics()
        let exact = try part.search(
          .nearest(query), options: PartSearchOptions(limit: 10, exact: true), scratch: scratch,
          statistics: &statistics)
        let found = try part.search(
          .nearest(query), options: PartSearchOptions(limit: 10, ef: ef, plan: .traversal), scratch: scratch,
          statistics: &statistics)
        hits += Set(exact.map(\.row)).intersection(found.map(\.row)).count
      }
      return Double(hits) / Double(10 * queries.count)
    }
  }

  func run() throws {
    var order = Array(0..<count)
    var random = SystemRandomNumberGenerator()
    order.shuffle(using: &random)
    let first = Array(order[..<(count * 5 / 6)])
    print("\(first.count) rows, then \(count) of them:")
    let part = try part(first)
    _ = try self.part(order, previous: (part, first))
    _ = try self.part(order)
    print("five times 5 % new rows, 5 % gone:")
    var numbers = Array(order[..<(count * 3 / 4)])
    var last = try self.part(numbers)
    for round in 0..<5 {
      let old = numbers
      numbers.removeAll { _ in Int.random(in: 0..<20, using: &random) == 0 }
      numbers += order[(count * (15 + round) / 20)..<(count * (16 + round) / 20)]
      last = try self.part(numbers, previous: (last, old))
    }
    _ = try self.part(numbers)
  }
}

let arguments = CommandLine.arguments
let file = NumpyFile(arguments[1])
let queryFile = NumpyFile(arguments[2])
let queryValues = queryFile.floats(normalised: true)
try Bench(
  values: file.floats(normalised: true), count: file.rows, dimension: file.columns,
  queries: (0..<queryFile.rows).map { Array(queryValues[$0 * file.columns..<($0 + 1) * file.columns]) },
  threads: arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
).run()
