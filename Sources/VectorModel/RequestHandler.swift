/// Who answers requests; the engine is one, and both fronts call nothing else.
package protocol RequestHandler: Sendable {
  /// Answers `request` exactly once, from any thread, also when it fails.
  func handle(_ request: Request, completion: @escaping @Sendable (Result<Response, RequestError>) -> Void)

  /// Answers `request` exactly once, perhaps before this returns.
  /// - Parameter mayUseThisThread: nobody waits for the caller's thread, so that what is brief (some 100 µs of
  ///   computing, no disk) may run on it; two wake-ups of other threads cost as much.
  func handle(
    _ request: Request, mayUseThisThread: Bool,
    completion: @escaping @Sendable (Result<Response, RequestError>) -> Void)

  /// Answers a request about snapshots exactly once, from any thread, also when it fails.
  func handle(
    snapshots request: SnapshotRequest,
    completion: @escaping @Sendable (Result<SnapshotResult, RequestError>) -> Void)
}

extension RequestHandler {
  package func handle(
    _ request: Request, mayUseThisThread: Bool,
    completion: @escaping @Sendable (Result<Response, RequestError>) -> Void
  ) {
    handle(request, completion: completion)
  }

  package func handle(
    snapshots request: SnapshotRequest,
    completion: @escaping @Sendable (Result<SnapshotResult, RequestError>) -> Void
  ) {
    completion(.failure(.notImplemented("a snapshot")))
  }
}
