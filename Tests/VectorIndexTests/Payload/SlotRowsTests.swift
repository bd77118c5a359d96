import Testing

@testable import VectorIndex

@Suite struct SlotRowsTests {
  @Test func aMapThatCopiesDoNotChange() {
    var random = SplitMix64(state: 61)
    var map = SlotRows()
    var expected: [UInt32: UInt32] = [:]
    var copies: [(SlotRows, [UInt32: UInt32])] = []
    for step in 0..<20_000 {
      let slot = UInt32.random(in: 0..<5000, using: &random) * (step % 3 == 0 ? 1 : 1000)
      if Int.random(in: 0..<3, using: &random) == 0 {
        #expect(map.remove(slot) == expected.removeValue(forKey: slot), "seed 61")
      } else {
        map.set(slot, to: UInt32(step))
        expected[slot] = UInt32(step)
      }
      #expect(map.count == expected.count)
      if step % 5000 == 0 { copies.append((map, expected)) }
    }
    copies.append((map, expected))
    for (map, expected) in copies {
      #expect(expected.allSatisfy { map[$0.key] == $0.value } && map.count == expected.count, "seed 61")
    }
    #expect(map[1_000_000_000] == nil && map.remove(1_000_000_000) == nil)
  }
}
