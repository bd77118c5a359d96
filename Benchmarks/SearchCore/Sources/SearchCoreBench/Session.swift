import Glibc
import VectorIndex
import VectorModel

/// What was loaded and built so far.
final class Session {
  private var base: MemorySlice?
  private var dimension = 0
  private var count = 0
  private var distance = Distance.cosine
  private(set) var queries: [[Float]] = []
  private var truth: [Int32] = []
  private var truthColumns = 1
  private(set) var part: VectorPart?
  private var accepted: RowFilter?
  private var payloads: PayloadColumns?
  private var filter: Filter?
  /// How the part was built.
  private var buildWords: [String] = []
  private let scratch = SearchScratch()

  func run(_ line: String) throws -> String {
    let words = line.split(separator: " ").map(String.init)
    switch words.first {
    case "load": return load(words)
    case "truth":
      let file = NumpyFile(words[1])
      truth = file.integers
      truthColumns = file.columns
      return "ok \(file.rows)"
    case "build": return try build(words)
    case "link": return try build(buildWords, fields: words.dropFirst())
    case "accept": return accept(words)
    case "payload":
      let before = residentBytes()
      let (cpu, wall) = (processSeconds(), wallSeconds())
      payloads = try PayloadColumns(lines: readFile(words[1]), fields: words.dropFirst(2))
      return "\(processSeconds() - cpu) \(wallSeconds() - wall) \(residentBytes() - before)"
    case "filter":
      filter = words[1] == "none" ? nil : try PayloadColumns.filter(String(line.dropFirst(7)))
      return "ok"
    case "search": return try search(words)
    case "threads": return try concurrently(words)
    default: return "unknown command"
    }
  }

  private func load(_ words: [String]) -> String {
    distance = words[3] == "euclid" ? .euclid : .cosine
    let file = NumpyFile(words[1])
    let values = file.floats(normalised: distance == .cosine)
    count = file.rows
    dimension = file.columns
    base = unsafe values.withUnsafeBytes { unsafe MemorySlice(MemoryRegion(copying: [UInt8]($0))) }
    let queryFile = NumpyFile(words[2])
    let queryValues = queryFile.floats(normalised: distance == .cosine)
    queries = (0..<queryFile.rows).map { Array(queryValues[$0 * dimension..<($0 + 1) * dimension]) }
    return "ok \(count) \(dimension)"
  }

  /// Answers: CPU seconds, wall seconds, bytes of codes and links; of fields large values get links of their own.
  private func build(_ words: [String], fields: ArraySlice<String> = []) throws -> String {
    buildWords = words
    guard let base else { return "error nothing loaded" }
    let parameters = GraphParameters(
      m: Int(words[1]) ?? 16, efConstruction: Int(words[2]) ?? 100, alpha: Float(words[4]) ?? 1,
      keepsPruned: words[5] == "1", codeBits: words.count > 6 ? Int(words[6]) ?? 4 : 4)
    let counts = FieldRows.rowCounts(of: count, dimension: dimension, parameters: parameters) ?? 0...0
    let rows = fields.compactMap { payloads?.rows(of: $0, m: parameters.m, counts: counts) }
    let (cpu, wall) = (processSeconds(), wallSeconds())
    part = try VectorPart.build(
      rows: base, count: count, dimension: dimension, distance: distance, parameters: parameters,
      fields: rows,
      threads: Int(words[3]) ?? 1)
    return "\(processSeconds() - cpu) \(wallSeconds() - wall) \(part?.compactByteCount ?? 0)"
  }

  private func accept(_ words: [String]) -> String {
    if words[1] == "all" {
      accepted = nil
      return "ok \(count)"
    }
    let bytes = readFile(words[1])
    var rows = Bitset(count: count)
    for offset in stride(from: 0, to: bytes.count, by: 4) {
      rows[(0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }] = true
    }
    accepted = RowFilter(rows: rows)
    return "ok \(accepted?.cardinality ?? 0)"
  }

  /// Answers: recall@10, CPU seconds and wall seconds a query, nodes, code and float distances a query, plans,
  /// the share of queries of whose neighbours none was found. A filter is evaluated anew for each query; without one,
  /// several queries may be asked together.
  private func search(_ words: [String]) throws -> String {
    guard let part else { return "error nothing built" }
    let options = PartSearchOptions(
      limit: 10, ef: Int(words[1]) ?? 100, oversampling: Float(words[2]) ?? 2,
      plan: SearchPlan(rawValue: words[3]))
    let queryCount = min(Int(words[4]) ?? queries.count, queries.count)
    var statistics = SearchStatistics()
    var found: [[Neighbor]] = []
    found.reserveCapacity(queryCount)
    let targets = queries.prefix(queryCount).map { SearchTarget.nearest($0) }
    let (cpu, wall) = (processSeconds(), wallSeconds())
    let together = words.count > 5 ? Int(words[5]) ?? 1 : 1
    for first in stride(from: 0, to: together > 1 ? targets.count : 0, by: together) {
      let group = Array(targets[first...].prefix(together))
      var costs = [SearchStatistics](repeating: SearchStatistics(), count: group.count)
      found += try part.search(
        group, options: group.map { _ in options }, accept: accepted, scratch: scratch, statistics: &costs)
      for cost in costs { statistics.add(cost) }
    }
    for target in targets where together <= 1 {
      var accept = accepted
      if let filter, let payloads { accept = RowFilter(rows: try payloads.rows(matching: filter)) }
      found.append(
        try part.search(target, options: options, accept: accept, scratch: scratch, statistics: &statistics))
    }
    let seconds = (processSeconds() - cpu, wallSeconds() - wall)
    var hits = 0
    var wanted = 0
    var lost = 0
    for (query, neighbours) in found.enumerated() {
      let nearest = Set(truth[query * truthColumns..<query * truthColumns + 10].filter { $0 >= 0 })
      wanted += nearest.count
      let found = neighbours.count { nearest.contains(Int32($0.row)) }
      hits += found
      lost += found == 0 && !nearest.isEmpty ? 1 : 0
    }
    let each = Double(queryCount)
    let plans = Set(statistics.plans.map(\.rawValue)).sorted().joined(separator: "+")
    return "\(Double(hits) / Double(max(wanted, 1))) \(seconds.0 / each) \(seconds.1 / each) "
      + "\(Double(statistics.visitedNodesCount) / each) \(Double(statistics.codeDistancesCount) / each) "
      + "\(Double(statistics.floatDistancesCount) / each) \(plans) \(Double(lost) / each)"
  }
}
