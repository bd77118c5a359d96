import NIOCore
import NIOHTTP1

/// Tells a connection over the limit so, and closes it; stands where the decoder would.
final class HTTPOverloadHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let answer: ByteBuffer
  private let lingerTimeout: TimeAmount

  init(connectionsMax: Int, lingerTimeout: TimeAmount) {
    let reply = Envelope.failure(
      status: 503,
      message: "Service unavailable: the limit of \(connectionsMax) connections is reached (connections_max)")
    var answer = ByteBuffer(
      string: """
        HTTP/1.1 503 Service Unavailable\r
        content-type: application/json\r
        content-length: \(reply.body.readableBytes)\r
        retry-after: 1\r
        connection: close\r
        \r\n
        """)
    answer.writeImmutableBuffer(reply.body)
    self.answer = answer
    self.lingerTimeout = lingerTimeout
  }

  func channelActive(context: ChannelHandlerContext) {
    // The peer's request is read and dropped: closing over unread input would reset the answer away.
    context.writeAndFlush(Self.wrapOutboundOut(answer)).assumeIsolated().whenComplete { _ in
      context.close(mode: .output, promise: nil)
    }
    context.eventLoop.assumeIsolated().scheduleTask(in: lingerTimeout) { context.close(promise: nil) }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed, is ChannelShouldQuiesceEvent: context.close(promise: nil)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
