import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import VectorModel

/// One connection to a server's REST interface; its requests follow each other.
final class RESTClient: Sendable {
  private let channel: any Channel
  private let endpoint: RESTEndpoint
  private let key: String?

  /// The largest answer that is taken.
  static let answerBytesMax = 1 << 30

  private init(_ channel: any Channel, _ endpoint: RESTEndpoint, key: String?) {
    self.channel = channel
    self.endpoint = endpoint
    self.key = key
  }

  /// - Throws: an `unavailable` error naming the address and why it cannot be reached.
  static func connect(to endpoint: RESTEndpoint, key: String?) async throws(RequestError) -> RESTClient {
    do {
      let tls = endpoint.usesTLS ? try NIOSSLContext(configuration: .makeClientConfiguration()) : nil
      let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls {
              let isAddress = (try? SocketAddress(ipAddress: endpoint.host, port: 0)) != nil
              try pipeline.addHandler(
                NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : endpoint.host))
            }
            try pipeline.addHTTPClientHandlers()
            try pipeline.addHandler(NIOHTTPClientResponseAggregator(maxContentLength: answerBytesMax))
            try pipeline.addHandler(RESTAnswerHandler())
          }
        }.connect(host: endpoint.host, port: endpoint.port).get()
      return RESTClient(channel, endpoint, key: key)
    } catch {
      let reason = (error as? NIOConnectionError)?.connectionErrors.first.map { "\($0.error)" } ?? "\(error)"
      throw RequestError(.unavailable, "cannot reach \(endpoint.host):\(endpoint.port): \(reason)")
    }
  }

  /// Sends one request and returns the member `result` of its answer.
  ///
  /// - Throws: the server's own message when it refuses, or why the connection failed.
  func result(
    _ method: HTTPMethod, _ path: String, _ body: [UInt8]? = nil
  ) async throws(RequestError) -> JSONValue {
    guard let result = try JSONValue(parsing: try await answer(method, path, body))["result"] else {
      throw .internalError("\(method.rawValue) \(path): the answer has no result")
    }
    return result
  }

  /// Sends one request and returns the bytes of its answer.
  ///
  /// - Throws: the server's own message when it refuses, or why the connection failed.
  func answer(
    _ method: HTTPMethod, _ path: String, _ body: [UInt8]? = nil
  ) async throws(RequestError) -> [UInt8] {
    let (status, bytes) = try await send(method, path, body)
    guard status == 200 else { throw Self.refusal(status, bytes, "\(method.rawValue) \(path)") }
    return bytes
  }

  /// Sends one request and returns its status and the bytes of its answer.
  func send(
    _ method: HTTPMethod, _ path: String, _ body: [UInt8]? = nil
  ) async throws(RequestError) -> (status: Int, body: [UInt8]) {
    var headers = HTTPHeaders([("host", "\(endpoint.host):\(endpoint.port)")])
    if let key { headers.add(name: "api-key", value: key) }
    if let body {
      headers.add(name: "content-type", value: "application/json")
      headers.add(name: "content-length", value: String(body.count))
    }
    let head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)
    let answer = channel.eventLoop.makePromise(of: NIOHTTPClientResponseFull.self)
    let call = RESTCall(head: head, body: body.map { ByteBuffer(bytes: $0) }, answer: answer)
    do {
      channel.writeAndFlush(call).cascadeFailure(to: answer)
      let full = try await answer.futureResult.get()
      return (Int(full.head.status.code), full.body.map { Array($0.readableBytesView) } ?? [])
    } catch {
      throw RequestError(.unavailable, "\(method.rawValue) \(path) failed: \(error)")
    }
  }

  func close() { channel.close(promise: nil) }

  /// The error of an answer: the message of its envelope, or its text.
  private static func refusal(_ status: Int, _ bytes: [UInt8], _ request: String) -> RequestError {
    var message = String(decoding: bytes.prefix(1000), as: UTF8.self)
    if case .string(let text)? = (try? JSONValue(parsing: bytes))?["status"]?["error"] { message = text }
    let code =
      RequestError.Code.allCases.first { RequestError($0, "").httpStatus == status } ?? .internalError
    return RequestError(code, "\(request) was answered \(status): \(message)")
  }
}

/// A request on its way, and who awaits its answer.
private struct RESTCall: Sendable {
  var head: HTTPRequestHead
  var body: ByteBuffer?
  var answer: EventLoopPromise<NIOHTTPClientResponseFull>
}

/// Hands each answer to the oldest request that awaits one.
private final class RESTAnswerHandler: ChannelDuplexHandler {
  typealias InboundIn = NIOHTTPClientResponseFull
  typealias OutboundIn = RESTCall
  typealias OutboundOut = HTTPClientRequestPart

  private var awaited = CircularBuffer<EventLoopPromise<NIOHTTPClientResponseFull>>()

  struct ConnectionClosed: Error {}

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let call = Self.unwrapOutboundIn(data)
    awaited.append(call.answer)
    context.write(Self.wrapOutboundOut(.head(call.head)), promise: nil)
    if let body = call.body { context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
    context.write(Self.wrapOutboundOut(.end(nil)), promise: promise)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    awaited.popFirst()?.succeed(Self.unwrapInboundIn(data))
  }

  func channelInactive(context: ChannelHandlerContext) { fail(ConnectionClosed()) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error)
    context.close(promise: nil)
  }

  private func fail(_ error: any Error) {
    while let promise = awaited.popFirst() { promise.fail(error) }
  }
}
