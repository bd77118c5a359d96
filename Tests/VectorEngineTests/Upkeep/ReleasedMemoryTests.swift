import Testing

@testable import VectorEngine

@Suite struct ReleasedMemoryTests {
  @Test func isGivenBackOnceBehindAPause() {
    let memory = ReleasedMemory()
    let start = ContinuousClock.now
    #expect(!memory.isDue(at: start + .seconds(100)))
    memory.note(at: start)
    memory.note(at: start + .seconds(4))
    #expect(!memory.isDue(at: start + .seconds(8)))
    #expect(memory.isDue(at: start + .seconds(9)))
    #expect(!memory.isDue(at: start + .seconds(100)))
  }

  /// Every heap is looked at while others use them.
  @Test func heapsCanBeUsedWhileTheyAreGivenBack() async {
    let sums = await withTaskGroup(of: Int.self) { group in
      for round in 0..<4 {
        group.addTask {
          let memory = ReleasedMemory()
          memory.note(at: .now - .seconds(60))
          let blocks = (0..<200).map { [Int](repeating: round, count: 100 + $0 * 40) }
          memory.giveBackIfDue()
          #expect(!memory.isDue())
          return blocks.reduce(0) { $0 + $1.reduce(0, +) / $1.count }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(sums.sorted() == [0, 200, 400, 600])
  }
}
