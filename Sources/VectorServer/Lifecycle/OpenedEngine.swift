package import VectorModel

/// Opens the data; may take as long as it takes.
package typealias EngineOpener = @Sendable () throws(RequestError) -> OpenedEngine

/// An engine as the server sees it: who answers, what it tells of itself, and how it is closed.
package struct OpenedEngine: Sendable {
  package var handler: any RequestHandler
  package var metrics: (any MetricsSource)?
  /// Hands everything to the disk; called once, when no request is in flight any more.
  package var shutdown: @Sendable () throws(RequestError) -> Void

  package init(
    handler: any RequestHandler, metrics: (any MetricsSource)? = nil,
    shutdown: @escaping @Sendable () throws(RequestError) -> Void
  ) {
    self.handler = handler
    self.metrics = metrics
    self.shutdown = shutdown
  }
}
