import Synchronization

@testable import VectorModel

/// Answers requests as a test says, and remembers them.
final class FakeHandler: RequestHandler {
  typealias Completion = @Sendable (Result<Response, RequestError>) -> Void

  private struct State {
    var requests: [Request] = []
    var held: [Completion] = []
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())
  /// Nil holds the answer back until `release`.
  private let answer: @Sendable (Request) -> Result<Response, RequestError>?

  init(
    _ answer: @escaping @Sendable (Request) -> Result<Response, RequestError>? = { _ in
      .success(Response(.count(7)))
    }
  ) {
    self.answer = answer
  }

  var requests: [Request] { state.withLock { $0.requests } }

  func handle(_ request: Request, completion: @escaping Completion) {
    let answer = answer(request)
    let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.requests.append(request)
      if answer == nil { state.held.append(completion) }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
    if let answer { completion(answer) }
  }

  /// Returns once a request has come.
  func hasRequest() async {
    await withCheckedContinuation { continuation in
      let isHere = state.withLock { state in
        if state.requests.isEmpty { state.waiting.append(continuation) }
        return !state.requests.isEmpty
      }
      if isHere { continuation.resume() }
    }
  }

  /// Gives the oldest request that is held back its answer.
  func release(_ answer: Result<Response, RequestError> = .success(Response(.count(7)))) {
    let completion = state.withLock { $0.held.isEmpty ? nil : $0.held.removeFirst() }
    completion?(answer)
  }
}
