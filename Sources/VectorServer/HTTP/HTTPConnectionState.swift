package import NIOCore

/// What one HTTP/1 connection is doing: a pure value without sockets, clocks or threads.
///
/// One request is in progress at a time. Each event gives the action that its owner must take; events that
/// come too late, behind a close, give none.
///
///     idle → receivingHead → receivingBody → handling → sending → idle
///                                   └── refused early ──→ sending → discarding → idle
///                                                             └──→ lingering → closed
package struct HTTPConnectionState {
  package enum Phase: Equatable, Sendable {
    /// No byte of a request is here.
    case idle
    case receivingHead
    case receivingBody
    /// The answer is awaited.
    case handling
    /// The answer is on its way into the socket.
    case sending
    /// The answer went out before the request had ended: its rest is thrown away, then the next may come.
    case discarding
    /// Nothing will be sent any more; input is thrown away until the peer has seen the answer and closes.
    case lingering
    case closed
  }

  /// What the head of a request says about the connection.
  package struct Head: Equatable, Sendable {
    package enum Framing: Equatable, Sendable {
      case none
      case length(Int)
      case chunked
    }

    package var framing = Framing.none
    package var isKeepAlive = true
    package var expectsContinue = false
    /// The body is not collected, and may be of any size.
    package var isStreamed = false

    package init() {}
  }

  package enum HeadAction: Equatable {
    case none
    /// Collect the body, and first say `100 Continue` where that is awaited.
    case receive(sendContinue: Bool)
    /// Answer now with the refusal at hand.
    case refuse
    /// Answer 413 now.
    case refuseTooLarge
  }

  package enum BodyAction: Equatable {
    case none
    /// Answer 413 now.
    case refuseTooLarge
  }

  package enum EndAction: Equatable {
    case none
    /// The request is complete.
    case dispatch(ByteBuffer)
  }

  package enum SendAction: Equatable {
    /// The connection is gone: drop the answer.
    case drop
    case send(isKeepAlive: Bool)
  }

  package enum SentAction: Equatable {
    case none
    case awaitRequest
    case close
    /// Close the sending half and keep reading.
    case closeOutput
  }

  package enum TimerAction: Equatable {
    case none
    case close
    /// Answer 408 now.
    case refuseTimeout
  }

  package private(set) var phase = Phase.idle
  /// When the phase has lasted too long; absent where the engine's own timeouts apply.
  package private(set) var deadline: NIODeadline?
  /// The body's bytes that came in.
  package private(set) var receivedBytes = 0

  private let limits: HTTPLimits
  private var body = ByteBuffer()
  /// The announced length of the body, 0 where none is.
  private var announcedBytes = 0
  private var bodyStart = NIODeadline.uptimeNanoseconds(0)
  private var isKeepAlive = true
  private var isStreamed = false
  private var hasRequestEnded = false

  package init(limits: HTTPLimits, now: NIODeadline) {
    self.limits = limits
    deadline = now + limits.idleTimeout
  }

  // MARK: Receiving

  /// Bytes came in, of whatever.
  package mutating func bytesArrived(now: NIODeadline) {
    if phase == .idle {
      phase = .receivingHead
      deadline = now + limits.headTimeout
    }
  }

  /// A head is complete; `isRefused` says that it is to be answered without its body.
  package mutating func receivedHead(_ head: Head, isRefused: Bool, now: NIODeadline) -> HeadAction {
    guard phase == .idle || phase == .receivingHead else { return .none }
    isKeepAlive = head.isKeepAlive
    hasRequestEnded = false
    receivedBytes = 0
    body = ByteBuffer()
    bodyStart = now
    deadline = now + limits.bodyTimeout
    announcedBytes = if case .length(let length) = head.framing { length } else { 0 }
    isStreamed = head.isStreamed
    let isTooLarge = announcedBytes > limits.bodyBytesMax && !isStreamed
    if isRefused || isTooLarge {
      phase = .handling
      if !canDiscard(head) { isKeepAlive = false }
      return isRefused ? .refuse : .refuseTooLarge
    }
    phase = .receivingBody
    return .receive(sendContinue: head.expectsContinue && head.framing != .none)
  }

  /// A part of the body came in.
  package mutating func receivedBody(_ part: ByteBuffer) -> BodyAction {
    receivedBytes += part.readableBytes
    switch phase {
    case .receivingBody:
      deadline = bodyStart + limits.bodyTimeout(byteCount: receivedBytes)
      if isStreamed { return .none }
      guard receivedBytes <= limits.bodyBytesMax else {
        abandonBody()
        return .refuseTooLarge
      }
      append(part)
    case .idle, .receivingHead, .handling, .sending, .discarding, .lingering, .closed:
      break
    }
    return .none
  }

  /// The body is not wanted any more: an answer comes at once, and the connection closes behind it.
  package mutating func abandonBody() {
    body = ByteBuffer()
    phase = .handling
    isKeepAlive = false
  }

  /// The request is complete.
  package mutating func receivedEnd(now: NIODeadline) -> EndAction {
    hasRequestEnded = true
    switch phase {
    case .receivingBody:
      phase = .handling
      deadline = nil
      let complete = body
      body = ByteBuffer()
      return .dispatch(complete)
    case .discarding:
      awaitRequest(now)
      return .none
    case .idle, .receivingHead, .handling, .sending, .lingering, .closed:
      return .none
    }
  }

  /// The text is no HTTP; true where that can still be answered, and the connection closes behind it.
  package mutating func receivedGarbage() -> Bool {
    isKeepAlive = false
    switch phase {
    case .idle, .receivingHead, .receivingBody:
      hasRequestEnded = false
      abandonBody()
      return true
    case .handling, .sending, .discarding, .lingering, .closed:
      return false
    }
  }

  /// The peer will send nothing any more; true where the connection is to be closed now.
  package mutating func inputClosed() -> Bool {
    isKeepAlive = false
    switch phase {
    case .handling, .sending:
      // A peer may close its half and still wait for the answer.
      hasRequestEnded = true
      return false
    case .idle, .receivingHead, .receivingBody, .discarding, .lingering:
      return true
    case .closed:
      return false
    }
  }

  // MARK: Sending

  /// There is an answer of `byteCount` bytes for the request in progress.
  package mutating func responded(
    byteCount: Int, closesConnection: Bool = false, now: NIODeadline
  ) -> SendAction {
    guard phase == .handling else { return .drop }
    if closesConnection { isKeepAlive = false }
    phase = .sending
    deadline = now + limits.bodyTimeout(byteCount: byteCount)
    return .send(isKeepAlive: isKeepAlive)
  }

  /// The answer has left.
  package mutating func sent(now: NIODeadline) -> SentAction {
    guard phase == .sending else { return .none }
    switch (isKeepAlive, hasRequestEnded) {
    case (true, true):
      awaitRequest(now)
      return .awaitRequest
    case (true, false):
      phase = .discarding
      deadline = now + limits.bodyTimeout
      return .awaitRequest
    case (false, true):
      phase = .closed
      return .close
    case (false, false):
      phase = .lingering
      deadline = now + limits.lingerTimeout
      return .closeOutput
    }
  }

  // MARK: Time

  /// Looks at the clock.
  package mutating func timer(now: NIODeadline) -> TimerAction {
    guard let deadline, deadline <= now else { return .none }
    switch phase {
    case .receivingBody:
      abandonBody()
      self.deadline = now + limits.bodyTimeout
      return .refuseTimeout
    case .idle, .receivingHead, .handling, .sending, .discarding, .lingering:
      phase = .closed
      return .close
    case .closed:
      return .none
    }
  }

  /// The connection is gone.
  package mutating func closed() {
    phase = .closed
    deadline = nil
    body = ByteBuffer()
  }

  // MARK: Private parts

  /// One part is kept as it is; from the second on the whole announced length is allocated.
  private mutating func append(_ part: ByteBuffer) {
    guard body.readableBytes > 0 else {
      body = part
      return
    }
    if body.readableBytes + body.writableBytes < announcedBytes { body.reserveCapacity(announcedBytes) }
    body.writeImmutableBuffer(part)
  }

  private mutating func awaitRequest(_ now: NIODeadline) {
    phase = .idle
    deadline = now + limits.idleTimeout
  }

  /// Whether the rest of a refused request is worth reading over.
  private func canDiscard(_ head: Head) -> Bool {
    if head.expectsContinue { return head.framing == .none }
    return switch head.framing {
    case .none: true
    case .length(let length): length <= HTTPLimits.discardBytesMax
    case .chunked: false
    }
  }
}
