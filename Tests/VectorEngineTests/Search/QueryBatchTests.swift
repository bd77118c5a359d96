import Synchronization
import Testing
import VectorModel

@testable import VectorEngine

@Suite struct QueryBatchTests {
  @Test func aBatchGivesWhatItsQueriesGiveOneByOne() async throws {
    let fixture = try EngineFixture { $0.searchThreads = 4 }
    try await fixture.create(EngineFixture.plain)
    try await fixture.put(0..<500)
    let queries = (0..<64).map { number in
      var query = QueryRequest()
      query.query = .nearest(.vector(.dense([Float(number * 7), 1, 2, 3])), mmr: nil)
      query.limit = 5
      // Two in a row have the same filter.
      if number % 5 != 0 {
        query.filter = Filter(must: [.hasID([.number(UInt64(number / 2)), .number(400)])])
      }
      return query
    }
    var singly: [[ScoredPoint]] = []
    for query in queries { singly.append(try await fixture.query(query)) }
    guard
      case .pointBatches(let lists, _) = try await fixture.send(
        .queryBatch(collection: "c", queries, .points))
    else { throw RequestError.internalError("not batches") }
    #expect(lists == singly)
    #expect(Set(lists.map(\.count)) == [2, 5])
    guard case .pointBatches([], _) = try await fixture.send(.queryBatch(collection: "c", [], .points)) else {
      throw RequestError.internalError("not an empty batch")
    }
  }

  @Test func theFirstFailureIsTheBatchs() async throws {
    let queries = (0..<40).map { number in
      var query = QueryRequest()
      query.limit = number
      return query
    }
    let pool = WorkerPool("test", threadCount: 4, queueCountMax: 64)
    defer { pool.stop() }
    for threads in [1] + [Int](repeating: 4, count: 50) {
      let count = Mutex(0)
      let outcome = await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<[QueryExecutor.Answer], RequestError>, Never>) in
        let batch = QueryBatch(queries) { continuation.resume(returning: $0) }
        for _ in 0..<threads {
          let isAccepted = pool.submit {
            batch.run { query throws(RequestError) in
              count.withLock { $0 += 1 }
              if query.limit == 12 || query.limit == 13 { throw .badRequest("query \(query.limit)") }
              return QueryExecutor.Answer(points: [], trace: QueryTrace(query))
            }
          }
          #expect(isAccepted)
        }
      }
      guard case .failure(let error) = outcome else {
        Issue.record("the batch was answered")
        return
      }
      #expect(error.message.contains("query 12"))
      // Other threads may be through before the one that fails says so.
      if threads == 1 { #expect(count.withLock { $0 } == 13) }
    }
  }
}
