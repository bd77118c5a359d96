/// Who answers requests; the engine is one, and both fronts call nothing else.
package protocol RequestHandler: Sendable {
  /// Answers `request` exactly once, from any thread, also when it fails.
  func handle(_ request: Request, completion: @escaping @Sendable (Result<Response, RequestError>) -> Void)

  /// Answers a request about snapshots exactly once, from any thread, also when it fails.
  func handle(
    snapshots request: SnapshotRequest,
    completion: @escaping @Sendable (Result<SnapshotResult, RequestError>) -> Void)
}

extension RequestHandler {
  package func handle(
    snapshots request: SnapshotRequest,
    completion: @escaping @Sendable (Result<SnapshotResult, RequestError>) -> Void
  ) {
    completion(.failure(.notImplemented("a snapshot")))
  }
}
