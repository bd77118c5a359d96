import CKernels

/// The query's side of a distance: compares rows of one part with one query.
///
/// Traversals and scans are generic over it and specialised for each, so that a hop is one call of a C kernel.
protocol RowScorer {
  /// Writes the ordering value of `count` rows into `out`: of those in `rows`, or of `first`, `first + 1`, … where
  /// `rows` is nil. `count` is at most `SearchScratch.batchMax`.
  func score(_ rows: UnsafePointer<UInt32>?, first: Int, count: Int, into out: UnsafeMutablePointer<Float>)
  /// Fetches rows that are compared soon.
  func fetch(_ rows: UnsafePointer<UInt32>, count: Int)
  /// Offers the first `count` entries of a graph to a small pool.
  ///
  /// - Returns: the distance of the first entry
  func offerEntries(
    _ entries: UnsafePointer<UInt32>, count: Int, to pool: inout CandidatePool, _ scratch: SearchScratch
  ) -> Float
  /// Whether distances are computed on codes, for statistics.
  var usesCodes: Bool { get }
  /// Distances computed for one row.
  var distancesPerRow: Int { get }
  /// Offers the pool the rows where a walk on level 0 begins, marked as visited.
  func begin(_ traversal: inout Traversal<Self>, _ graph: GraphLinks, _ pool: inout CandidatePool)
}

extension RowScorer {
  @inline(__always)
  func begin(_ traversal: inout Traversal<Self>, _ graph: GraphLinks, _ pool: inout CandidatePool) {
    unsafe traversal.begin(graph, entriesCount: graph.entriesCount, &pool)
  }

  func offerEntries(
    _ entries: UnsafePointer<UInt32>, count: Int, to pool: inout CandidatePool, _ scratch: SearchScratch
  ) -> Float {
    unsafe offerRows(entries, count: count, to: &pool, scratch)
  }

  /// Offers rows wherever they lie; returns the distance of the first.
  func offerRows(
    _ entries: UnsafePointer<UInt32>, count: Int, to pool: inout CandidatePool, _ scratch: SearchScratch
  ) -> Float {
    let distances = unsafe scratch.batchDistances
    var first = Float.infinity
    var done = 0
    while done < count {
      let part = min(count - done, SearchScratch.batchMax)
      unsafe score(entries + done, first: 0, count: part, into: distances)
      if done == 0 { first = unsafe distances[0] }
      for index in 0..<part { unsafe pool.offer(entries[done + index], distances[index]) }
      done += part
    }
    return first
  }
}

/// One query over the codes of a part.
@unsafe struct CodeScorer: RowScorer {
  let kernel: nt_code_rows
  let query: UnsafePointer<nt_code_query>
  let base: UnsafePointer<UInt8>
  let stride: Int
  /// The entries' codes, where the table has gathered them, and the number of the query's codes.
  let entries: UnsafePointer<UInt8>?
  let entriesLength: Int

  var usesCodes: Bool { true }
  var distancesPerRow: Int { 1 }

  func offerEntries(
    _ rows: UnsafePointer<UInt32>, count: Int, to pool: inout CandidatePool, _ scratch: SearchScratch
  ) -> Float {
    guard let blocks = unsafe entries else {
      return unsafe offerRows(rows, count: count, to: &pool, scratch)
    }
    let blockCount = Int(NT_ENTRY_BLOCK)
    let distances = unsafe scratch.entryDistances(count: count)
    let minima = unsafe distances + (count + blockCount - 1) / blockCount * blockCount
    unsafe BestKernels.table.pointee.entry_rows(query, entriesLength, blocks, count, distances, minima)
    for block in 0..<((count + blockCount - 1) / blockCount) where unsafe !(minima[block] > pool.worst) {
      for index in block * blockCount..<min(count, (block + 1) * blockCount) {
        unsafe pool.offer(rows[index], distances[index])
      }
    }
    return unsafe distances[0]
  }

  @inline(__always)
  func score(_ rows: UnsafePointer<UInt32>?, first: Int, count: Int, into out: UnsafeMutablePointer<Float>) {
    unsafe kernel(query, base + first * stride, stride, rows, count, out)
  }

  @inline(__always)
  func fetch(_ rows: UnsafePointer<UInt32>, count: Int) {
    unsafe nt_prefetch_rows(base, stride, rows, count)
  }

  /// The same query over other rows, encoded alike.
  func over(_ base: UnsafePointer<UInt8>) -> CodeScorer {
    unsafe CodeScorer(
      kernel: kernel, query: query, base: base, stride: stride, entries: nil, entriesLength: 0)
  }
}

/// One query over the full vectors of a part or of a chunk of the delta.
@unsafe struct VectorScorer: RowScorer {
  let kernel: RowKernel
  let query: UnsafeRawPointer
  let base: UnsafeRawPointer
  let dimension: Int
  let rowByteCount: Int

  var usesCodes: Bool { false }
  var distancesPerRow: Int { 1 }

  @inline(__always)
  func score(_ rows: UnsafePointer<UInt32>?, first: Int, count: Int, into out: UnsafeMutablePointer<Float>) {
    unsafe kernel.compare(
      query, dimension: dimension, base: base + first * rowByteCount, rowByteCount: rowByteCount, rows: rows,
      count: count, into: out)
  }

  @inline(__always)
  func fetch(_ rows: UnsafePointer<UInt32>, count: Int) {
    unsafe nt_prefetch_rows(base.assumingMemoryBound(to: UInt8.self), rowByteCount, rows, count)
  }
}

/// How several examples make one score.
enum ExampleRule {
  /// The sigmoid of the best positive similarity, or minus that of the best negative one where it is not smaller.
  case bestScore
  /// Similarities to positives minus similarities to negatives.
  case sumScores
  /// Behind the target the examples are pairs: 1 for each whose positive one is nearer, −1 where it is farther, plus the
  /// sigmoid of the similarity to the target.
  case discover
  /// The examples are pairs: what is lost where the positive one is farther than the negative one.
  case context
}

/// Several examples over anything that scores one: the ordering value is −score, a similarity is −distance.
@unsafe struct ExampleScorer<Example: RowScorer>: RowScorer {
  /// What is to be near, then what is not; `count` in all, at least one.
  let examples: UnsafePointer<Example>
  let positivesCount: Int
  let count: Int
  let rule: ExampleRule
  /// [3 × batchMax]: one example's distances, the nearest positive's, the nearest negative's.
  let buffer: UnsafeMutablePointer<Float>

  var usesCodes: Bool { unsafe examples.pointee.usesCodes }
  var distancesPerRow: Int { unsafe count }

  func score(
    _ rows: UnsafePointer<UInt32>?, first: Int, count rowsCount: Int, into out: UnsafeMutablePointer<Float>
  ) {
    let distances = unsafe buffer
    switch unsafe rule {
    case .sumScores:
      unsafe out.update(repeating: 0, count: rowsCount)
      for example in unsafe 0..<count {
        unsafe examples[example].score(rows, first: first, count: rowsCount, into: distances)
        let sign: Float = unsafe example < positivesCount ? 1 : -1
        for index in 0..<rowsCount { unsafe out[index] += sign * distances[index] }
      }
    case .bestScore:
      let positive = unsafe buffer + SearchScratch.batchMax
      let negative = unsafe buffer + 2 * SearchScratch.batchMax
      unsafe positive.update(repeating: .infinity, count: rowsCount)
      unsafe negative.update(repeating: .infinity, count: rowsCount)
      for example in unsafe 0..<count {
        unsafe examples[example].score(rows, first: first, count: rowsCount, into: distances)
        let nearest = unsafe example < positivesCount ? positive : negative
        for index in 0..<rowsCount { unsafe nearest[index] = min(nearest[index], distances[index]) }
      }
      for index in 0..<rowsCount {
        let best = unsafe (positive[index], negative[index])
        unsafe out[index] = best.0 < best.1 ? -Self.sigmoid(-best.0) : Self.sigmoid(-best.1)
      }
    case .discover:
      unsafe examples[0].score(rows, first: first, count: rowsCount, into: distances)
      for index in 0..<rowsCount { unsafe out[index] = -Self.sigmoid(-distances[index]) }
      unsafe forEachPair(behind: 1, rows, first: first, count: rowsCount) { index, positive, negative in
        unsafe out[index] += positive < negative ? -1 : positive > negative ? 1 : 0
      }
    case .context:
      unsafe out.update(repeating: 0, count: rowsCount)
      unsafe forEachPair(behind: 0, rows, first: first, count: rowsCount) { index, positive, negative in
        let loss = min(negative - positive - Float.ulpOfOne, 0)
        unsafe out[index] -= loss.isInfinite ? -1 : loss / (1 - loss)
      }
    }
  }

  func fetch(_ rows: UnsafePointer<UInt32>, count: Int) { unsafe examples[0].fetch(rows, count: count) }

  /// Calls `body` for each pair of examples and each row with the distances to the positive and the negative one.
  private func forEachPair(
    behind start: Int, _ rows: UnsafePointer<UInt32>?, first: Int, count rowsCount: Int,
    _ body: (_ row: Int, _ positive: Float, _ negative: Float) -> Void
  ) {
    let positives = unsafe buffer + SearchScratch.batchMax
    let negatives = unsafe buffer + 2 * SearchScratch.batchMax
    for positive in unsafe start..<positivesCount {
      let negative = unsafe positive - start + positivesCount
      unsafe examples[positive].score(rows, first: first, count: rowsCount, into: positives)
      unsafe examples[negative].score(rows, first: first, count: rowsCount, into: negatives)
      for index in 0..<rowsCount { unsafe body(index, positives[index], negatives[index]) }
    }
  }

  /// Begins near each positive example: the score itself leads nowhere from where all rows are alike bad.
  func begin(_ traversal: inout Traversal<Self>, _ graph: GraphLinks, _ pool: inout CandidatePool) {
    for example in unsafe 0..<max(positivesCount, 1) {
      var walk = unsafe Traversal(scorer: examples[example], scratch: traversal.scratch)
      var starts = unsafe traversal.scratch.exampleStarts
      unsafe walk.begin(graph, entriesCount: graph.entriesCount, &starts)
      unsafe traversal.add(visited: 0, compared: walk.comparedCount / count)
      for index in unsafe 0..<starts.count {
        let node = unsafe CandidatePool.node(starts.entries[index])
        let distance = unsafe traversal.distance(ofRow: node)
        unsafe pool.offer(node, distance)
      }
    }
  }

  /// ½ + ½·x / (1 + |x|), as Qdrant squeezes scores into 0 … 1.
  static func sigmoid(_ x: Float) -> Float {
    x.isInfinite ? (x < 0 ? 0 : 1) : 0.5 * (x / (1 + abs(x)) + 1)
  }
}
