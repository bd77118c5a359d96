import Synchronization
import VectorModel

/// A batch of queries that as many threads answer as are free: each takes the next query until none is left.
///
/// Whoever ends last gives all answers, so no thread waits for another. Queries are taken in their order; of those that
/// fail the first one's error is the batch's, and what comes behind it is not begun.
final class QueryBatch: Sendable {
  private struct State {
    var nextIndex = 0
    var underWayCount = 0
    var answers: [QueryExecutor.Answer?]
    var failure: (index: Int, error: RequestError)?
    var isGiven = false
  }

  private let queries: [QueryRequest]
  private let completion: Completion<[QueryExecutor.Answer]>
  private let state: Mutex<State>

  /// - Parameter completion: gets the answers in the order of the queries, once, after the first `run`.
  init(_ queries: [QueryRequest], completion: @escaping Completion<[QueryExecutor.Answer]>) {
    self.queries = queries
    self.completion = completion
    state = Mutex(State(answers: Array(repeating: nil, count: queries.count)))
  }

  /// Answers queries until none is left.
  func run(_ answer: (QueryRequest) throws(RequestError) -> QueryExecutor.Answer) {
    while let index = takeNext() {
      let result = Result { () throws(RequestError) in try answer(queries[index]) }
      end(index, result)
    }
    if let outcome = takeOutcome() { completion(outcome) }
  }

  private func takeNext() -> Int? {
    state.withLock { state in
      guard state.nextIndex < queries.count, state.failure == nil else { return nil }
      defer { state.nextIndex += 1 }
      state.underWayCount += 1
      return state.nextIndex
    }
  }

  private func end(_ index: Int, _ result: Result<QueryExecutor.Answer, RequestError>) {
    state.withLock { state in
      state.underWayCount -= 1
      switch result {
      case .success(let answer): state.answers[index] = answer
      case .failure(let error):
        if index < state.failure?.index ?? .max { state.failure = (index, error) }
      }
    }
  }

  /// What the batch is answered with, for the thread that ended last.
  private func takeOutcome() -> Result<[QueryExecutor.Answer], RequestError>? {
    state.withLock { state in
      guard state.underWayCount == 0, !state.isGiven else { return nil }
      state.isGiven = true
      if let failure = state.failure { return .failure(failure.error) }
      return .success(state.answers.compactMap { $0 })
    }
  }
}
