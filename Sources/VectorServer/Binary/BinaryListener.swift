package import NIOCore
import NIOPosix
package import NIOSSL
import Synchronization
package import VectorModel

/// The listening socket of the binary front and the connections it has accepted.
package final class BinaryListener: Sendable {
  package let address: SocketAddress
  private let channel: any Channel
  private let connections: ConnectionRegistry

  private init(channel: any Channel, address: SocketAddress, connections: ConnectionRegistry) {
    self.channel = channel
    self.address = address
    self.connections = connections
  }

  package var port: Int { address.port ?? 0 }

  /// Listens on `host` and `port`; port 0 takes a free one.
  ///
  /// - Throws: an `unavailable` error naming address and reason.
  package static func bind(
    front: BinaryFront, connections: ConnectionRegistry, host: String, port: Int,
    group: any EventLoopGroup, tls: NIOSSLContext? = nil
  ) async throws(RequestError) -> BinaryListener {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(
        .writeBufferWaterMark,
        value: .init(low: BinaryLimits.unsentBytesMax / 4, high: BinaryLimits.unsentBytesMax)
      )
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
      return BinaryListener(channel: channel, address: address, connections: connections)
    } catch let error as RequestError {
      throw error
    } catch {
      throw RequestError(.unavailable, "cannot listen on \(host):\(port): \(error)")
    }
  }

  /// Puts the handlers of one connection together. On the channel's event loop.
  package static func configure(
    _ channel: any Channel, front: BinaryFront, connections: ConnectionRegistry, tls: NIOSSLContext? = nil
  ) throws {
    let admission = connections.add(channel)
    guard admission != .dropped else {
      channel.close(promise: nil)
      return
    }
    let pipeline = channel.pipeline.syncOperations
    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
    try pipeline.addHandler(
      BinaryConnectionHandler(
        front: front, isOverLimit: admission == .refused, now: channel.eventLoop.now))
  }

  /// Stops listening, lets what is in progress be answered, and closes every connection.
  ///
  /// Returns whether all were done before `timeout`; those that were not have been cut off.
  package func stop(timeout: TimeAmount) async -> Bool {
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
