package import VectorModel

extension Engine {
  package func handle(
    snapshots request: SnapshotRequest,
    completion: @escaping @Sendable (Result<SnapshotResult, RequestError>) -> Void
  ) {
    snapshots.handle(request, completion)
  }
}
