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
}
