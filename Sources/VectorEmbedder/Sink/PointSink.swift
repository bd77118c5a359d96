package import VectorModel

/// Who takes points and answers searches: the server, or a stand-in of a test.
package protocol PointSink: Sendable {
  /// - Throws: the server's refusal; `.unavailable` where it cannot be reached.
  func send(_ request: Request) async throws(RequestError) -> Response
}

extension RequestError {
  /// Whether the same request may go well later.
  package var isTransient: Bool {
    switch code {
    case .unavailable, .tooManyRequests, .timeout, .insufficientStorage: true
    default: false
    }
  }
}
