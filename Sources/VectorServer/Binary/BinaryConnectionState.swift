package import NIOCore
package import VectorModel

/// What one binary connection is doing: a pure value without sockets, clocks or threads.
///
/// Bytes go in by `next`, which gives the actions that the owner must take, one by one. What the owner learns
/// elsewhere (answers, acknowledgements, the time) goes in by methods of its own.
///
///     preface → hello → open → leaving → closed
///        └────────┴───────┴── refused → lingering → closed
package struct BinaryConnectionState {
  package enum Phase: Equatable, Sendable {
    case preface
    /// Nothing but a key is listened to.
    case hello
    case open
    /// What is in progress is finished, and nothing new is taken on.
    case leaving
    /// Nothing will be sent any more; input is thrown away until the peer has seen the refusal and closes.
    case lingering
    case closed
  }

  package enum Action: Equatable, Sendable {
    case send([UInt8])
    /// Answer this request.
    case request(id: UInt32, Opcode, body: [UInt8])
    /// Keep a window of so many bytes, which are reserved, and send the answer.
    case openStream(id: UInt32, StreamOpening, windowBytes: Int, answer: [UInt8])
    case chunk(stream: UInt32, body: [UInt8], frameBytes: Int)
    /// Finish the stream behind what it has.
    case closeStream(id: UInt32)
    /// Send this, close the sending half behind it and read on.
    case refuse([UInt8])
    /// Close once everything is sent.
    case finish
    case close
  }

  package internal(set) var phase = Phase.preface
  /// The checksum of the connection's frames, once it is agreed.
  package internal(set) var checksum = FrameChecksum.of(.crc32c)
  /// The largest frame that the client takes.
  package internal(set) var answerBytesMax = 0
  /// When the phase has lasted too long; absent where the engine's own timeouts apply.
  package internal(set) var deadline: NIODeadline?

  let limits: BinaryLimits
  let keys: AccessKeys
  private let isOverLimit: Bool
  private var prefaceBytes: [UInt8] = []
  var assembler: FrameAssembler
  var isReadOnly = true
  /// The bytes of each request that awaits its answer.
  var requests: [UInt32: Int] = [:]
  var requestBytes = 0
  var streams: [UInt32: Window] = [:]
  private var frameDeadline: NIODeadline?
  private var stallDeadline: NIODeadline?
  private var lastActivity: NIODeadline

  /// The credit of a stream.
  struct Window {
    let windowBytes: Int
    var creditBytes: Int
    var isClosing = false
  }

  /// - Parameter isOverLimit: there are too many connections, and this one is to be told so.
  package init(limits: BinaryLimits, keys: AccessKeys, isOverLimit: Bool = false, now: NIODeadline) {
    self.limits = limits
    self.keys = keys
    self.isOverLimit = isOverLimit
    assembler = FrameAssembler(checksum: checksum)
    lastActivity = now
    deadline = now + limits.helloTimeout
  }

  // MARK: Receiving

  /// Reads on in `input` from `offset` up to the next action; nil when the input is used up.
  ///
  /// - Parameter reserve: takes so many bytes from what all connections may hold; false where there are no more.
  package mutating func next(
    _ input: Span<UInt8>, _ offset: inout Int, now: NIODeadline, reserve: (Int) -> Bool
  ) -> Action? {
    if offset < input.count { lastActivity = now }
    defer { updateDeadline(now) }
    while true {
      switch phase {
      case .preface:
        guard offset < input.count else { return nil }
        if let action = readPreface(input, &offset, now) { return action }
      case .hello, .open, .leaving:
        do throws(RequestError) {
          guard let event = try assembler.next(input, &offset) else {
            if assembler.isInsideFrame, frameDeadline == nil { frameDeadline = now + limits.frameTimeout }
            return nil
          }
          if let action = take(event, now, reserve) { return action }
        } catch {
          return refuse(error, now)
        }
      case .lingering, .closed:
        offset = input.count
        return nil
      }
    }
  }

  private mutating func readPreface(
    _ input: Span<UInt8>, _ offset: inout Int, _ now: NIODeadline
  ) -> Action? {
    while prefaceBytes.count < Preface.byteCount, offset < input.count {
      let index = prefaceBytes.count
      if index < Preface.magic.count, input[offset] != Preface.magic[index] { return close() }
      prefaceBytes.append(input[offset])
      offset += 1
    }
    guard prefaceBytes.count == Preface.byteCount, let preface = try? Preface(decoding: prefaceBytes) else {
      return nil
    }
    let answer = preface.answer()
    guard let kind = answer.agreed else { return refuse(answer.bytes, now) }
    checksum = .of(kind)
    assembler = FrameAssembler(checksum: checksum)
    guard !isOverLimit else {
      let error = RequestError(
        .unavailable,
        "Service unavailable: the limit of \(limits.connectionsMax) connections is reached (connections_max)")
      return refuse(answer.bytes + errorFrame(0, error), now)
    }
    phase = .hello
    return .send(answer.bytes)
  }

  private mutating func take(
    _ event: FrameAssembler.Event, _ now: NIODeadline, _ reserve: (Int) -> Bool
  ) -> Action? {
    switch event {
    case .header(let header):
      frameDeadline = now + limits.frameTimeout(byteCount: header.bodyBytes)
      return phase == .hello ? admitHello(header, now) : admit(header, now, reserve)
    case .discarded:
      frameDeadline = nil
      return nil
    case .frame(let header, let body):
      frameDeadline = nil
      return phase == .hello ? takeHello(header, body, now) : take(header, body, now, reserve)
    }
  }

  // MARK: What the owner has done

  /// An answer is on its way. Gives `finish` where it was the last one of a connection that is leaving.
  package mutating func answered(_ requestID: UInt32, now: NIODeadline) -> Action? {
    if let bytes = requests.removeValue(forKey: requestID) { requestBytes -= bytes }
    lastActivity = now
    return settle(now)
  }

  /// So many bytes of a stream's chunks are done with, and the client is told.
  package mutating func acknowledged(stream: UInt32, bytes: Int, now: NIODeadline) {
    streams[stream]?.creditBytes += bytes
    lastActivity = now
    updateDeadline(now)
  }

  /// The client is told of the stream's end; chunks of it that still come are dropped.
  package mutating func streamEnded(_ stream: UInt32, now: NIODeadline) -> Action? {
    streams[stream] = nil
    lastActivity = now
    return settle(now)
  }

  /// The server stops: gives the goodbye to send. Streams are ended by the owner.
  package mutating func quiesce(_ error: RequestError, now: NIODeadline) -> [Action] {
    switch phase {
    case .preface, .hello: return [close()]
    case .open:
      phase = .leaving
      var writer = FrameWriter(.goodbye, requestID: 0)
      error.write(to: &writer.body, retryMilliseconds: error.retryMilliseconds)
      let goodbye = Action.send(writer.finish(checksum))
      guard let end = settle(now) else { return [goodbye] }
      return [goodbye, end]
    case .leaving, .lingering, .closed: return []
    }
  }

  /// The peer sends nothing any more, but may still await answers.
  package mutating func inputClosed(now: NIODeadline) -> Action? {
    switch phase {
    case .open, .leaving:
      guard !assembler.isInsideFrame else { return close() }
      phase = .leaving
      return settle(now)
    case .preface, .hello, .lingering: return close()
    case .closed: return nil
    }
  }

  /// The socket takes no more, or takes again.
  package mutating func writability(_ isWritable: Bool, now: NIODeadline) {
    stallDeadline = isWritable ? nil : now + limits.frameTimeout(byteCount: BinaryLimits.unsentBytesMax)
    updateDeadline(now)
  }

  /// Looks at the clock.
  package mutating func timer(now: NIODeadline) -> Action? {
    guard let deadline, deadline <= now else { return nil }
    if let stallDeadline, stallDeadline <= now { return close() }
    switch phase {
    case .preface, .lingering: return close()
    case .hello: return refuse(.timeout("no hello within \(Self.seconds(limits.helloTimeout)) s"), now)
    case .open, .leaving:
      if frameDeadline != nil { return refuse(.timeout("a frame did not arrive in time"), now) }
      return refuse(.timeout("no frame within \(Self.seconds(limits.idleTimeout)) s, send pings"), now)
    case .closed: return nil
    }
  }

  /// The connection is gone.
  package mutating func closed() {
    _ = close()
  }

  // MARK: Ends

  /// Ends a connection that is leaving when nothing of it is in progress.
  private mutating func settle(_ now: NIODeadline) -> Action? {
    defer { updateDeadline(now) }
    guard phase == .leaving, requests.isEmpty, streams.isEmpty else { return nil }
    _ = close()
    phase = .lingering
    deadline = now + limits.frameTimeout
    return .finish
  }

  private mutating func close() -> Action {
    phase = .closed
    deadline = nil
    requests = [:]
    requestBytes = 0
    streams = [:]
    return .close
  }

  /// Ends the connection with an error about itself, or about one request.
  mutating func refuse(_ error: RequestError, _ now: NIODeadline, requestID: UInt32 = 0) -> Action {
    refuse(errorFrame(requestID, error), now)
  }

  private mutating func refuse(_ bytes: [UInt8], _ now: NIODeadline) -> Action {
    _ = close()
    phase = .lingering
    deadline = now + limits.lingerTimeout
    return .refuse(bytes)
  }

  /// The frame that answers a request with a failure.
  package func errorFrame(_ requestID: UInt32, _ error: RequestError) -> [UInt8] {
    var writer = FrameWriter(.error, requestID: requestID)
    error.write(to: &writer.body, retryMilliseconds: error.retryMilliseconds)
    return writer.finish(checksum)
  }

  private mutating func updateDeadline(_ now: NIODeadline) {
    switch phase {
    case .preface, .hello, .lingering, .closed: return
    case .open, .leaving:
      let isIdle = requests.isEmpty && streams.values.allSatisfy { $0.creditBytes == $0.windowBytes }
      let own = frameDeadline ?? (isIdle ? lastActivity + limits.idleTimeout : nil)
      deadline = [own, stallDeadline].compactMap { $0 }.min()
    }
  }

  private static func seconds(_ time: TimeAmount) -> Int64 { time.nanoseconds / 1_000_000_000 }
}
