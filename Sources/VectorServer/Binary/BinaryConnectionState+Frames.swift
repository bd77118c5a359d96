import NIOCore
import VectorModel

// What each frame means, first by its header and then whole.

extension BinaryConnectionState {
  // MARK: Hello

  mutating func admitHello(_ header: FrameHeader, _ now: NIODeadline) -> Action? {
    guard header.opcode == Opcode.hello.rawValue, header.flags == 0 else {
      return refuse(.badRequest("the first frame must be a hello"), now)
    }
    guard header.bodyBytes <= Hello.bodyBytesMax else {
      return refuse(
        RequestError(
          .payloadTooLarge, "Bad request: a hello of \(header.bodyBytes) bytes, limit \(Hello.bodyBytesMax)"),
        now)
    }
    return nil
  }

  mutating func takeHello(_ header: FrameHeader, _ body: [UInt8], _ now: NIODeadline) -> Action? {
    do throws(RequestError) {
      let hello = try Hello(body: body)
      switch keys.access(with: hello.apiKey.isEmpty ? nil : hello.apiKey) {
      case .full: isReadOnly = false
      case .readOnly: isReadOnly = true
      case .missing: throw RequestError(.unauthorized, "Must provide an API key in the hello")
      case .invalid: throw RequestError(.unauthorized, "Invalid API key")
      }
      answerBytesMax = Int(hello.answerBytesMax)
    } catch {
      return refuse(error, now, requestID: header.requestID)
    }
    phase = .open
    var writer = FrameWriter(.welcome, requestID: header.requestID)
    limits.welcome(isReadOnly: isReadOnly).write(to: &writer.body)
    return .send(writer.finish(checksum))
  }

  // MARK: Headers

  /// Decides by its header whether a frame is collected.
  mutating func admit(_ header: FrameHeader, _ now: NIODeadline, _ reserve: (Int) -> Bool) -> Action? {
    guard header.frameBytes <= limits.frameBytesMax else {
      let message = "Bad request: a frame of \(header.frameBytes) bytes, limit \(limits.frameBytesMax)"
      return refuse(RequestError(.payloadTooLarge, message), now, requestID: header.requestID)
    }
    guard let opcode = Opcode(rawValue: header.opcode) else {
      return discard(header, .notImplemented("opcode \(header.opcode)"))
    }
    if opcode.isRequest { return admitRequest(header, opcode, now, reserve) }
    guard header.flags == 0 else {
      return refuse(.badRequest("flags \(header.flags) on a frame with opcode \(header.opcode)"), now)
    }
    switch opcode {
    case .chunk: return admitChunk(header, now)
    case .openStream: return admitStream(header, now)
    case .ping where header.bodyBytes <= BinaryLimits.pingBytesMax: return nil
    case .goodbye where header.bodyBytes <= BinaryLimits.controlBytesMax: return nil
    case .closeStream where header.bodyBytes == 0: return nil
    case .ping, .goodbye, .closeStream:
      return refuse(.badRequest("\(header.bodyBytes) bytes in a frame with opcode \(header.opcode)"), now)
    default:
      return refuse(.badRequest("opcode \(header.opcode) is not a client's"), now)
    }
  }

  private mutating func admitRequest(
    _ header: FrameHeader, _ opcode: Opcode, _ now: NIODeadline, _ reserve: (Int) -> Bool
  ) -> Action? {
    if let misuse = misuse(of: header.requestID) { return refuse(misuse, now) }
    if header.flags != 0 {
      return discard(header, .notImplemented("flags \(header.flags) of a request"))
    }
    if isReadOnly, !opcode.isReadOnly {
      return discard(
        header,
        RequestError(.forbidden, "Forbidden: the read-only key does not permit opcode \(header.opcode)"))
    }
    if phase == .leaving { return discard(header, Self.leaving) }
    guard requests.count < limits.requestsMax else {
      return discard(
        header,
        RequestError(
          .tooManyRequests,
          "Too many requests: \(requests.count) of this connection await their answers, the limit"))
    }
    guard requestBytes + header.frameBytes <= limits.requestBytesMax else {
      let bytes = "\(requestBytes) bytes of this connection's requests await their answers"
      return discard(
        header, RequestError(.tooManyRequests, "Too many requests: \(bytes), limit \(limits.requestBytesMax)")
      )
    }
    guard header.frameBytes <= BinaryLimits.inlineBytesMax || reserve(header.frameBytes) else {
      return discard(header, Self.noMemory)
    }
    requests[header.requestID] = header.frameBytes
    requestBytes += header.frameBytes
    return nil
  }

  private mutating func admitStream(_ header: FrameHeader, _ now: NIODeadline) -> Action? {
    if let misuse = misuse(of: header.requestID) { return refuse(misuse, now) }
    guard header.bodyBytes <= BinaryLimits.controlBytesMax else {
      return refuse(.badRequest("\(header.bodyBytes) bytes in the opening of a stream"), now)
    }
    if isReadOnly {
      return discard(
        header, RequestError(.forbidden, "Forbidden: the read-only key does not permit a stream"))
    }
    if phase == .leaving { return discard(header, Self.leaving) }
    guard streams.count < limits.streamsMax else {
      return discard(
        header,
        RequestError(.tooManyRequests, "Too many requests: \(streams.count) streams are open, the limit"))
    }
    return nil
  }

  /// A chunk of a stream that has ended was sent before the client knew, and is dropped.
  private mutating func admitChunk(_ header: FrameHeader, _ now: NIODeadline) -> Action? {
    guard let window = streams[header.requestID] else {
      assembler.discardBody()
      return nil
    }
    guard !window.isClosing else {
      return refuse(.badRequest("a chunk of stream \(header.requestID), which the client closed"), now)
    }
    guard header.frameBytes <= window.creditBytes else {
      let message =
        "a chunk of \(header.frameBytes) bytes, credit \(window.creditBytes) (stream \(header.requestID))"
      return refuse(.badRequest(message), now)
    }
    streams[header.requestID]?.creditBytes -= header.frameBytes
    return nil
  }

  private func misuse(of requestID: UInt32) -> RequestError? {
    if requestID == 0 { return .badRequest("request id 0 is the connection's") }
    guard requests[requestID] == nil, streams[requestID] == nil else {
      return .badRequest("request id \(requestID) is in use")
    }
    return nil
  }

  /// Answers a frame at once and throws its body away.
  private mutating func discard(_ header: FrameHeader, _ error: RequestError) -> Action {
    assembler.discardBody()
    return .send(errorFrame(header.requestID, error))
  }

  private static let leaving = RequestError(
    .unavailable, "Service unavailable: the connection is closing, use another one")
  private static let noMemory = RequestError(
    .unavailable, "Service unavailable: all requests together would exceed the limit (bodies_megabytes_max)")

  // MARK: Whole frames

  mutating func take(
    _ header: FrameHeader, _ body: [UInt8], _ now: NIODeadline, _ reserve: (Int) -> Bool
  ) -> Action? {
    guard let opcode = Opcode(rawValue: header.opcode) else { return nil }
    switch opcode {
    case .ping:
      var writer = FrameWriter(.pong, requestID: header.requestID)
      writer.body.raw(body)
      return .send(writer.finish(checksum))
    case .goodbye: return inputClosed(now: now)
    case .openStream: return openStream(header.requestID, body, reserve)
    case .chunk: return .chunk(stream: header.requestID, body: body, frameBytes: header.frameBytes)
    case .closeStream:
      guard streams[header.requestID] != nil else { return nil }
      streams[header.requestID]?.isClosing = true
      return .closeStream(id: header.requestID)
    default: return .request(id: header.requestID, opcode, body: body)
    }
  }

  private mutating func openStream(_ id: UInt32, _ body: [UInt8], _ reserve: (Int) -> Bool) -> Action {
    do throws(RequestError) {
      let opening = try StreamOpening(body: body)
      let windowBytes = min(max(Int(opening.windowBytes), BinaryLimits.windowBytesMin), limits.windowBytesMax)
      guard reserve(windowBytes) else { throw Self.noMemory }
      streams[id] = Window(windowBytes: windowBytes, creditBytes: windowBytes)
      var writer = FrameWriter(.streamOpened, requestID: id)
      writer.body.fixed32(UInt32(clamping: windowBytes))
      return .openStream(id: id, opening, windowBytes: windowBytes, answer: writer.finish(checksum))
    } catch {
      return .send(errorFrame(id, error))
    }
  }
}
