import NIOCore
import ServiceLifecycle

/// Keeps the HTTP front open until the server is told to stop, and then drains it.
struct HTTPService: Service {
  let listener: HTTPListener
  let front: HTTPFront
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
    front.log.info("closing the HTTP front")
    let isDrained = await listener.stop(timeout: hasFailed ? .zero : shutdownTimeout)
    if !isDrained, !hasFailed {
      front.log.warning(
        "requests were still in flight after \(shutdownTimeout.nanoseconds / 1_000_000_000) s")
    }
  }
}
