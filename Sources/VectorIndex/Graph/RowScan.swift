/// Compares rows one after the other, without a graph.
@unsafe struct RowScan<Scorer: RowScorer> {
  /// Rows a kernel call; their distances stay in the first-level cache.
  private static var batchCount: Int { 256 }
  /// Rows that are held against one bound, which those taken lower.
  private static var offeredCount: Int { 64 }

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
    guard let accepted else { return unsafe runAll(range, numbering: numbering, into: &pool) }
    precondition(acceptedOffset >= 0 && acceptedOffset + range.upperBound <= accepted.count)
    if range.isEmpty { return }
    let bits = (range.lowerBound + acceptedOffset)..<(range.upperBound + acceptedOffset)
    unsafe accepted.words.withUnsafeBufferPointer { words in
      guard let words = words.baseAddress else { return }
      unsafe run(words, bits, numberedFrom: acceptedOffset, numbering: numbering, into: &pool)
    }
  }

  /// Offers the rows of the set ones of some bits.
  ///
  /// Words with bits are found first, without a branch, which would be foreseen badly where few rows are accepted.
  private mutating func run(
    _ words: UnsafePointer<UInt64>, _ bits: Range<Int>, numberedFrom first: Int, numbering: Int,
    into pool: inout CandidatePool
  ) {
    let rows = unsafe scratch.batchRows
    let filled = unsafe scratch.batchWords
    let (firstWord, lastWord) = (bits.lowerBound >> 6, (bits.upperBound - 1) >> 6)
    let firstMask = UInt64.max << UInt64(bits.lowerBound & 63)
    let lastMask = UInt64.max >> UInt64(63 - (bits.upperBound - 1) & 63)
    var count = 0
    var block = firstWord
    while block <= lastWord {
      let end = min(block + SearchScratch.batchWordsMax, lastWord + 1)
      var filledCount = 0
      for index in block..<end {
        unsafe filled[filledCount] = UInt32(truncatingIfNeeded: index)
        filledCount &+= unsafe words[index] != 0 ? 1 : 0
      }
      for place in 0..<filledCount {
        let index = unsafe Int(filled[place])
        var word = unsafe words[index]
        if index == firstWord { word &= firstMask }
        if index == lastWord { word &= lastMask }
        let row = index << 6 &- first
        while word != 0 {
          unsafe rows[count] = UInt32(truncatingIfNeeded: row &+ word.trailingZeroBitCount)
          count &+= 1
          word &= word &- 1
        }
        if unsafe count > Self.batchCount - 64 {
          unsafe offer(rows, first: 0, count: count, numbering: numbering, into: &pool)
          count = 0
        }
      }
      block = end
    }
    if count > 0 { unsafe offer(rows, first: 0, count: count, numbering: numbering, into: &pool) }
  }

  private mutating func runAll(_ range: Range<Int>, numbering: Int, into pool: inout CandidatePool) {
    var row = range.lowerBound
    while row < range.upperBound {
      let count = unsafe min(Self.batchCount, range.upperBound - row)
      unsafe offer(nil, first: row, count: count, numbering: numbering, into: &pool)
      row += count
    }
  }

  /// Offers the given rows.
  mutating func offer(_ rows: [UInt32], into pool: inout CandidatePool) {
    unsafe rows.withUnsafeBufferPointer { rows in
      guard let first = rows.baseAddress else { return }
      var done = 0
      while done < rows.count {
        let count = unsafe min(Self.batchCount, rows.count - done)
        unsafe offer(first + done, first: 0, count: count, numbering: 0, into: &pool)
        done += count
      }
    }
  }

  /// Compares the given rows.
  mutating func offer(
    _ rows: UnsafePointer<UInt32>?, first: Int, count: Int, numbering: Int, into pool: inout CandidatePool
  ) {
    let distances = unsafe scratch.batchDistances
    unsafe scorer.score(rows, first: first, count: count, into: distances)
    unsafe comparedCount &+= count
    let found = unsafe scratch.batchFound
    var done = 0
    while done < count {
      let part = unsafe min(count &- done, Self.offeredCount)
      let within = unsafe pool.placesWithin(distances + done, count: part, found)
      for index in 0..<within {
        let place = unsafe done &+ Int(found[index])
        let row = if let rows = unsafe rows { unsafe Int(rows[place]) } else { first &+ place }
        unsafe pool.offer(UInt32(truncatingIfNeeded: row &+ numbering), distances[place])
      }
      done &+= part
    }
  }
}
