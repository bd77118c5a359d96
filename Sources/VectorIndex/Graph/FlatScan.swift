package import VectorModel

/// Searches rows that have no graph: the delta's chunks of full vectors, and their codes where there are some.
package enum FlatScan {
  /// Rows that lie together.
  package struct Chunk: Sendable {
    /// [count × dimension] numbers or more, row-major, aligned for their element.
    package let vectors: MemorySlice
    /// The rows' codes one after the other, aligned to 64 bytes; nil where there are none.
    package let codes: MemorySlice?
    /// Rows that may be read.
    package let count: Int

    package init(vectors: MemorySlice, codes: MemorySlice? = nil, count: Int) {
      self.vectors = vectors
      self.codes = codes
      self.count = count
    }
  }

  /// A scan of codes, whose best rows are compared by their full vectors.
  package struct Coarse: Sendable {
    /// How the chunks' codes were made; each chunk has some.
    package let encoding: RowEncoding
    package let rescoredCount: Int

    package init(encoding: RowEncoding, rescoredCount: Int) {
      self.encoding = encoding
      self.rescoredCount = rescoredCount
    }
  }

  /// The nearest accepted rows of all chunks, best first, equal distances by row; distances are of full vectors.
  ///
  /// - Parameters:
  ///   - chunks: rows are numbered through from 0 in their order
  ///   - coarse: nil: every row is compared by its full vector
  ///   - accept: bit `acceptOffset + row` decides about a row; nil: all are accepted
  ///   - scratch: the calling thread's
  ///   - statistics: what this scan cost is added
  /// - Throws: `badRequest` for a target of another dimension or without examples.
  /// - Complexity: O(accepted rows × dimension)
  package static func search(
    _ target: SearchTarget, limit: Int, chunks: [Chunk], coarse: Coarse? = nil, dimension: Int,
    element: VectorElement = .float32, distance: Distance, accept: Bitset? = nil, acceptOffset: Int = 0,
    scratch: SearchScratch, statistics: inout SearchStatistics
  ) throws(RequestError) -> [Neighbor] {
    try target.check(dimension: dimension)
    let rowsCount = chunks.reduce(0) { $0 + $1.count }
    if rowsCount == 0 || limit <= 0 {
      statistics.plans.append(.empty)
      return []
    }
    statistics.plans.append(coarse == nil ? .exactScan : .codeScan)
    let prepared = unsafe PreparedTarget(
      target, dimension: dimension, element: element, codes: coarse?.encoding.table, scratch: scratch)
    var run = unsafe Run(
      prepared: prepared, dimension: dimension, element: element, distance: distance, scratch: scratch,
      accept: accept, acceptOffset: acceptOffset)
    let wanted = min(limit, rowsCount)
    guard let coarse else {
      var pool = unsafe scratch.candidates(capacity: wanted)
      unsafe run.scan(chunks, into: &pool)
      unsafe statistics.add(run.statistics)
      return unsafe PartSearch.neighbours(pool, limit: limit)
    }
    var candidates = unsafe scratch.candidates(capacity: min(max(limit, coarse.rescoredCount), rowsCount))
    unsafe run.scanCodes(chunks, into: &candidates)
    var pool = unsafe scratch.results(capacity: wanted)
    unsafe run.rescore(candidates, chunks, into: &pool)
    unsafe statistics.add(run.statistics)
    return unsafe PartSearch.neighbours(pool, limit: limit)
  }

  /// One search over the chunks.
  @unsafe private struct Run {
    let prepared: PreparedTarget
    let dimension: Int
    let element: VectorElement
    let distance: Distance
    let scratch: SearchScratch
    let accept: Bitset?
    let acceptOffset: Int
    var statistics = SearchStatistics()

    mutating func scan(_ chunks: [Chunk], into pool: inout CandidatePool) {
      var numbering = 0
      for chunk in chunks where chunk.count > 0 {
        let table = unsafe table(chunk)
        if unsafe prepared.isSingle {
          let scorer = unsafe prepared.vectorScorer(over: table)
          unsafe statistics.floatDistancesCount += compare(scorer, chunk.count, numbering, &pool)
        } else {
          let scorer = unsafe prepared.vectorExamples(over: table)
          unsafe statistics.floatDistancesCount += compare(scorer, chunk.count, numbering, &pool)
        }
        numbering += chunk.count
      }
    }

    mutating func scanCodes(_ chunks: [Chunk], into pool: inout CandidatePool) {
      var numbering = 0
      for chunk in chunks where chunk.count > 0 {
        guard let codes = chunk.codes else { preconditionFailure("a chunk without codes") }
        let base = unsafe codes.pointer(to: UInt8.self)
        if unsafe prepared.isSingle {
          let scorer = unsafe prepared.codeScorer.over(base)
          unsafe statistics.codeDistancesCount += compare(scorer, chunk.count, numbering, &pool)
        } else {
          let scorer = unsafe prepared.codeExamples(base: base)
          unsafe statistics.codeDistancesCount += compare(scorer, chunk.count, numbering, &pool)
        }
        numbering += chunk.count
      }
    }

    /// Compares a chunk's accepted rows and returns how many distances that took.
    private func compare<Scorer: RowScorer>(
      _ scorer: Scorer, _ count: Int, _ numbering: Int, _ pool: inout CandidatePool
    ) -> Int {
      var scan = unsafe RowScan(scorer: scorer, scratch: scratch)
      unsafe scan.run(
        0..<count, numbering: numbering, accepted: accept, acceptedOffset: acceptOffset + numbering,
        into: &pool)
      return unsafe scan.comparedCount * scorer.distancesPerRow
    }

    /// Scores candidates by their full vectors.
    mutating func rescore(_ candidates: CandidatePool, _ chunks: [Chunk], into pool: inout CandidatePool) {
      let rows = unsafe (0..<candidates.count).map { unsafe CandidatePool.node(candidates.entries[$0]) }
        .sorted()
      var next = 0
      var numbering = 0
      for chunk in chunks where chunk.count > 0 {
        let table = unsafe table(chunk)
        while next < rows.count, Int(rows[next]) < numbering + chunk.count {
          var count = 0
          while count < SearchScratch.batchMax, next < rows.count, Int(rows[next]) < numbering + chunk.count {
            unsafe scratch.batchRows[count] = rows[next] - UInt32(numbering)
            count += 1
            next += 1
          }
          unsafe statistics.floatDistancesCount += rescore(table, count, numbering, &pool)
        }
        numbering += chunk.count
      }
    }

    private func rescore(
      _ table: VectorTable, _ count: Int, _ numbering: Int, _ pool: inout CandidatePool
    ) -> Int {
      if unsafe prepared.isSingle {
        return unsafe offer(prepared.vectorScorer(over: table), count, numbering, &pool)
      }
      return unsafe offer(prepared.vectorExamples(over: table), count, numbering, &pool)
    }

    private func table(_ chunk: Chunk) -> VectorTable {
      unsafe VectorTable(
        vectors: chunk.vectors, count: chunk.count, dimension: dimension, element: element, distance: distance
      )
    }

    private func offer<Scorer: RowScorer>(
      _ scorer: Scorer, _ count: Int, _ numbering: Int, _ pool: inout CandidatePool
    ) -> Int {
      var scan = unsafe RowScan(scorer: scorer, scratch: scratch)
      unsafe scan.offer(scratch.batchRows, first: 0, count: count, numbering: numbering, into: &pool)
      return count * scorer.distancesPerRow
    }
  }
}
