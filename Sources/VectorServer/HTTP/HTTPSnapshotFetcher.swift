import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import VectorEngine
package import VectorModel

/// Fetches a snapshot with one GET over HTTP/1, on a loop of its own that waits for the disk: so no more is read from
/// the socket than was written.
package struct HTTPSnapshotFetcher: SnapshotFetcher {
  private static let connectTimeout = TimeAmount.seconds(10)
  /// How long the peer may be silent.
  private static let readTimeout = TimeAmount.seconds(30)

  private let authorities: String?

  /// - Parameter authorities: a PEM file with the certificates that https servers' own must descend from; nil is the
  ///   system's.
  package init(authorities: String? = nil) { self.authorities = authorities }

  package func fetch(
    _ url: String, key: String?, receive: @escaping @Sendable ([UInt8]) throws(RequestError) -> Void
  ) throws(RequestError) {
    let address = try Address(url)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    let outcome = group.next().makePromise(of: Void.self)
    do {
      let tls = address.usesTLS ? try clientContext() : nil
      let channel = try ClientBootstrap(group: group)
        .connectTimeout(Self.connectTimeout)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls {
              let isNumeric = (try? SocketAddress(ipAddress: address.host, port: 0)) != nil
              try pipeline.addHandler(
                NIOSSLClientHandler(context: tls, serverHostname: isNumeric ? nil : address.host))
            }
            try pipeline.addHandler(IdleStateHandler(readTimeout: Self.readTimeout))
            try pipeline.addHTTPClientHandlers()
            try pipeline.addHandler(SnapshotFetchHandler(receive: receive, outcome: outcome))
          }
        }.connect(host: address.host, port: address.port).wait()
      var headers = HTTPHeaders([("host", address.authority), ("connection", "close")])
      if let key { headers.add(name: "api-key", value: key) }
      channel.write(
        HTTPClientRequestPart.head(
          HTTPRequestHead(version: .http1_1, method: .GET, uri: address.path, headers: headers)), promise: nil
      )
      channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
      try outcome.futureResult.wait()
    } catch {
      outcome.fail(error)
      throw error as? RequestError ?? .badRequest("cannot fetch \(url.prefix(1024)): \(error)")
    }
  }

  private func clientContext() throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if let authorities { configuration.trustRoots = .file(authorities) }
    return try NIOSSLContext(configuration: configuration)
  }

  /// The parts of a URL.
  private struct Address {
    let usesTLS: Bool
    let host: String
    let port: Int
    /// Host and port as the URL has them.
    let authority: String
    let path: String

    init(_ url: String) throws(RequestError) {
      usesTLS = url.hasPrefix("https://")
      let rest = url.dropFirst(usesTLS ? "https://".count : "http://".count)
      authority = String(rest.prefix { $0 != "/" })
      path = String(rest.dropFirst(authority.count))
      let (name, port) = Self.split(authority)
      let number = port.map { Int($0) ?? 0 } ?? (usesTLS ? 443 : 80)
      guard !name.isEmpty, (1...65_535).contains(number) else {
        throw .badRequest("the URL \(url.prefix(1024)) has no host, or no port of 1…65535")
      }
      host = name
      self.port = number
    }

    /// The host without brackets, and the digits of the port where it is given.
    private static func split(_ authority: String) -> (host: String, port: Substring?) {
      if authority.first == "[", let end = authority.firstIndex(of: "]") {
        let behind = authority[end...].dropFirst()
        return (String(authority[..<end].dropFirst()), behind.isEmpty ? nil : behind.dropFirst())
      }
      let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), parts.count > 1 ? parts[1] : nil)
    }
  }
}

/// Hands the body of an answer of status 200 on, piece by piece.
private final class SnapshotFetchHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let receive: @Sendable ([UInt8]) throws(RequestError) -> Void
  private let outcome: EventLoopPromise<Void>
  private var byteCount = 0

  init(
    receive: @escaping @Sendable ([UInt8]) throws(RequestError) -> Void, outcome: EventLoopPromise<Void>
  ) {
    self.receive = receive
    self.outcome = outcome
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do throws(RequestError) {
      switch Self.unwrapInboundIn(data) {
      case .head(let head):
        guard head.status == .ok else {
          throw .badRequest("the snapshot's server answered with the status \(head.status.code)")
        }
      case .body(let bytes):
        byteCount += bytes.readableBytes
        try receive(Array(bytes.readableBytesView))
      case .end:
        outcome.succeed()
        context.close(promise: nil)
      }
    } catch {
      fail(error, context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is IdleStateHandler.IdleStateEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    fail(.badRequest("the snapshot's server was silent for too long after \(byteCount) bytes"), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    outcome.fail(
      RequestError.badRequest("the connection to the snapshot's server ended after \(byteCount) bytes"))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(
      .badRequest("the connection to the snapshot's server failed after \(byteCount) bytes: \(error)"),
      context)
  }

  private func fail(_ error: RequestError, _ context: ChannelHandlerContext) {
    outcome.fail(error)
    context.close(promise: nil)
  }
}
