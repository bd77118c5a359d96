package import VectorModel

/// Who takes points and answers searches: the server, or a stand-in of a test.
package protocol PointSink: Sendable {
  /// - Throws: the server's refusal; `.unavailable` where it cannot be reached.
  func send(_ request: Request) async throws(RequestError) -> Response
}

extension RequestError {
  /// Whether this request is at fault: with another video's point it may go well. All else is the server's fault.
  package var isOfRequest: Bool {
    switch code {
    case .badRequest, .validation, .payloadTooLarge: true
    default: false
    }
  }

  /// Whether the same request may go well later.
  package var isTransient: Bool {
    switch code {
    case .unavailable, .tooManyRequests, .timeout, .insufficientStorage: true
    default: false
    }
  }
}
