import VectorIndex
import VectorModel

/// Several queries at once: those that search the same points of the same vectors wait for memory together.
extension QueryExecutor {
  typealias Outcome = Result<Answer, RequestError>

  /// What each query answers alone, in their order.
  func answers(_ requests: ArraySlice<QueryRequest>) -> [Outcome] {
    var outcomes: [Outcome] = []
    var waiting: [Prepared] = []
    for request in requests {
      guard requests.count > 1, Self.isPlain(request) else {
        outcomes += answers(take(&waiting))
        outcomes.append(Outcome { () throws(RequestError) in try answer(request) })
        continue
      }
      do throws(RequestError) {
        let prepared = try prepare(request)
        if let last = waiting.last, !prepared.search.goes(with: last.search) {
          outcomes += answers(take(&waiting))
        }
        waiting.append(prepared)
      } catch {
        outcomes += answers(take(&waiting))
        outcomes.append(.failure(error))
      }
    }
    return outcomes + answers(waiting)
  }

  private struct Prepared {
    let request: QueryRequest
    let trace: QueryTrace
    let search: VectorSearch
  }

  /// Whether a query is one search by vectors; those that are explained are timed alone.
  private static func isPlain(_ request: QueryRequest) -> Bool {
    guard request.prefetch.isEmpty, request.limit > 0, !request.parameters.explain else { return false }
    switch request.query {
    case .nearest, .recommend, .discover, .context: return true
    case .orderBy, .sampleRandom, .fusion, .formula, nil: return false
    }
  }

  private func prepare(_ request: QueryRequest) throws(RequestError) -> Prepared {
    try deadline.check()
    guard let query = request.query else { throw .internalError("a plain query has a query") }
    var trace = QueryTrace(request)
    let search = try vectorSearch(try Source(request), query, nil, request.filter, &trace)
    return Prepared(request: request, trace: trace, search: search)
  }

  private func take(_ waiting: inout [Prepared]) -> [Prepared] {
    defer { waiting.removeAll() }
    return waiting
  }

  /// Answers queries that go with each other.
  private func answers(_ prepared: [Prepared]) -> [Outcome] {
    guard let first = prepared.first?.search else { return [] }
    var costs = [[TierSearch]](repeating: [], count: prepared.count)
    do throws(RequestError) {
      let hits = try first.rows.search(
        prepared.map(\.search.target), prepared.map(\.search.options), flatRowsMax: first.flatRowsMax,
        slots: first.slots, scratch: scratch, searches: &costs)
      return prepared.indices.map { index in
        Outcome { () throws(RequestError) in
          let (request, search) = (prepared[index].request, prepared[index].search)
          return try fetched(try ranked(hits[index], by: search), request, prepared[index].trace)
        }
      }
    } catch {
      return prepared.map { _ in .failure(error) }
    }
  }
}
