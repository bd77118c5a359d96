/// Accepted rows in blocks that a kernel compares at once.
enum RowBlocks {
  /// Rows of a block; their distances stay in the first-level cache.
  static let countMax = 256

  /// Calls `body` for blocks of the rows in `range`, in their order; of accepted ones only, where bits are given.
  ///
  /// - Parameters:
  ///   - accepted: bit `acceptedOffset + row` decides about a row
  ///   - scratch: lends the memory for the rows' numbers
  ///   - body: gets a block's rows; or nil and the first of `count` rows that follow each other
  @inline(__always)
  static func forEach(
    _ range: Range<Int>, accepted: Bitset?, acceptedOffset: Int = 0, _ scratch: SearchScratch,
    _ body: (_ rows: UnsafePointer<UInt32>?, _ first: Int, _ count: Int) -> Void
  ) {
    guard let accepted else {
      for first in stride(from: range.lowerBound, to: range.upperBound, by: countMax) {
        body(nil, first, min(countMax, range.upperBound - first))
      }
      return
    }
    precondition(acceptedOffset >= 0 && acceptedOffset + range.upperBound <= accepted.count)
    if range.isEmpty { return }
    let bits = (range.lowerBound + acceptedOffset)..<(range.upperBound + acceptedOffset)
    unsafe accepted.words.withUnsafeBufferPointer { words in
      guard let words = words.baseAddress else { return }
      unsafe forEach(words, bits, numberedFrom: acceptedOffset, scratch, body)
    }
  }

  /// The rows of the set ones of some bits.
  ///
  /// Words with bits are found first, without a branch, which would be foreseen badly where few rows are accepted.
  @inline(__always)
  private static func forEach(
    _ words: UnsafePointer<UInt64>, _ bits: Range<Int>, numberedFrom numbering: Int, _ scratch: SearchScratch,
    _ body: (_ rows: UnsafePointer<UInt32>?, _ first: Int, _ count: Int) -> Void
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
        let row = index << 6 &- numbering
        while word != 0 {
          unsafe rows[count] = UInt32(truncatingIfNeeded: row &+ word.trailingZeroBitCount)
          count &+= 1
          word &= word &- 1
        }
        if count > countMax - 64 {
          unsafe body(rows, 0, count)
          count = 0
        }
      }
      block = end
    }
    if count > 0 { unsafe body(rows, 0, count) }
  }
}
