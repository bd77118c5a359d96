import NIOCore
import VectorModel

@testable import VectorServer

/// The bytes that a client of the binary protocol sends, and what it makes of those that it gets.
enum Wire {
  static let checksum = FrameChecksum.of(.crc32c)

  static func frame(
    _ opcode: Opcode, flags: UInt8 = 0, _ requestID: UInt32, _ write: (inout ByteWriter) -> Void = { _ in }
  ) -> [UInt8] {
    var writer = FrameWriter(opcode, flags: flags, requestID: requestID)
    write(&writer.body)
    return writer.finish(checksum)
  }

  static func request(_ request: Request, _ requestID: UInt32) -> [UInt8] {
    frame(request.opcode, requestID) { request.write(to: &$0) }
  }

  static func hello(_ key: String = "", answerBytesMax: UInt32 = 1 << 20) -> [UInt8] {
    frame(.hello, 1) { Hello(client: "test", apiKey: key, answerBytesMax: answerBytesMax).write(to: &$0) }
  }

  /// Preface and hello, without waiting in between.
  static func opening(_ key: String = "", answerBytesMax: UInt32 = 1 << 20) -> [UInt8] {
    Preface.client(.crc32c).bytes + hello(key, answerBytesMax: answerBytesMax)
  }

  static func openStream(_ requestID: UInt32, first: UInt64 = 1, windowBytes: UInt32 = 1 << 16) -> [UInt8] {
    frame(.openStream, requestID) {
      StreamOpening(
        collection: "c", producer: UUID128(high: 1, low: 2), firstSequence: first, windowBytes: windowBytes
      ).write(to: &$0)
    }
  }

  static func chunk(_ requestID: UInt32, _ sequence: UInt64, ids: [UInt64] = [1]) -> [UInt8] {
    frame(.chunk, requestID) {
      StreamChunk(sequence: sequence, operation: .delete(.ids(ids.map { .number($0) }))).write(to: &$0)
    }
  }

  /// An answer as a test compares it.
  enum Answer: Equatable {
    case preface(version: UInt16)
    case welcome(Welcome)
    case result(UInt32, String)
    case error(UInt32, RequestError)
    case goodbye(RequestError)
    case pong(UInt32, [UInt8])
    case streamOpened(UInt32, window: UInt32)
    case acknowledged(UInt32, Acknowledgement)
    case streamClosed(UInt32)
    case other(UInt8)
  }

  /// Reads what a server sent; throws where it is not made of whole frames.
  static func answers(_ bytes: [UInt8], hasPreface: Bool) throws -> [Answer] {
    var answers: [Answer] = []
    var rest = bytes[...]
    if hasPreface, rest.count >= Preface.byteCount {
      answers.append(.preface(version: try Preface(decoding: Array(rest.prefix(Preface.byteCount))).version))
      rest = rest.dropFirst(Preface.byteCount)
    }
    var assembler = FrameAssembler(checksum: checksum)
    let frames = Array(rest)
    var offset = 0
    while let event = try assembler.next(frames.span, &offset) {
      if case .frame(let header, let body) = event { answers.append(try answer(header, body)) }
    }
    guard !assembler.isInsideFrame else { throw RequestError.badRequest("a frame is cut off") }
    return answers
  }

  private static func answer(_ header: FrameHeader, _ body: [UInt8]) throws -> Answer {
    var retry: UInt32 = 0
    switch Opcode(rawValue: header.opcode) {
    case .welcome: return .welcome(try Welcome(body: body))
    case .result:
      var microseconds: UInt64 = 0
      let response = try Response(body: body, flags: header.flags, microseconds: &microseconds)
      return .result(header.requestID, "\(response.result)")
    case .error: return .error(header.requestID, try RequestError(body: body, retryMilliseconds: &retry))
    case .goodbye: return .goodbye(try RequestError(body: body, retryMilliseconds: &retry))
    case .pong: return .pong(header.requestID, body)
    case .streamOpened:
      var reader = ByteReader(body)
      return .streamOpened(header.requestID, window: try reader.fixed32())
    case .acknowledgement: return .acknowledged(header.requestID, try Acknowledgement(body: body))
    case .streamClosed: return .streamClosed(header.requestID)
    default: return .other(header.opcode)
    }
  }
}

extension Wire.Answer {
  /// The code of a failure and the request that it is for.
  var failure: (id: UInt32, code: RequestError.Code)? {
    if case .error(let id, let error) = self { (id, error.code) } else { nil }
  }
}
