import NIOCore
import VectorModel

/// Why a call got no result.
enum CallFailure: Error {
  /// The server's own answer.
  case refused(RequestError, retryMilliseconds: Int)
  /// Nothing of the request has left.
  case notSent(RequestError, retryMilliseconds: Int = 0)
  /// The connection or the time ended before the answer: what happened is not known.
  case lost(RequestError)
  /// The client is shut down: nothing of the request has left, and nothing will.
  case ended(RequestError)

  var error: RequestError {
    switch self {
    case .refused(let error, _), .notSent(let error, _), .lost(let error), .ended(let error): error
    }
  }
}

extension RequestError {
  static let cancelled = RequestError.timeout("the request was cancelled")
}

/// A frame that answers a call or belongs to a stream.
struct ClientFrame: Sendable {
  let opcode: UInt8
  let flags: UInt8
  let body: [UInt8]
}

/// One connection of a client: carries bytes to the state machine, and frames to those who wait for them.
///
/// Everything runs on the channel's event loop.
final class ClientConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  typealias Delivery = @Sendable (Result<ClientFrame, CallFailure>) -> Void

  /// Who waits for the frames of one request id.
  private struct Waiter {
    let frameBytes: Int
    /// Nil where nobody waits any more, and the answer is only to be dropped.
    var deliver: Delivery?
    var alarm: Scheduled<Void>?
    let isStream: Bool
  }

  private var state: ClientConnectionState
  private let welcome: EventLoopPromise<Welcome>
  private var limits: Welcome?
  private var waiters: [UInt32: Waiter] = [:]
  private var sentBytes: UInt64 = 0
  private var sentCount: UInt32 = 0
  /// Requests that the server's limits keep back.
  private var held = CircularBuffer<(id: UInt32, frame: [UInt8])>()
  private var context: ChannelHandlerContext?
  private var needsFlush = false
  private var isReading = false
  private var pingAlarm: Scheduled<Void>?
  private var hasHeard = true
  private var end: RequestError?

  /// Told once when no new call may be made here.
  private let onLeave: @Sendable () -> Void

  init(
    _ configuration: ClientConfiguration, welcome: EventLoopPromise<Welcome>,
    onLeave: @escaping @Sendable () -> Void
  ) {
    state = ClientConnectionState(configuration, helloID: 1)
    self.welcome = welcome
    self.onLeave = onLeave
  }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: state.opening)), promise: nil)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(RequestError(.unavailable, "Service unavailable: the server closed the connection"))
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(RequestError(.unavailable, "Service unavailable: the connection failed: \(error)"))
    context.close(promise: nil)
  }

  // MARK: Sending

  /// Sends a request when the server's limits let it go, and delivers its one answer.
  func call(_ id: UInt32, _ frame: [UInt8], deadline: NIODeadline, deliver: @escaping Delivery) {
    guard let context, end == nil, state.phase == .open else {
      return deliver(.failure(.notSent(closedError)))
    }
    let alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.abandon(id, .timeout("the deadline passed before the server answered"))
    }
    waiters[id] = Waiter(frameBytes: frame.count, deliver: deliver, alarm: alarm, isStream: false)
    held.append((id, frame))
    sendHeld()
  }

  /// Opens a stream, whose frames are delivered until an error or its end.
  func open(_ id: UInt32, _ frame: [UInt8], deliver: @escaping Delivery) {
    guard end == nil, state.phase == .open else { return deliver(.failure(.notSent(closedError))) }
    waiters[id] = Waiter(frameBytes: frame.count, deliver: deliver, alarm: nil, isStream: true)
    write(frame)
  }

  /// Sends a frame of a stream that is open.
  func send(_ id: UInt32, _ frame: [UInt8]) {
    guard waiters[id] != nil else { return }
    write(frame)
  }

  /// Nobody waits for this answer any more.
  func abandon(_ id: UInt32, _ error: RequestError) {
    guard let waiter = waiters[id] else { return }
    waiters[id]?.deliver = nil
    waiters[id]?.alarm?.cancel()
    if let index = held.firstIndex(where: { $0.id == id }) {
      held.remove(at: index)
      waiters[id] = nil
      waiter.deliver?(.failure(.notSent(error)))
    } else {
      waiter.deliver?(.failure(.lost(error)))
    }
  }

  private func sendHeld() {
    guard let limits else { return }
    while let frame = held.first?.frame, sentCount < limits.requestsMax,
      sentCount == 0 || sentBytes + UInt64(frame.count) <= limits.requestBytesMax
    {
      held.removeFirst()
      sentCount += 1
      sentBytes += UInt64(frame.count)
      write(frame)
    }
  }

  private func write(_ frame: [UInt8]) {
    guard let context else { return }
    context.write(Self.wrapOutboundOut(ByteBuffer(bytes: frame)), promise: nil)
    if isReading || needsFlush {
      needsFlush = true
      return
    }
    needsFlush = true
    // Calls of the same turn of the loop share one write to the socket.
    context.eventLoop.assumeIsolated().execute { self.flush() }
  }

  private func flush() {
    guard needsFlush else { return }
    needsFlush = false
    context?.flush()
  }

  // MARK: Receiving

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = Self.unwrapInboundIn(data)
    hasHeard = true
    isReading = true
    var offset = 0
    while let event = state.next(buffer.readableBytesUInt8Span, &offset) { take(event) }
    isReading = false
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    flush()
    context.fireChannelReadComplete()
  }

  private func take(_ event: ClientConnectionState.Event) {
    switch event {
    case .welcome(let welcome):
      limits = welcome
      setPingAlarm()
      self.welcome.succeed(welcome)
    case .frame(let header, let body): deliver(header, body)
    case .goodbye(let error): leave(error)
    case .failed(let error, let retryMilliseconds):
      fail(error, retryMilliseconds: retryMilliseconds)
      context?.close(promise: nil)
    }
  }

  private func deliver(_ header: FrameHeader, _ body: [UInt8]) {
    let id = header.requestID
    guard header.opcode != Opcode.pong.rawValue, let waiter = waiters[id] else { return }
    let isEnd =
      !waiter.isStream || header.opcode == Opcode.error.rawValue
      || header.opcode == Opcode.streamClosed.rawValue
    if isEnd {
      waiters[id] = nil
      waiter.alarm?.cancel()
      if !waiter.isStream {
        sentCount -= 1
        sentBytes -= UInt64(waiter.frameBytes)
        sendHeld()
      }
    }
    waiter.deliver?(.success(ClientFrame(opcode: header.opcode, flags: header.flags, body: body)))
  }

  // MARK: Ends

  private var closedError: RequestError {
    end ?? RequestError(.unavailable, "Service unavailable: the connection is closing")
  }

  /// Nothing new goes out here. What was held back was never sent, and goes over another connection.
  private func leave(_ error: RequestError) {
    onLeave()
    while let (id, _) = held.popFirst() { finish(id, .notSent(error)) }
  }

  /// Fails everything that waits.
  private func fail(_ error: RequestError, retryMilliseconds: Int = 0) {
    guard end == nil else { return }
    end = error
    state.closed()
    pingAlarm?.cancel()
    context = nil
    welcome.fail(CallFailure.notSent(error, retryMilliseconds: retryMilliseconds))
    leave(error)
    for id in waiters.keys { finish(id, .lost(error)) }
  }

  private func finish(_ id: UInt32, _ failure: CallFailure) {
    guard let waiter = waiters.removeValue(forKey: id) else { return }
    waiter.alarm?.cancel()
    waiter.deliver?(.failure(failure))
  }

  // MARK: Keeping alive

  /// Pings three times in the span after which the server would close, and gives up where nothing comes back.
  private func setPingAlarm() {
    guard let context, let limits else { return }
    let pause = TimeAmount.milliseconds(max(100, Int64(limits.idleMilliseconds) / 3))
    pingAlarm = context.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.ping() }
  }

  private func ping() {
    guard let context else { return }
    guard hasHeard else {
      fail(RequestError(.unavailable, "Service unavailable: the server does not answer pings"))
      context.close(promise: nil)
      return
    }
    hasHeard = false
    write(FrameWriter(.ping, requestID: 1).finish(.crc32c))
    setPingAlarm()
  }
}
