import Testing
import VectorIndex
import VectorModel

/// Queries of several examples, and the delta's scan, against plain loops.
@Suite struct ExampleSearchTests {
  private static func bestScore(_ rows: SyntheticRows, _ p: [[Float]], _ n: [[Float]], _ row: [Float])
    -> Float
  {
    let positive = p.map { -rows.distance($0, row) }.max() ?? -.infinity
    let negative = n.map { -rows.distance($0, row) }.max() ?? -.infinity
    let sigmoid = { (x: Float) in 0.5 * (x / (1 + abs(x)) + 1) }
    return positive > negative ? -sigmoid(positive) : sigmoid(negative)
  }

  private static func sumScores(_ rows: SyntheticRows, _ p: [[Float]], _ n: [[Float]], _ row: [Float])
    -> Float
  {
    p.reduce(0) { $0 + rows.distance($1, row) } - n.reduce(0) { $0 + rows.distance($1, row) }
  }

  /// −score of `discover`, pair by pair.
  private static func discover(
    _ rows: SyntheticRows, _ t: [Float], _ p: [[Float]], _ n: [[Float]], _ row: [Float]
  )
    -> Float
  {
    let similarity = -rows.distance(t, row)
    let ranks = zip(p, n).map { positive, negative -> Float in
      let (near, far) = (rows.distance(positive, row), rows.distance(negative, row))
      return near < far ? 1 : near > far ? -1 : 0
    }
    return -ranks.reduce(0, +) - 0.5 * (similarity / (1 + abs(similarity)) + 1)
  }

  /// −score of `context`, pair by pair.
  private static func context(_ rows: SyntheticRows, _ p: [[Float]], _ n: [[Float]], _ row: [Float]) -> Float
  {
    zip(p, n).reduce(0) { sum, pair in
      let loss = min(rows.distance(pair.1, row) - rows.distance(pair.0, row), 0)
      return sum - loss / (1 + abs(loss))
    }
  }

  @Test(arguments: Distance.ofNumbers) func examplesOverGraphAndScans(distance: Distance) throws {
    let rows = SyntheticRows(count: 1200, dimension: 20, distance: distance, seed: 41)
    let part = try #require(try rows.part())
    var random = SplitMix64(state: 42)
    let scratch = SearchScratch()
    var hits: [String: Int] = [:]
    for _ in 0..<8 {
      let p = (0..<2).map { _ in rows.query(&random) }
      let n = (0..<2).map { _ in rows.query(&random) }
      let cases: [(String, SearchTarget, ([Float]) -> Float)] = [
        ("best", .bestScore(positives: p, negatives: n), { Self.bestScore(rows, p, n, $0) }),
        ("best, no negative", .bestScore(positives: p, negatives: []), { Self.bestScore(rows, p, [], $0) }),
        ("best, no positive", .bestScore(positives: [], negatives: n), { Self.bestScore(rows, [], n, $0) }),
        ("sum", .sumScores(positives: p, negatives: [n[0]]), { Self.sumScores(rows, p, [n[0]], $0) }),
        (
          "discover", .discover(n[1], positives: p, negatives: n),
          { Self.discover(rows, n[1], p, n, $0) }
        ),
        (
          "discover alone", .discover(p[0], positives: [], negatives: []),
          { Self.discover(rows, p[0], [], [], $0) }
        ),
        ("context", .context(positives: p, negatives: n), { Self.context(rows, p, n, $0) }),
      ]
      for (name, target, score) in cases {
        let exact = rows.nearest(10, score: score)
        for plan in [SearchPlan.traversal, .codeScan, .exactScan] {
          var statistics = SearchStatistics()
          let found = try part.search(
            target, options: PartSearchOptions(limit: 10, ef: 120, plan: plan), scratch: scratch,
            statistics: &statistics)
          #expect(found.count == 10)
          for neighbour in found {
            let expected = score(rows.row(Int(neighbour.row)))
            #expect(abs(neighbour.distance - expected) <= 1e-4 * max(1, abs(expected)), "\(name) \(plan)")
          }
          let farthest = exact[9].distance
          hits["\(name) \(plan)", default: 0] +=
            found.filter { $0.distance <= farthest + 1e-5 * max(1, abs(farthest)) }.count
        }
      }
    }
    // The graph is one of nearness to a vector; scores of several examples follow it less closely.
    for (name, count) in hits where !name.contains("no positive") || !name.contains("traversal") {
      #expect(Double(count) / 80 >= (name.contains("traversal") ? 0.9 : 0.95), "\(name), seed 42")
    }
  }

  @Test(arguments: Distance.ofNumbers) func flatScanIsExactOverChunks(distance: Distance) throws {
    let rows = SyntheticRows(count: 700, dimension: 12, distance: distance, seed: 43)
    let bytes = rows.bytes
    let rowBytes = 12 * 4
    let chunks = [(0, 256), (256, 0), (256, 256), (512, 188)].map { start, count in
      FlatScan.Chunk(
        vectors: MemorySlice(
          MemoryRegion(copying: Array(bytes[start * rowBytes..<(start + count) * rowBytes]))),
        count: count)
    }
    var random = SplitMix64(state: 44)
    let offset = 37
    var accept = Bitset(count: 700 + offset + 5)
    for row in 0..<700 where Bool.random(using: &random) { accept[row + offset] = true }
    var accepted = Bitset(count: 700)
    for row in 0..<700 { accepted[row] = accept[row + offset] }
    let scratch = SearchScratch()
    for limit in [1, 10, 700] {
      let query = rows.query(&random)
      var statistics = SearchStatistics()
      let all = try FlatScan.search(
        .nearest(query), limit: limit, chunks: chunks, dimension: 12, distance: distance, scratch: scratch,
        statistics: &statistics)
      #expect(statistics.floatDistancesCount == 700)
      let some = try FlatScan.search(
        .nearest(query), limit: limit, chunks: chunks, dimension: 12, distance: distance, accept: accept,
        acceptOffset: offset, scratch: scratch, statistics: &statistics)
      for (found, exact) in [
        (all, rows.nearest(query, limit)), (some, rows.nearest(query, limit, accept: accepted)),
      ] {
        #expect(found.count == exact.count)
        for (left, right) in zip(found, exact) { #expect(abs(left.distance - right.distance) < 1e-3) }
      }
      #expect(some.allSatisfy { accepted[Int($0.row)] })
      let p = [query, rows.row(1)]
      let examples = try FlatScan.search(
        .sumScores(positives: p, negatives: []), limit: limit, chunks: chunks, dimension: 12,
        distance: distance,
        scratch: scratch, statistics: &statistics)
      let exact = rows.nearest(limit) { Self.sumScores(rows, p, [], $0) }
      for (left, right) in zip(examples, exact) { #expect(abs(left.distance - right.distance) < 1e-3) }
    }
  }

  @Test func noExamplesAreRefused() throws {
    var statistics = SearchStatistics()
    #expect(throws: RequestError.self) {
      try FlatScan.search(
        .bestScore(positives: [], negatives: []), limit: 1, chunks: [], dimension: 4, distance: .dot,
        scratch: SearchScratch(), statistics: &statistics)
    }
  }
}
