package import NIOCore
import VectorModel

/// One binary connection: carries bytes to the state machine and its actions out.
///
/// Everything runs on the channel's event loop; answers come back to it through the outbox.
package final class BinaryConnectionHandler: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias OutboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  private let front: BinaryFront
  private let outbox = BinaryOutbox()
  private var state: BinaryConnectionState
  private var streams: [UInt32: BinaryStream] = [:]
  private var context: ChannelHandlerContext?
  /// What came in and was not read, because the socket takes no answers.
  private var input = ByteBuffer()
  private var isReadHeld = false
  private var isReading = false
  /// What was read ends with the frame that is at hand.
  private var isAtEnd = false
  private var needsFlush = false
  /// The bytes of the frame that is being collected.
  private var share: BodyBudget.Share?
  private var alarm: (task: Scheduled<Void>, deadline: NIODeadline)?

  package init(front: BinaryFront, isOverLimit: Bool, now: NIODeadline) {
    self.front = front
    state = BinaryConnectionState(
      limits: front.limits, keys: front.keys, isOverLimit: isOverLimit, now: now)
  }

  // MARK: Life

  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    setAlarm()
  }

  package func handlerRemoved(context: ChannelHandlerContext) { end() }

  package func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func end() {
    state.closed()
    alarm?.task.cancel()
    alarm = nil
    streams = [:]
    share = nil
    input = ByteBuffer()
    context = nil
  }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed:
      if let action = state.inputClosed(now: context.eventLoop.now) { perform(action) }
    case is ChannelShouldQuiesceEvent:
      for action in state.quiesce(front.readiness.error, now: context.eventLoop.now) { perform(action) }
      for stream in streams.values { stream.stop(front.readiness.error) }
    default:
      context.fireUserInboundEventTriggered(event)
    }
    flush()
  }

  // MARK: Receiving

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = Self.unwrapInboundIn(data)
    if input.readableBytes == 0 { input = buffer } else { input.writeBuffer(&buffer) }
    readInput()
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    flush()
    context.fireChannelReadComplete()
  }

  /// Reads nothing while the socket takes nothing: a peer that never reads cannot pile up answers here.
  package func read(context: ChannelHandlerContext) {
    if context.channel.isWritable { context.read() } else { isReadHeld = true }
  }

  package func channelWritabilityChanged(context: ChannelHandlerContext) {
    let isWritable = context.channel.isWritable
    state.writability(isWritable, now: context.eventLoop.now)
    if isWritable {
      readInput()
      flush()
      if isReadHeld, self.context != nil {
        isReadHeld = false
        context.read()
      }
    }
    setAlarm()
    context.fireChannelWritabilityChanged()
  }

  private func readInput() {
    guard let context, !isReading, input.readableBytes > 0 else { return }
    isReading = true
    let buffer = input
    input = ByteBuffer()
    let now = context.eventLoop.now
    var offset = 0
    while context.channel.isWritable,
      let action = state.next(buffer.readableBytesUInt8Span, &offset, now: now, reserve: reserve)
    {
      isAtEnd = offset == buffer.readableBytes
      perform(action)
    }
    if offset < buffer.readableBytes, self.context != nil {
      input = buffer
      input.moveReaderIndex(forwardBy: offset)
    }
    isReading = false
    setAlarm()
  }

  private func reserve(_ byteCount: Int) -> Bool {
    let share = BodyBudget.Share(of: front.bodies)
    guard share.grow(to: byteCount) else { return false }
    self.share = share
    return true
  }

  // MARK: Acting

  private func perform(_ action: BinaryConnectionState.Action) {
    guard let context else { return }
    switch action {
    case .send(let bytes): write(bytes)
    case .request(let id, let opcode, let body): answer(id, opcode, body, context)
    case .openStream(let id, let opening, _, let answer):
      streams[id] = makeStream(id, opening, context)
      write(answer)
    case .chunk(let id, let body, let frameBytes): streams[id]?.receive(body, frameBytes: frameBytes)
    case .closeStream(let id): streams[id]?.close()
    case .refuse(let bytes):
      streams = [:]
      write(bytes)
      whenSent(context) { context.close(mode: .output, promise: nil) }
    case .finish: whenSent(context) { context.close(promise: nil) }
    case .close: context.close(promise: nil)
    }
  }

  private func whenSent(_ context: ChannelHandlerContext, _ body: @escaping () -> Void) {
    needsFlush = false
    context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in body() }
  }

  private func write(_ bytes: [UInt8]) {
    context?.write(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    needsFlush = true
  }

  private func flush() {
    takeAnswers()
    guard needsFlush else { return }
    needsFlush = false
    context?.flush()
  }

  private func answer(_ id: UInt32, _ opcode: Opcode, _ body: [UInt8], _ context: ChannelHandlerContext) {
    let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
    let (eventLoop, outbox) = (context.eventLoop, outbox)
    let form = BinaryFront.Form(checksum: state.checksum, answerBytesMax: state.answerBytesMax)
    let share = share
    self.share = nil
    let isAlone = isAtEnd && state.requests.count == 1
    front.answer(id, opcode, body: body, share: share, form: form, mayUseThisThread: isAlone) { frame in
      guard outbox.put(.init(requestID: id, frame: frame)) else { return }
      // An answer given while input is read goes out with the others behind it.
      if eventLoop.inEventLoop, connection.value.isReading { return }
      eventLoop.execute { connection.value.answersCame() }
    }
  }

  private func answersCame() {
    flush()
    setAlarm()
  }

  private func takeAnswers() {
    guard let context else { return }
    let now = context.eventLoop.now
    for entry in outbox.takeAll() {
      guard state.phase == .open || state.phase == .leaving else { return }
      write(entry.frame)
      if let action = state.answered(entry.requestID, now: now) { perform(action) }
    }
  }

  // MARK: Streams

  private func makeStream(
    _ id: UInt32, _ opening: StreamOpening, _ context: ChannelHandlerContext
  ) -> BinaryStream {
    let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    let share = share
    self.share = nil
    return BinaryStream(
      id: id, opening, front: front, share: share,
      onLoop: { id, body in
        let onLoop: @Sendable () -> Void = {
          guard let stream = connection.value.streams[id] else { return }
          body(stream)
          if !connection.value.isReading { connection.value.answersCame() }
        }
        if eventLoop.inEventLoop { onLoop() } else { eventLoop.execute(onLoop) }
      },
      output: { [unowned self] stream, output in tell(stream, output) })
  }

  private func tell(_ stream: BinaryStream, _ output: BinaryStream.Output) {
    guard let context else { return }
    let now = context.eventLoop.now
    switch output {
    case .acknowledge(let acknowledgement):
      var writer = FrameWriter(.acknowledgement, requestID: stream.id)
      acknowledgement.write(to: &writer.body)
      write(writer.finish(state.checksum))
      state.acknowledged(stream: stream.id, bytes: Int(acknowledgement.creditBytes), now: now)
    case .fail(let error):
      write(state.errorFrame(stream.id, error))
      end(stream, now)
    case .finish:
      write(FrameWriter(.streamClosed, requestID: stream.id).finish(state.checksum))
      end(stream, now)
    }
  }

  private func end(_ stream: BinaryStream, _ now: NIODeadline) {
    streams[stream.id] = nil
    if let action = state.streamEnded(stream.id, now: now) { perform(action) }
  }

  // MARK: Time

  /// Makes sure that somebody looks at the clock at the state's deadline, at the latest.
  private func setAlarm() {
    guard let context, let deadline = state.deadline else { return }
    if let alarm, alarm.deadline <= deadline { return }
    alarm?.task.cancel()
    let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.checkDeadline() }
    alarm = (task, deadline)
  }

  private func checkDeadline() {
    alarm = nil
    guard let context else { return }
    if let action = state.timer(now: context.eventLoop.now) { perform(action) }
    flush()
    setAlarm()
  }
}
