import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import VectorClient
import VectorModel

@testable import VectorServer

/// A binary front on a free port of the loopback, whose engine a test plays.
final class TestServer: Sendable {
  typealias Completion = @Sendable (Result<Response, RequestError>) -> Void

  private final class Handler: RequestHandler {
    let answer: @Sendable (Request, @escaping Completion) -> Void

    init(_ answer: @escaping @Sendable (Request, @escaping Completion) -> Void) { self.answer = answer }

    func handle(_ request: Request, completion: @escaping Completion) { answer(request, completion) }
  }

  let listener: BinaryListener
  let connections: ConnectionRegistry

  private init(_ listener: BinaryListener, _ connections: ConnectionRegistry) {
    self.listener = listener
    self.connections = connections
  }

  var port: Int { listener.port }

  static func start(
    port: Int = 0, keys: AccessKeys = AccessKeys(), limits: BinaryLimits = BinaryLimits(),
    tls: NIOSSLContext? = nil, group: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
    _ answer: @escaping @Sendable (Request, @escaping Completion) -> Void
  ) async throws -> TestServer {
    let readiness = Readiness()
    readiness.start(Handler(answer))
    let front = BinaryFront(
      keys: keys, limits: limits, readiness: readiness, bodies: BodyBudget(bytesMax: 256 << 20),
      decoders: .singleton, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let connections = ConnectionRegistry(connectionsMax: limits.connectionsMax)
    while true {
      do throws(RequestError) {
        let listener = try await BinaryListener.bind(
          front: front, connections: connections, host: "127.0.0.1", port: port, group: group, tls: tls)
        return TestServer(listener, connections)
      } catch {
        // The port of a server before this one may be a connection's of another test for a moment.
        guard port != 0, error.message.contains("Address already in use") else { throw error }
        await Task.yield()
      }
    }
  }

  /// Breaks every connection off.
  func breakConnections() { connections.closeAll() }

  func stop() async { _ = await listener.stop(timeout: .zero) }
}

/// Serves while `body` runs, with a client of its own.
func withServer(
  keys: AccessKeys = AccessKeys(), limits: BinaryLimits = BinaryLimits(),
  answer: @escaping @Sendable (Request, @escaping TestServer.Completion) -> Void,
  configure: (inout ClientConfiguration) -> Void = { _ in },
  _ body: (TestServer, VectorClient) async throws -> Void
) async throws {
  let server = try await TestServer.start(keys: keys, limits: limits, answer)
  var configuration = ClientConfiguration(port: server.port)
  configuration.retryPauseMilliseconds = 1
  // A loaded machine may take its time; what is awaited comes, or the suite's time limit ends it.
  configuration.connectMilliseconds = 60_000
  configure(&configuration)
  let client = try VectorClient(configuration)
  do {
    try await body(server, client)
  } catch {
    await client.shutdown()
    await server.stop()
    throw error
  }
  await client.shutdown()
  await server.stop()
}
