package import Logging
import NIOCore
import NIOPosix
import VectorModel

/// The REST interface of an engine for one program's own use: on a free port of this machine, behind a key that nobody
/// else has. So a command does the same offline as it does through a server.
package final class PrivateServer: Sendable {
  package let port: Int
  package let key: String
  private let engine: OpenedEngine
  private let front: HTTPFront
  private let listener: HTTPListener
  private let threads: NIOThreadPool

  /// - Throws: what keeps the port from being opened.
  package init(_ engine: OpenedEngine, log: Logger) async throws {
    self.engine = engine
    var generator = SystemRandomNumberGenerator()
    key = (0..<4).map { _ in String(generator.next(), radix: 36) }.joined()
    threads = NIOThreadPool(numberOfThreads: System.coreCount)
    threads.start()
    front = HTTPFront(
      keys: AccessKeys(full: key), limits: HTTPLimits(), readiness: Readiness(), decoders: threads, log: log)
    front.readiness.start(engine.handler)
    listener = try await HTTPListener.bind(
      front: front, connections: ConnectionRegistry(connectionsMax: 64), host: "127.0.0.1", port: 0,
      group: .singletonMultiThreadedEventLoopGroup, tls: nil)
    port = listener.port
  }

  /// Takes no more requests and closes the engine.
  package func close() async throws {
    front.readiness.stop()
    _ = await listener.stop(timeout: .zero)
    try? await threads.shutdownGracefully()
    try engine.shutdown()
  }
}
