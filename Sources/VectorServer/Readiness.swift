import Synchronization
package import VectorModel

/// Whether the server answers requests yet, and still.
package final class Readiness: Sendable {
  package enum Phase: Sendable {
    /// Data is being opened.
    case starting
    case ready(any RequestHandler)
    /// Requests in flight are finished, new ones refused.
    case stopping
  }

  private let state = Mutex(Phase.starting)

  package init() {}

  package var phase: Phase { state.withLock { $0 } }

  /// From now on `handler` answers, unless the server is stopping already.
  package func start(_ handler: any RequestHandler) {
    state.withLock { phase in
      if case .starting = phase { phase = .ready(handler) }
    }
  }

  package func stop() {
    state.withLock { $0 = .stopping }
  }

  /// What a request is told that finds nobody to answer it.
  var error: RequestError {
    switch phase {
    case .starting: RequestError(.unavailable, "Service unavailable: the server is starting")
    case .ready, .stopping: RequestError(.unavailable, "Service unavailable: the server is stopping")
    }
  }
}
