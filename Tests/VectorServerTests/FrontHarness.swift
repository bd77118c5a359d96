import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import VectorModel

@testable import VectorServer

/// One connection of an HTTP front without sockets, whose clock a test moves.
final class FrontHarness {
  let handler: FakeHandler
  let front: HTTPFront
  let channel = EmbeddedChannel()

  /// - Parameter isReady: whether the handler answers already.
  init(
    _ handler: FakeHandler = FakeHandler(), keys: AccessKeys = AccessKeys(),
    limits: HTTPLimits = HTTPLimits(), guardsLoopback: Bool = false, isReady: Bool = true
  ) throws {
    self.handler = handler
    front = makeFront(keys: keys, limits: limits, guardsLoopback: guardsLoopback)
    if isReady { front.readiness.start(handler) }
    try HTTPListener.configure(
      channel, front: front, connections: ConnectionRegistry(connectionsMax: limits.connectionsMax))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
  }

  /// What is sent back for `text`, so far.
  @discardableResult
  func send(_ text: String) throws -> String {
    if channel.isActive { try channel.writeInbound(ByteBuffer(string: text)) }
    return try received()
  }

  func received() throws -> String {
    channel.embeddedEventLoop.run()
    var text = ""
    while var buffer = try channel.readOutbound(as: ByteBuffer.self) {
      text += buffer.readString(length: buffer.readableBytes) ?? ""
    }
    return text
  }

  func finish() { _ = try? channel.finish(acceptAlreadyClosed: true) }
}

/// A front whose large bodies are decoded at once, on whatever thread brings them.
func makeFront(
  keys: AccessKeys = AccessKeys(), limits: HTTPLimits = HTTPLimits(), guardsLoopback: Bool = false
) -> HTTPFront {
  HTTPFront(
    keys: keys, limits: limits, readiness: Readiness(), decoders: .singleton, guardsLoopback: guardsLoopback,
    log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

/// A request with a body and its length.
func post(_ path: String, _ body: String, headers: String = "") -> String {
  "POST \(path) HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}

func get(_ path: String, headers: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nhost: x\r\n\(headers)\r\n"
}
