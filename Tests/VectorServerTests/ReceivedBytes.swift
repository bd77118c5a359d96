import NIOCore

/// Hands the bytes that a connection receives to a stream, which ends with the connection or its other half.
final class ReceivedBytes: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let received: AsyncStream<ByteBuffer>.Continuation

  init(_ received: AsyncStream<ByteBuffer>.Continuation) { self.received = received }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received.yield(Self.unwrapInboundIn(data))
  }

  func channelInactive(context: ChannelHandlerContext) { received.finish() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent { received.finish() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
