package import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL
import Synchronization
package import VectorModel

/// The listening socket of the HTTP front and the connections it has accepted.
package final class HTTPListener: Sendable {
  package let address: SocketAddress
  private let channel: any Channel
  private let front: HTTPFront
  private let connections: ConnectionRegistry

  private init(
    channel: any Channel, address: SocketAddress, front: HTTPFront, connections: ConnectionRegistry
  ) {
    self.channel = channel
    self.address = address
    self.front = front
    self.connections = connections
  }

  package var port: Int { address.port ?? 0 }

  /// Whether connections are still taken.
  var isListening: Bool { channel.isActive }

  /// Listens on `host` and `port`; port 0 takes a free one.
  ///
  /// - Throws: an `unavailable` error naming address and reason.
  package static func bind(
    front: HTTPFront, connections: ConnectionRegistry, host: String, port: Int,
    group: any EventLoopGroup, tls: NIOSSLContext? = nil
  ) async throws(RequestError) -> HTTPListener {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try configure(channel, front: front, connections: connections, tls: tls)
        }
      }
    do {
      let channel = try await bootstrap.bind(host: host, port: port).get()
      guard let address = channel.localAddress else {
        throw RequestError(.unavailable, "cannot listen on \(host):\(port): the socket has no address")
      }
      return HTTPListener(channel: channel, address: address, front: front, connections: connections)
    } catch let error as RequestError {
      throw error
    } catch {
      throw RequestError(.unavailable, "cannot listen on \(host):\(port): \(error)")
    }
  }

  /// Puts the handlers of one connection together. On the channel's event loop.
  package static func configure(
    _ channel: any Channel, front: HTTPFront, connections: ConnectionRegistry, tls: NIOSSLContext? = nil
  ) throws {
    let pipeline = channel.pipeline.syncOperations
    let admission = connections.add(channel)
    guard admission != .dropped else {
      channel.close(promise: nil)
      return
    }
    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
    guard admission == .accepted else {
      try pipeline.addHandler(
        HTTPOverloadHandler(
          connectionsMax: connections.connectionsMax, lingerTimeout: front.limits.lingerTimeout))
      return
    }
    let connection = HTTPConnectionHandler(front: front)
    try pipeline.addHandler(HTTPArrivalWatch(connection))
    var headLimits = NIOHTTPDecoderLimitConfiguration()
    headLimits.maxHeaderFieldSize = HTTPLimits.headFieldBytesMax
    headLimits.maxHeaderListSize = HTTPLimits.headBytesMax
    headLimits.maxHeaderFieldCount = HTTPLimits.headFieldsMax
    // The headers of answers are this server's own constants, so they need no validation.
    try pipeline.configureHTTPServerPipeline(
      withErrorHandling: false, withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
      withDecoderLimitConfiguration: headLimits)
    try pipeline.addHandler(connection)
  }

  /// Stops listening, lets requests in flight be answered, and closes every connection.
  ///
  /// Returns whether all were done before `timeout`; those that were not have been cut off.
  package func stop(timeout: TimeAmount) async -> Bool {
    front.readiness.stop()
    try? await channel.close()
    let drained = channel.eventLoop.makePromise(of: Void.self)
    let hasTimedOut = Mutex(false)
    let timer = channel.eventLoop.scheduleTask(in: timeout) { [connections] in
      hasTimedOut.withLock { $0 = true }
      connections.closeAll()
    }
    connections.drain(drained)
    try? await drained.futureResult.get()
    timer.cancel()
    return !hasTimedOut.withLock { $0 }
  }
}
