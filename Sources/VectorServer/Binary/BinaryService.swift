import NIOCore
import ServiceLifecycle

/// Keeps the binary front open until the server is told to stop, and then drains it.
struct BinaryService: Service {
  let listener: BinaryListener
  let front: BinaryFront
  let shutdownTimeout: TimeAmount

  func run() async throws {
    let hasFailed: Bool
    do {
      try await gracefulShutdown()
      hasFailed = false
    } catch {
      // Cancelled: another service failed, so there is nobody left to answer.
      hasFailed = true
    }
    front.log.info("closing the binary front")
    front.readiness.stop()
    let isDrained = await listener.stop(timeout: hasFailed ? .zero : shutdownTimeout)
    if !isDrained, !hasFailed {
      front.log.warning(
        "requests were still in flight after \(shutdownTimeout.nanoseconds / 1_000_000_000) s")
    }
  }
}
