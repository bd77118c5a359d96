import VectorIndex
import VectorModel

// What it costs to take 20 % new rows into a part: from its graph, from the new rows' links among themselves as well, and
// anew; and what five times 5 % new rows with 5 % gone do to recall:
// IncrementalBench <base.npy> <queries.npy> <threads>

private struct Bench {
  let values: [Float]
  let count: Int
  let dimension: Int
  let queries: [[Float]]
  let threads: Int
  let scratch = SearchScratch()

  /// Some of all rows as a part.
  struct Built {
    var part: VectorPart
    var numbers: [Int]
  }

  func part(
    _ numbers: [Int], previous: [Built] = [], parameters: GraphParameters = GraphParameters()
  ) throws -> Built {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * dimension * 4)
    for number in numbers {
      let row = values[number * dimension..<(number + 1) * dimension]
      unsafe row.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
    let previousParts = previous.map { built in
      var places: [Int: UInt32] = [:]
      for (place, number) in built.numbers.enumerated() { places[number] = UInt32(place) }
      return PreviousPart(part: built.part, rows: numbers.map { places[$0] ?? PreviousPart.noRow })
    }
    let memory = MemorySlice(MemoryRegion(copying: bytes))
    let start = processSeconds()
    let part = try VectorPart.build(
      rows: memory, count: numbers.count, dimension: dimension, distance: .cosine,
      parameters: parameters, previous: previousParts, threads: threads)
    guard let part else { preconditionFailure("nobody cancels") }
    print(
      "  \(numbers.count) rows \(["anew", "from the graph"][min(1, previous.count)])"
        + "\(previous.count > 1 ? " and the new rows' links" : ""): "
        + "\(processSeconds() - start) CPU-s, recall \(try recall(part))")
    return Built(part: part, numbers: numbers)
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

  /// Rows linked among themselves about as those of a tier that grows.
  private func linked(_ numbers: [Int]) throws -> Built {
    try part(numbers, parameters: GraphParameters(efConstruction: 48, fullScanThresholdKilobytes: 0))
  }

  func run() throws {
    var order = Array(0..<count)
    var random = SystemRandomNumberGenerator()
    order.shuffle(using: &random)
    let first = Array(order[..<(count * 5 / 6)])
    print("\(first.count) rows, then \(count) of them:")
    let part = try part(first)
    _ = try self.part(order, previous: [part])
    _ = try self.part(order, previous: [part, linked(Array(order[(count * 5 / 6)...]))])
    _ = try self.part(order)
    print("five times 5 % new rows, 5 % gone:")
    var numbers = Array(order[..<(count * 3 / 4)])
    var last = try self.part(numbers)
    for round in 0..<5 {
      numbers.removeAll { _ in Int.random(in: 0..<20, using: &random) == 0 }
      let new = Array(order[(count * (15 + round) / 20)..<(count * (16 + round) / 20)])
      numbers += new
      last = try self.part(numbers, previous: [last, linked(new)])
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
