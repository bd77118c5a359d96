import Testing
import VectorIndex

@Suite struct BitsetTests {
  @Test(arguments: [0, 1, 63, 64, 65, 200]) func operationsAgreeWithSets(count: Int) {
    var random = SplitMix64(state: UInt64(count))
    let (left, right) = (
      Set((0..<count).filter { _ in Bool.random(using: &random) }),
      Set((0..<count).filter { _ in Bool.random(using: &random) })
    )
    func bits(_ members: Set<Int>) -> Bitset {
      var set = Bitset(count: count)
      for member in members { set[member] = true }
      return set
    }
    func members(_ set: Bitset) -> [Int] {
      var members: [Int] = []
      set.forEachOne { members.append($0) }
      return members
    }
    var set = bits(left)
    #expect(members(set) == left.sorted())
    #expect(set.onesCount == left.count)
    set.formAnd(bits(right))
    #expect(members(set) == left.intersection(right).sorted())
    set = bits(left)
    set.formOr(bits(right))
    #expect(members(set) == left.union(right).sorted())
    set = bits(left)
    set.formAndNot(bits(right))
    #expect(members(set) == left.subtracting(right).sorted())
    set.invert()
    #expect(members(set) == Set(0..<count).subtracting(left.subtracting(right)).sorted())
    #expect(Bitset(count: count, repeating: true).onesCount == count)
    #expect(
      Bitset(count: count, words: [UInt64](repeating: .max, count: (count + 63) / 64)).onesCount == count)
  }

  @Test func insertsRanges() {
    for lower in 0...130 {
      for upper in lower...130 {
        var set = Bitset(count: 130)
        set.insert(lower..<upper)
        #expect(set.onesCount == upper - lower)
        if lower < upper { #expect(set[lower] && set[upper - 1]) }
      }
    }
  }
}
