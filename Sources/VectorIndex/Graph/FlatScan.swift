package import VectorModel

/// Searches rows that have no codes and no graph, exactly: the delta's chunks of float32 vectors.
package enum FlatScan {
  /// Rows that lie together.
  package struct Chunk: Sendable {
    /// [count × dimension] float32 or more, row-major, aligned to 4 bytes.
    package let vectors: MemorySlice
    /// Rows that may be read.
    package let count: Int

    package init(vectors: MemorySlice, count: Int) {
      self.vectors = vectors
      self.count = count
    }
  }

  /// The nearest accepted rows of all chunks, best first, equal distances by row.
  ///
  /// - Parameters:
  ///   - chunks: rows are numbered through from 0 in their order
  ///   - accept: bit `acceptOffset + row` decides about a row; nil: all are accepted
  ///   - scratch: the calling thread's
  ///   - statistics: what this scan cost is added
  /// - Throws: `badRequest` for a target of another dimension or without examples.
  /// - Complexity: O(accepted rows × dimension)
  package static func search(
    _ target: SearchTarget, limit: Int, chunks: [Chunk], dimension: Int, distance: Distance,
    accept: Bitset? = nil, acceptOffset: Int = 0, scratch: SearchScratch, statistics: inout SearchStatistics
  ) throws(RequestError) -> [Neighbor] {
    try target.check(dimension: dimension)
    let rowsCount = chunks.reduce(0) { $0 + $1.count }
    if rowsCount == 0 || limit <= 0 {
      statistics.plans.append(.empty)
      return []
    }
    statistics.plans.append(.exactScan)
    let prepared = unsafe PreparedTarget(target, dimension: dimension, codes: nil, scratch: scratch)
    var pool = unsafe scratch.candidates(capacity: min(limit, rowsCount))
    var numbering = 0
    for chunk in chunks where chunk.count > 0 {
      precondition(chunk.vectors.count >= chunk.count * dimension * 4)
      let base = unsafe chunk.vectors.pointer(to: Float.self)
      let place = Place(count: chunk.count, numbering: numbering, accept: accept, acceptOffset: acceptOffset)
      if unsafe prepared.isSingle {
        let scorer = unsafe prepared.floatScorer(base: base, distance: distance)
        unsafe scan(scorer, place, into: &pool, scratch, &statistics)
      } else {
        let scorer = unsafe prepared.floatExamples(base: base, distance: distance)
        unsafe scan(scorer, place, into: &pool, scratch, &statistics)
      }
      numbering += chunk.count
    }
    return unsafe PartSearch.neighbours(pool, limit: limit)
  }

  /// Where a chunk's rows stand among all.
  private struct Place {
    let count: Int
    let numbering: Int
    let accept: Bitset?
    let acceptOffset: Int
  }

  private static func scan<Scorer: RowScorer>(
    _ scorer: Scorer, _ place: Place, into pool: inout CandidatePool, _ scratch: SearchScratch,
    _ statistics: inout SearchStatistics
  ) {
    var scan = unsafe RowScan(scorer: scorer, scratch: scratch)
    unsafe scan.run(
      0..<place.count, numbering: place.numbering, accepted: place.accept,
      acceptedOffset: place.acceptOffset + place.numbering, into: &pool)
    statistics.floatDistancesCount += unsafe scan.comparedCount * scorer.distancesPerRow
  }
}
