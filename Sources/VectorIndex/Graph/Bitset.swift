/// A set of rows or slots as one bit each.
///
/// Bits at and beyond `count` are always zero.
package struct Bitset: Sendable, Equatable {
  /// Bits that the set ranges over.
  package private(set) var count: Int
  /// Bit `i` is bit `i % 64` of word `i / 64`.
  package private(set) var words: [UInt64]

  /// - Complexity: O(`count` / 64)
  package init(count: Int, repeating value: Bool = false) {
    precondition(count >= 0)
    self.count = count
    words = [UInt64](repeating: value ? .max : 0, count: (count + 63) / 64)
    clearUnusedBits()
  }

  /// Adopts words; bits beyond `count` are cleared.
  ///
  /// - Parameter words: exactly `(count + 63) / 64` of them
  package init(count: Int, words: [UInt64]) {
    precondition(words.count == (count + 63) / 64)
    self.count = count
    self.words = words
    clearUnusedBits()
  }

  package subscript(index: Int) -> Bool {
    get {
      precondition(index >= 0 && index < count)
      return words[index >> 6] & (1 << UInt64(index & 63)) != 0
    }
    set {
      precondition(index >= 0 && index < count)
      let bit: UInt64 = 1 << UInt64(index & 63)
      if newValue { words[index >> 6] |= bit } else { words[index >> 6] &= ~bit }
    }
  }

  /// Keeps what is in `other` too. Both have the same `count`.
  package mutating func formAnd(_ other: Bitset) {
    precondition(count == other.count)
    for index in words.indices { words[index] &= other.words[index] }
  }

  /// Adds what is in `other`. Both have the same `count`.
  package mutating func formOr(_ other: Bitset) {
    precondition(count == other.count)
    for index in words.indices { words[index] |= other.words[index] }
  }

  /// Keeps of the first `prefixCount` bits what is in `other` too, and the others as they are.
  package mutating func formAndPrefix(_ other: Bitset, count prefixCount: Int) {
    precondition(prefixCount <= count && prefixCount <= other.count)
    let whole = prefixCount >> 6
    for index in 0..<whole { words[index] &= other.words[index] }
    let rest = prefixCount & 63
    if rest != 0 { words[whole] &= other.words[whole] | ~((1 << UInt64(rest)) - 1) }
  }

  /// The first `prefixCount` bits.
  package func prefix(_ prefixCount: Int) -> Bitset {
    precondition(prefixCount >= 0 && prefixCount <= count)
    return Bitset(count: prefixCount, words: Array(words.prefix((prefixCount + 63) / 64)))
  }

  /// Removes what is in `other`. Both have the same `count`.
  package mutating func formAndNot(_ other: Bitset) {
    precondition(count == other.count)
    for index in words.indices { words[index] &= ~other.words[index] }
  }

  /// Turns every bit.
  package mutating func invert() {
    for index in words.indices { words[index] = ~words[index] }
    clearUnusedBits()
  }

  /// Adds one bit at the end.
  ///
  /// - Complexity: O(1) amortised
  package mutating func append(_ value: Bool) {
    if count & 63 == 0 { words.append(0) }
    count += 1
    if value { self[count - 1] = true }
  }

  /// Sets a range of bits.
  package mutating func insert(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    var index = range.lowerBound
    while index < range.upperBound {
      let word = index >> 6
      let last = min(range.upperBound, (word + 1) << 6)
      let width = last - index
      let bits: UInt64 = width == 64 ? .max : ((1 << UInt64(width)) - 1) << UInt64(index & 63)
      words[word] |= bits
      index = last
    }
  }

  /// How many bits are set.
  ///
  /// - Complexity: O(`count` / 64)
  package var onesCount: Int {
    unsafe BestKernels.table.pointee.count_ones(words, words.count)
  }

  /// The set bits, ascending.
  package var ones: [UInt32] {
    var ones: [UInt32] = []
    forEachOne { ones.append(UInt32($0)) }
    return ones
  }

  /// Calls `body` with each set bit, ascending.
  @inlinable
  package func forEachOne<E: Error>(_ body: (Int) throws(E) -> Void) throws(E) {
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        try body(index &* 64 &+ rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
    }
  }

  private mutating func clearUnusedBits() {
    let used = count & 63
    if used != 0 { words[words.count - 1] &= (1 << UInt64(used)) - 1 }
  }
}
