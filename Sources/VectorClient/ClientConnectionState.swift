package import VectorModel

/// What one connection of a client is doing: a pure value without sockets, clocks or threads.
package struct ClientConnectionState {
  package enum Phase: Equatable, Sendable {
    case preface, hello, open
    /// The server takes nothing new; what is in progress is still answered.
    case leaving
    case closed
  }

  package enum Event: Equatable, Sendable {
    case welcome(Welcome)
    /// A frame with a request's id.
    case frame(FrameHeader, body: [UInt8])
    /// The server takes nothing new on this connection.
    case goodbye(RequestError)
    /// The connection is of no use any more. The server may say when another one will be.
    case failed(RequestError, retryMilliseconds: Int = 0)
  }

  package private(set) var phase = Phase.preface
  private let answerBytesMax: Int
  private let helloID: UInt32
  private var prefaceBytes: [UInt8] = []
  private var assembler = FrameAssembler(checksum: .crc32c)

  /// What the client says first: the preface, and the hello behind it without waiting.
  package let opening: [UInt8]

  package init(_ configuration: ClientConfiguration, helloID: UInt32) {
    answerBytesMax = configuration.answerBytesMax
    self.helloID = helloID
    var writer = FrameWriter(.hello, requestID: helloID)
    Hello(
      client: configuration.name, apiKey: configuration.apiKey ?? "",
      answerBytesMax: UInt32(clamping: answerBytesMax)
    ).write(to: &writer.body)
    opening = Preface.client(.crc32c).bytes + writer.finish(.crc32c)
  }

  /// Reads on in `input` from `offset` up to the next event; nil when the input is used up.
  package mutating func next(_ input: Span<UInt8>, _ offset: inout Int) -> Event? {
    do throws(RequestError) {
      if phase == .preface { try readPreface(input, &offset) }
      while phase != .preface, phase != .closed, let event = try assembler.next(input, &offset) {
        switch event {
        case .header(let header):
          guard header.frameBytes <= answerBytesMax else {
            throw .badRequest(
              "the server sent a frame of \(header.frameBytes) bytes, limit \(answerBytesMax)")
          }
        case .discarded: break
        case .frame(let header, let body): if let event = try take(header, body) { return event }
        }
      }
      return nil
    } catch {
      offset = input.count
      guard phase != .closed else { return nil }
      phase = .closed
      return .failed(error)
    }
  }

  /// The connection is gone.
  package mutating func closed() { phase = .closed }

  private mutating func readPreface(_ input: Span<UInt8>, _ offset: inout Int) throws(RequestError) {
    let count = min(Preface.byteCount - prefaceBytes.count, input.count - offset)
    for index in offset..<(offset + count) { prefaceBytes.append(input[index]) }
    offset += count
    guard prefaceBytes.count == Preface.byteCount else { return }
    let preface = try Preface(decoding: prefaceBytes)
    guard preface.agreed == .crc32c else {
      throw .badRequest(
        "the server speaks version \(preface.versionMax) at most, the client \(Preface.version)")
    }
    phase = .hello
  }

  private mutating func take(_ header: FrameHeader, _ body: [UInt8]) throws(RequestError) -> Event? {
    let opcode = Opcode(rawValue: header.opcode)
    if opcode == .error, header.requestID == 0 || phase == .hello {
      phase = .closed
      let (error, retryMilliseconds) = try RequestError.answer(body)
      return .failed(error, retryMilliseconds: retryMilliseconds)
    }
    if opcode == .goodbye {
      phase = .leaving
      return .goodbye(try RequestError.answer(body).error)
    }
    guard phase == .hello else { return .frame(header, body: body) }
    guard opcode == .welcome, header.requestID == helloID else {
      throw .badRequest("the server answered the hello with opcode \(header.opcode)")
    }
    phase = .open
    return .welcome(try Welcome(body: body))
  }
}

extension RequestError {
  /// Reads the body of an error, with the pause before a retry.
  static func answer(_ body: [UInt8]) throws(RequestError) -> (error: RequestError, retryMilliseconds: Int) {
    var milliseconds: UInt32 = 0
    let error = try RequestError(body: body, retryMilliseconds: &milliseconds)
    return (error, Int(milliseconds))
  }
}
