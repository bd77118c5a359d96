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

  /// The queries of a batch over a generation and a delta: neighbours in it are often searched together, and some never.
  private static func mixedQueries() throws -> [QueryRequest] {
    try (0..<96).map { number in
      var query = TieredFixture.nearest(to: UInt64(number * 13))
      switch number % 12 {
      case 8: query.query = .nearest(.id(.number(UInt64(number))), mmr: nil)
      case 9: query.query = .nearest(.id(.number(UInt64(number))), mmr: MMR())
      case 10:
        query.query = .recommend(
          RecommendQuery(
            positive: [.id(.number(3)), .id(.number(1550))],
            strategy: number % 24 == 10 ? .bestScore : .averageVector))
      case 11: query.query = .orderBy(OrderBy(key: try PayloadPath("n")))
      default: break
      }
      query.limit = 3 + number % 4
      query.offset = number % 2
      query.parameters.ef = 30 + number
      query.withPayload = .all
      if number % 12 == 2 { query.scoreThreshold = 3.2 }
      // Stretches without a filter, with one that most points match, with one that few do, and exact.
      switch number / 24 {
      case 1, 2:
        let range = Bounds(lessThan: number / 24 == 1 ? 1580.0 : 25)
        query.filter = Filter(must: [.field(FieldCondition(try PayloadPath("n"), range: .number(range)))])
      case 3: query.parameters.isExact = true
      default: break
      }
      return query
    }
  }

  @Test func queriesThatAreSearchedTogetherFindTheSame() async throws {
    let fixture = try await TieredFixture.make()
    let queries = try Self.mixedQueries()
    var singly: [[ScoredPoint]] = []
    for query in queries { singly.append(try await fixture.query(query)) }
    #expect(singly.allSatisfy { !$0.isEmpty })
    guard
      case .pointBatches(let lists, _) = try await fixture.send(
        .queryBatch(collection: "c", queries, .points))
    else { throw RequestError.internalError("not batches") }
    for (number, list) in lists.enumerated() { #expect(list == singly[number], "query \(number)") }
  }

  @Test func aFailureAmongOthersNamesWhatIsWrong() async throws {
    let fixture = try await TieredFixture.make()
    var queries = (0..<20).map { TieredFixture.nearest(to: UInt64($0)) }
    queries[13].query = .nearest(.id(.number(99_999)), mmr: nil)
    queries[15].query = .nearest(.vector(.dense([1, 2])), mmr: nil)
    let outcome = await fixture.outcome(.queryBatch(collection: "c", queries, .points))
    guard case .failure(let error) = outcome else {
      Issue.record("the batch was answered")
      return
    }
    #expect(error.message == "Not found: No point with id 99999 found")
  }

  @Test func theFirstFailureIsTheBatchs() async throws {
    let failing = [12, 13, 35]
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
        let batch = QueryBatch(queries, threadCount: threads) { continuation.resume(returning: $0) }
        for _ in 0..<threads {
          let isAccepted = pool.submit {
            batch.run { taken in
              taken.map { query in
                count.withLock { $0 += 1 }
                if failing.contains(query.limit) { return .failure(.badRequest("query \(query.limit)")) }
                return .success(QueryExecutor.Answer(points: [], trace: QueryTrace(query)))
              }
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
      if threads == 1 { #expect(count.withLock { $0 } == 16, "as many as are taken at a time") }
    }
  }
}
