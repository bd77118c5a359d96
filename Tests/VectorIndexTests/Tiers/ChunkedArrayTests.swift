import Synchronization
import Testing

@testable import VectorIndex

@Suite struct ChunkedArrayTests {
  @Test(arguments: [0, 1, 1023, 1024, 1025, 3000]) func elementsThatLieElsewhere(count: Int) {
    var array = ChunkedArray(count: count) { 7 * $0 }
    #expect(Array(array) == (0..<count).map { 7 * $0 })
    let old = array
    for element in 0..<1500 { array.append(-element) }
    var expected = (0..<count).map { 7 * $0 } + (0..<1500).map { -$0 }
    #expect(Array(array) == expected)
    for index in stride(from: 0, to: expected.count, by: 333) {
      array[index] = 1
      expected[index] = 1
    }
    #expect(Array(array) == expected)
    #expect(Array(old) == (0..<count).map { 7 * $0 })
    var walked: [Int] = []
    array.forEachChunk { elements, first in
      #expect(first == walked.count)
      walked += elements
    }
    #expect(walked == expected)
  }

  /// What is not changed takes no memory: it is asked for whenever it is read.
  @Test func onlyChangedChunksAreMade() {
    let asked = Asked()
    var array = ChunkedArray(count: 10 * 1024) { index in
      asked.count.add(1, ordering: .relaxed)
      return index
    }
    #expect(array[5000] == 5000 && asked.count.load(ordering: .relaxed) == 1)
    array[5000] = 3
    #expect(asked.count.load(ordering: .relaxed) == 1 + 1024)
    array[5001] = 4
    #expect(array[5000] == 3 && array[5001] == 4 && array[5002] == 5002)
    #expect(asked.count.load(ordering: .relaxed) == 1 + 1024)
  }

  private final class Asked: Sendable {
    let count = Atomic<Int>(0)
  }
}
