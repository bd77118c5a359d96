/// Compares rows one after the other, without a graph.
@unsafe struct RowScan<Scorer: RowScorer> {
  let scorer: Scorer
  let scratch: SearchScratch
  private(set) var comparedCount = 0

  init(scorer: Scorer, scratch: SearchScratch) {
    unsafe self.scorer = scorer
    unsafe self.scratch = scratch
  }

  /// Offers rows `range` of the scorer to the pool as `numbering + row`; only accepted ones, where bits are given.
  ///
  /// - Parameter accepted: bit `acceptedOffset + row` decides about a row
  mutating func run(
    _ range: Range<Int>, numbering: Int = 0, accepted: Bitset?, acceptedOffset: Int = 0,
    into pool: inout CandidatePool
  ) {
    unsafe RowBlocks.forEach(range, accepted: accepted, acceptedOffset: acceptedOffset, scratch) {
      rows, first, count in
      unsafe offer(rows, first: first, count: count, numbering: numbering, into: &pool)
    }
  }

  /// Offers the given rows.
  mutating func offer(_ rows: [UInt32], into pool: inout CandidatePool) {
    unsafe rows.withUnsafeBufferPointer { rows in
      guard let first = rows.baseAddress else { return }
      var done = 0
      while done < rows.count {
        let count = min(RowBlocks.countMax, rows.count - done)
        unsafe offer(first + done, first: 0, count: count, numbering: 0, into: &pool)
        done += count
      }
    }
  }

  /// Compares the given rows, or without them those from `first` on, and offers them.
  mutating func offer(
    _ rows: UnsafePointer<UInt32>?, first: Int, count: Int, numbering: Int, into pool: inout CandidatePool
  ) {
    let distances = unsafe scratch.batchDistances
    unsafe scorer.score(rows, first: first, count: count, into: distances)
    unsafe comparedCount &+= count
    if let rows = unsafe rows, numbering == 0 { return unsafe pool.offer(rows, distances, count: count) }
    let numbers = unsafe scratch.batchNumbers
    for index in 0..<count {
      let row = if let rows = unsafe rows { unsafe Int(rows[index]) } else { first &+ index }
      unsafe numbers[index] = UInt32(truncatingIfNeeded: row &+ numbering)
    }
    unsafe pool.offer(numbers, distances, count: count)
  }
}
