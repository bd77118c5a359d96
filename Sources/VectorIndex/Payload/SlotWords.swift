/// A set of slots that is being filled, as one bit each.
struct SlotWords {
  let count: Int
  private var words: [UInt64]

  init(count: Int) {
    self.count = count
    words = [UInt64](repeating: 0, count: (count + 63) / 64)
  }

  /// The set; it takes the words over.
  consuming func bitset() -> Bitset { Bitset(count: count, words: words) }

  mutating func insert(_ slot: UInt32) {
    guard slot < count else { return }
    words[Int(slot) >> 6] |= 1 << UInt64(slot & 63)
  }

  mutating func formUnion(_ other: SlotWords) {
    precondition(count == other.count)
    for index in words.indices { words[index] |= other.words[index] }
  }

  mutating func remove(_ other: SlotWords) {
    precondition(count == other.count)
    for index in words.indices { words[index] &= ~other.words[index] }
  }

  /// Lets `body` write without a check of uniqueness a slot.
  @inline(__always) mutating func withWords(_ body: (inout Writer) -> Void) {
    let count = count
    unsafe words.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      var writer = unsafe Writer(base: base, wordCount: buffer.count, count: count)
      body(&writer)
    }
  }

  /// Writes into the words; slots from `count` on are dropped.
  @safe struct Writer {
    fileprivate let base: UnsafeMutablePointer<UInt64>
    let wordCount: Int
    let count: Int

    fileprivate init(base: UnsafeMutablePointer<UInt64>, wordCount: Int, count: Int) {
      unsafe self.base = base
      self.wordCount = wordCount
      self.count = count
    }

    @inline(__always) mutating func insert(_ slot: Int) {
      guard slot < count else { return }
      unsafe base[slot &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: slot & 63)
    }

    @inline(__always) mutating func formOr(word: Int, _ bits: UInt64) {
      guard word < wordCount else { return }
      unsafe base[word] |= bits
    }

    /// Adds slot i where byte i of `part` is from `low` to `high`.
    mutating func insert(
      bytes: PackedArray<UInt8>, in part: Range<Int>, between low: UInt8, _ high: UInt8
    ) {
      precondition(part.lowerBound >= 0 && part.upperBound <= bytes.count)
      guard let first = unsafe bytes.slice.bytes.baseAddress else { return }
      let start = unsafe first.assumingMemoryBound(to: UInt8.self) + part.lowerBound
      unsafe BestKernels.table.pointee.bytes_between(start, min(part.count, count), low, high, base)
    }

    mutating func insert(_ range: Range<Int>) {
      var slot = range.lowerBound
      let end = min(range.upperBound, count)
      while slot < end {
        let last = min(end, (slot | 63) + 1)
        let width = last - slot
        let bits: UInt64 = width == 64 ? .max : ((1 << UInt64(width)) - 1) << UInt64(slot & 63)
        formOr(word: slot >> 6, bits)
        slot = last
      }
    }
  }
}
