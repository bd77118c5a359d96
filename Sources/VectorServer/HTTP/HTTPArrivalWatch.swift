import NIOCore

/// Tells the connection that bytes came in, before the decoder has made anything of them.
///
/// Without it a head that trickles in would be taken for silence.
final class HTTPArrivalWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let connection: HTTPConnectionHandler

  init(_ connection: HTTPConnectionHandler) { self.connection = connection }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.bytesArrived()
    context.fireChannelRead(data)
  }
}
