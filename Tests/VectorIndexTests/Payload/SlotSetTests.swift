import CRoaring
import Testing
import VectorModel

@testable import VectorIndex

@Suite struct SlotSetTests {
  /// Sets of every shape: empty, single, arrays, bitmaps, runs, chunk borders, and mixtures.
  private static func shapes(_ random: inout SplitMix64) -> [[UInt32]] {
    func sample(_ count: Int, below limit: UInt32) -> [UInt32] {
      Set((0..<count).map { _ in UInt32.random(in: 0..<limit, using: &random) }).sorted()
    }
    return [
      [], [0], [65_535, 65_536], Array(0..<5000), Array(60_000..<200_000), sample(100, below: 70_000),
      sample(9000, below: 65_536), sample(30_000, below: 1_000_000),
      Array(stride(from: 0, to: 200_000, by: 2)),
      Array(10..<20) + Array(100_000..<170_000) + [300_000, 300_002], sample(4096, below: 65_536),
      sample(4097, below: 65_536), Array(0..<65_536), sample(5, below: 4_000_000),
    ]
  }

  @Test(arguments: [1, 2, 3])
  func whatIsWrittenIsRead(seed: UInt64) {
    var random = SplitMix64(state: seed)
    for slots in Self.shapes(&random) {
      let set = SlotSet(slots)
      let slotCount = Int(slots.last ?? 0) + 1
      #expect(set.isValid(slotCount: slotCount, cardinality: slots.count))
      #expect(set.cardinality == slots.count && set.isEmpty == slots.isEmpty)
      #expect(!set.isValid(slotCount: slotCount - 1) || slots.isEmpty)
      var words = SlotWords(count: slotCount)
      set.insert(into: &words)
      var read: [UInt32] = []
      words.bitset().forEachOne { read.append(UInt32($0)) }
      #expect(read == slots, "seed \(seed)")
      var visited: [UInt32] = []
      set.forEach { visited.append($0) }
      #expect(visited == slots)
      let distinct = Set(slots)
      for _ in 0..<50 {
        let slot = UInt32.random(in: 0..<UInt32(slotCount + 10), using: &random)
        #expect(set.contains(slot) == distinct.contains(slot))
      }
    }
  }

  /// The bytes are the portable form that every roaring library reads and writes.
  @Test func theFormatIsRoarings() {
    var random = SplitMix64(state: 4)
    for slots in Self.shapes(&random) {
      let bytes = SlotSet.serialized(slots)
      let theirs = unsafe bytes.withUnsafeBytes { buffer -> UnsafeMutablePointer<roaring_bitmap_t>? in
        guard let base = buffer.baseAddress else { return nil }
        return unsafe roaring_bitmap_portable_deserialize_safe(
          base.assumingMemoryBound(to: CChar.self), buffer.count)
      }
      guard let bitmap = unsafe theirs else {
        Issue.record("refused \(slots.count) slots")
        continue
      }
      defer { unsafe roaring_bitmap_free(bitmap) }
      #expect(unsafe roaring_bitmap_get_cardinality(bitmap) == slots.count)
      var read = [UInt32](repeating: 0, count: slots.count)
      unsafe read.withUnsafeMutableBufferPointer { buffer in
        unsafe roaring_bitmap_to_uint32_array(bitmap, buffer.baseAddress)
      }
      #expect(read == slots)
      unsafe _ = roaring_bitmap_run_optimize(bitmap)
      var written = [UInt8](repeating: 0, count: unsafe roaring_bitmap_portable_size_in_bytes(bitmap))
      unsafe written.withUnsafeMutableBytes { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe _ = roaring_bitmap_portable_serialize(bitmap, base.assumingMemoryBound(to: CChar.self))
      }
      let ours = SlotSet(MemorySlice(MemoryRegion(copying: written)))
      #expect(ours.isValid(slotCount: Int(slots.last ?? 0) + 1, cardinality: slots.count))
      var visited: [UInt32] = []
      ours.forEach { visited.append($0) }
      #expect(visited == slots)
    }
  }

  /// Damaged bytes are refused or are another set within bounds, and never a trap.
  @Test(arguments: [5, 6])
  func damageDoesNotTrap(seed: UInt64) {
    var random = SplitMix64(state: seed)
    for slots in Self.shapes(&random) where slots.count < 10_000 {
      let bytes = SlotSet.serialized(slots)
      let slotCount = Int(slots.last ?? 0) + 1
      for _ in 0..<60 {
        var damaged = bytes
        if random.chance(30) {
          damaged.removeLast(Int.random(in: 1...damaged.count, using: &random))
        } else {
          for _ in 0..<Int.random(in: 1...3, using: &random) {
            damaged[Int.random(in: 0..<damaged.count, using: &random)] ^=
              1 << UInt8.random(in: 0..<8, using: &random)
          }
        }
        let set = SlotSet(MemorySlice(MemoryRegion(copying: damaged)))
        guard set.isValid(slotCount: slotCount) else { continue }
        var count = 0
        set.forEach { slot in
          #expect(Int(slot) < slotCount)
          count += 1
        }
        #expect(count == set.cardinality)
      }
    }
  }
}
