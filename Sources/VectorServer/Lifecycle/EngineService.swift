import Logging
import NIOPosix
import ServiceLifecycle

/// Opens the engine, lets it answer, and closes it after everything that could ask it.
struct EngineService: Service {
  let front: HTTPFront
  let threads: NIOThreadPool
  let open: EngineOpener
  /// Called once requests are answered.
  let onReady: @Sendable () -> Void

  func run() async throws {
    let engine = try await threads.runIfActive { [open] in try open() }
    if let metrics = engine.metrics { front.addMetricsSource(metrics) }
    front.readiness.start(engine.handler)
    if case .ready = front.readiness.phase { onReady() }
    try? await gracefulShutdown()
    front.log.info("closing the engine")
    try await threads.runIfActive { try engine.shutdown() }
  }
}
