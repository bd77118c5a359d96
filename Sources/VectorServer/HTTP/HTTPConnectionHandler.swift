package import NIOCore
package import NIOHTTP1
import VectorModel

/// One HTTP/1 connection: carries events to the state machine and its actions out.
///
/// Stands behind NIO's HTTP pipeline, whose pipelining handler lets one request in at a time.
/// Everything runs on the channel's event loop.
package final class HTTPConnectionHandler: ChannelInboundHandler {
  package typealias InboundIn = HTTPServerRequestPart
  package typealias OutboundOut = HTTPServerResponsePart

  private let front: HTTPFront
  private var state: HTTPConnectionState
  private var context: ChannelHandlerContext?
  private var tick: Scheduled<Void>?

  /// The request in progress.
  private var call: HTTPCall?
  private var share: BodyBudget.Share?
  /// Where the request's body goes, when it is not collected.
  private var upload: HTTPUpload?
  /// The answer's bytes that are still to be sent, and how many were.
  private var download: (source: any ByteSource, offset: UInt64)?
  private var isReadingDownload = false
  private var version = HTTPVersion.http1_1
  private var isHead = false
  /// The answer's bytes are written, and its end waits until the socket has taken most of them.
  private var isEndHeld = false
  private var isKeepAlive = true
  private var nesting = 0

  /// How many pipelined requests may be answered inside each other's calls before the stack is unwound.
  private static let nestingMax = 16

  package init(front: HTTPFront) {
    self.front = front
    state = HTTPConnectionState(limits: front.limits, now: .distantFuture)
  }

  // MARK: Life

  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    state = HTTPConnectionState(limits: front.limits, now: now(context))
    scheduleTick(context)
  }

  package func handlerRemoved(context: ChannelHandlerContext) { end() }

  package func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  private func end() {
    state.closed()
    tick?.cancel()
    tick = nil
    call = nil
    share = nil
    upload = nil
    download = nil
    context = nil
  }

  private func scheduleTick(_ context: ChannelHandlerContext) {
    tick = context.eventLoop.assumeIsolated().scheduleTask(in: front.limits.tick) { self.checkDeadline() }
  }

  private func checkDeadline() {
    guard let context else { return }
    switch state.timer(now: now(context)) {
    case .none: break
    case .close: return context.close(promise: nil)
    case .refuseTimeout:
      send(Envelope.failure(.timeout("the request's body did not arrive in time")))
    }
    if self.context != nil { scheduleTick(context) }
  }

  // MARK: Receiving

  func bytesArrived() {
    guard state.phase == .idle, let context else { return }
    state.bytesArrived(now: now(context))
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head(let head): receive(head, context)
    case .body(let part): receive(part, context)
    case .end: receiveEnd(context)
    }
  }

  private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    var facts = HTTPHeadFacts(head)
    version = head.version
    isHead = head.method == .HEAD
    var refusal: HTTPReply?
    switch front.admit(head, facts) {
    case .accept(let call):
      self.call = call
      facts.connection.isStreamed = front.isUpload(call)
    case .refuse(let reply): refusal = reply
    }
    if refusal == nil, !facts.connection.isStreamed, case .length(let length) = facts.connection.framing,
      length <= front.limits.bodyBytesMax, !reserve(length)
    {
      refusal = front.refusal(.bodiesOverLimit)
    }
    switch state.receivedHead(facts.connection, isRefused: refusal != nil, now: now(context)) {
    case .none: break
    case .receive(sendContinue: false): beginUpload()
    case .receive(sendContinue: true):
      beginUpload()
      let head = HTTPResponseHead(version: version, status: .continue)
      context.writeAndFlush(Self.wrapOutboundOut(.head(head)), promise: nil)
    case .refuse:
      if let refusal { send(refusal) }
    case .refuseTooLarge:
      send(front.refusal(.bodyTooLarge))
    }
  }

  private func receive(_ part: ByteBuffer, _ context: ChannelHandlerContext) {
    switch state.receivedBody(part) {
    case .none:
      if let upload {
        receive(part, upload, context)
      } else if state.phase == .receivingBody, !reserve(state.receivedBytes) {
        state.abandonBody()
        send(front.refusal(.bodiesOverLimit))
      }
    case .refuseTooLarge:
      send(front.refusal(.bodyTooLarge))
    }
  }

  private func receiveEnd(_ context: ChannelHandlerContext) {
    switch state.receivedEnd(now: now(context)) {
    case .none:
      break
    case .dispatch(let body):
      guard let call else { return }
      self.call = nil
      if let upload {
        dispatch(call, upload, context)
      } else {
        dispatch(call, body, context)
      }
    }
  }

  /// Small bodies are bounded by the number of connections alone.
  private func reserve(_ byteCount: Int) -> Bool {
    if byteCount <= HTTPLimits.inlineDecodeBytesMax { return true }
    let share = self.share ?? BodyBudget.Share(of: front.bodies)
    self.share = share
    return share.grow(to: byteCount)
  }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent {
      if state.inputClosed() { context.close(promise: nil) }
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError, state.receivedGarbage() else {
      return context.close(promise: nil)
    }
    switch error {
    case .headerOverflow: send(front.refusal(.headTooLarge))
    default: send(front.refusal(.malformed("\(error)")))
    }
  }

  // MARK: Answering

  private func dispatch(_ call: HTTPCall, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
    let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    let share = self.share
    self.share = nil
    front.answer(call, body: body, share: share) { reply in
      if eventLoop.inEventLoop {
        connection.value.send(reply)
      } else {
        eventLoop.execute { connection.value.send(reply) }
      }
    }
  }

  private func send(_ reply: HTTPReply) {
    guard let context else { return }
    guard nesting < Self.nestingMax else {
      return context.eventLoop.assumeIsolated().execute { self.send(reply) }
    }
    share = nil
    call = nil
    upload = nil
    let byteCount = reply.byteCount
    switch state.responded(
      byteCount: byteCount, closesConnection: reply.closesConnection, now: now(context))
    {
    case .drop: return
    case .send(let isKeepAlive): self.isKeepAlive = isKeepAlive
    }
    let head = reply.head(version: version, isKeepAlive: isKeepAlive, date: front.date.now)
    context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
    if !isHead, let source = reply.source {
      download = (source, 0)
      context.flush()
      return sendDownload()
    }
    if !isHead, byteCount > 0 {
      context.write(Self.wrapOutboundOut(.body(.byteBuffer(reply.body))), promise: nil)
    }
    if context.channel.isWritable { return finish(context) }
    isEndHeld = true
    context.flush()
    // Flushing may have made it writable within this call, and then the event has been and gone.
    if isEndHeld, context.channel.isWritable { finish(context) }
  }

  package func channelWritabilityChanged(context: ChannelHandlerContext) {
    if isEndHeld, context.channel.isWritable { finish(context) }
    if download != nil { sendDownload() }
    context.fireChannelWritabilityChanged()
  }

  /// Writes the end of the answer, which lets the next request in.
  ///
  /// It waits for the socket, so that a peer that pipelines and never reads cannot pile up answers here.
  private func finish(_ context: ChannelHandlerContext) {
    isEndHeld = false
    if isKeepAlive {
      _ = state.sent(now: now(context))
      nesting += 1
      context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
      nesting -= 1
      return
    }
    context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
      guard let context = self.context else { return }
      switch self.state.sent(now: self.now(context)) {
      case .none, .awaitRequest: break
      case .close: context.close(promise: nil)
      case .closeOutput: context.close(mode: .output, promise: nil)
      }
    }
  }

  // MARK: Bodies of any size

  private func beginUpload() {
    upload = call.flatMap { front.beginUpload($0) }
  }

  private func receive(_ part: ByteBuffer, _ upload: HTTPUpload, _ context: ChannelHandlerContext) {
    let channel = context.channel
    let hasRoom = upload.receive(part) {
      channel.setOption(.autoRead, value: true).whenComplete { _ in }
    }
    if !hasRoom { channel.setOption(.autoRead, value: false).whenComplete { _ in } }
  }

  private func dispatch(_ call: HTTPCall, _ upload: HTTPUpload, _ context: ChannelHandlerContext) {
    let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    self.upload = nil
    front.answer(call, upload: upload) { reply in eventLoop.execute { connection.value.send(reply) } }
  }

  /// Reads the next piece of a download on another thread and writes it once the socket takes it.
  private func sendDownload() {
    guard let context, let (source, offset) = download, !isReadingDownload, context.channel.isWritable else {
      return
    }
    guard offset < source.byteCount else {
      download = nil
      return finish(context)
    }
    isReadingDownload = true
    let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    front.decoders.submit { _ in
      let piece = Result { () throws(RequestError) in
        try source.read(at: offset, count: HTTPLimits.downloadPieceBytes)
      }
      eventLoop.execute { connection.value.sendPiece(piece) }
    }
  }

  private func sendPiece(_ piece: Result<[UInt8], RequestError>) {
    isReadingDownload = false
    guard let context, let (source, offset) = download else { return }
    // A file that cannot be read to its end leaves nothing but to cut the answer off.
    guard case .success(let bytes) = piece, !bytes.isEmpty else { return context.close(promise: nil) }
    download = (source, offset + UInt64(bytes.count))
    context.writeAndFlush(
      Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
    sendDownload()
  }

  /// The loop's own clock: a test's loop has its own.
  private func now(_ context: ChannelHandlerContext) -> NIODeadline { context.eventLoop.now }
}
