import Synchronization
import VectorModel

/// A batch of queries that as many threads answer as are free: each takes the next ones until none is left.
///
/// A thread takes its share of what is left at a time, so that it can search for several together and all end at about
/// the same time (guided self-scheduling, Polychronopoulos & Kuck 1987). Whoever ends last gives all answers, so no thread
/// waits for another. Queries are taken in their order; of those that fail the first one's error is the batch's, and what
/// comes behind the ones taken with it is not begun.
final class QueryBatch: Sendable {
  /// Queries that are taken at a time at most; their filters' points are kept in memory meanwhile.
  private static let takenMax = 16

  private struct State {
    var nextIndex = 0
    var underWayCount = 0
    var answers: [QueryExecutor.Answer?]
    var failure: (index: Int, error: RequestError)?
    var isGiven = false
  }

  private let queries: [QueryRequest]
  private let threadCount: Int
  private let completion: Completion<[QueryExecutor.Answer]>
  private let state: Mutex<State>

  /// - Parameters:
  ///   - threadCount: threads that are expected to `run`
  ///   - completion: gets the answers in the order of the queries, once, after the first `run`.
  init(
    _ queries: [QueryRequest], threadCount: Int, completion: @escaping Completion<[QueryExecutor.Answer]>
  ) {
    self.queries = queries
    self.threadCount = max(1, threadCount)
    self.completion = completion
    state = Mutex(State(answers: Array(repeating: nil, count: queries.count)))
  }

  /// Answers queries until none is left.
  /// - Parameter answer: gives as many outcomes as it gets queries
  func run(_ answer: (ArraySlice<QueryRequest>) -> [QueryExecutor.Outcome]) {
    while let taken = takeNext() { end(taken, answer(queries[taken])) }
    if let outcome = takeOutcome() { completion(outcome) }
  }

  private func takeNext() -> Range<Int>? {
    state.withLock { state in
      let left = queries.count - state.nextIndex
      guard left > 0, state.failure == nil else { return nil }
      let first = state.nextIndex
      state.nextIndex += min(Self.takenMax, (left + threadCount - 1) / threadCount)
      state.underWayCount += 1
      return first..<state.nextIndex
    }
  }

  private func end(_ taken: Range<Int>, _ outcomes: [QueryExecutor.Outcome]) {
    state.withLock { state in
      state.underWayCount -= 1
      for (index, outcome) in zip(taken, outcomes) {
        switch outcome {
        case .success(let answer): state.answers[index] = answer
        case .failure(let error):
          if index < state.failure?.index ?? .max { state.failure = (index, error) }
        }
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
