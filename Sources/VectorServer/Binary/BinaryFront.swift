package import Logging
import NIOCore
package import NIOPosix
import VectorModel

/// What all binary connections share: keys, limits, counts, and who answers.
package final class BinaryFront: Sendable {
  package let keys: AccessKeys
  package let limits: BinaryLimits
  package let readiness: Readiness
  package let bodies: BodyBudget
  package let metrics = BinaryMetrics()
  package let log: Logger
  /// Where large frames are decoded, so that they hold up no other connection of their event loop.
  private let decoders: NIOThreadPool

  package init(
    keys: AccessKeys, limits: BinaryLimits, readiness: Readiness, bodies: BodyBudget, decoders: NIOThreadPool,
    log: Logger
  ) {
    self.keys = keys
    self.limits = limits
    self.readiness = readiness
    self.bodies = bodies
    self.decoders = decoders
    self.log = log
  }

  /// How a connection wants its answers.
  struct Form: Sendable {
    let checksum: FrameChecksum
    let answerBytesMax: Int
  }

  /// Answers a request once with a whole frame, on whatever thread has the answer.
  /// - Parameter mayUseThisThread: nothing else waits on the connection.
  func answer(
    _ requestID: UInt32, _ opcode: Opcode, body: [UInt8], share: BodyBudget.Share?, form: Form,
    mayUseThisThread: Bool,
    reply: @escaping @Sendable ([UInt8]) -> Void
  ) {
    let start = NIODeadline.now()
    let finish: @Sendable (Result<Response, RequestError>) -> Void = { [metrics] result in
      let nanoseconds = (NIODeadline.now() - start).nanoseconds
      let (frame, code) = form.frame(requestID, result, nanoseconds: nanoseconds)
      metrics.record(opcode, code, nanoseconds: nanoseconds)
      // The bytes count until here: the decoded request has about as many.
      withExtendedLifetime(share) { reply(frame) }
    }
    onDecoder(byteCount: body.count) { [self] in
      guard case .ready(let handler) = readiness.phase else { return finish(.failure(readiness.error)) }
      do throws(RequestError) {
        handler.handle(
          try Request(opcode, body: body), mayUseThisThread: mayUseThisThread, completion: finish)
      } catch {
        finish(.failure(error))
      }
    }
  }

  /// Decodes a chunk of a stream.
  func decode(_ body: [UInt8], completion: @escaping @Sendable (Result<StreamChunk, RequestError>) -> Void) {
    onDecoder(byteCount: body.count) {
      completion(Result { () throws(RequestError) in try StreamChunk(body: body) })
    }
  }

  /// Writes a chunk of a stream; the result is the operation's number in the collection's log.
  func write(
    _ operation: WriteOperation, _ stamp: ProducerStamp, to collection: String,
    completion: @escaping @Sendable (Result<UInt64, RequestError>) -> Void
  ) {
    let start = NIODeadline.now()
    guard case .ready(let handler) = readiness.phase else { return completion(.failure(readiness.error)) }
    var parameters = UpdateParameters()
    parameters.wait = true
    parameters.producer = stamp
    parameters.isStreamed = true
    handler.handle(.write(collection: collection, operation, parameters)) { [metrics] result in
      metrics.record(.chunk, result.code, nanoseconds: (NIODeadline.now() - start).nanoseconds)
      completion(
        result.flatMap { response in
          guard case .update(let update) = response.result else {
            return .failure(.internalError("a write was answered with something else"))
          }
          return .success(update.operationID)
        })
    }
  }

  private func onDecoder(byteCount: Int, _ body: @escaping @Sendable () -> Void) {
    if byteCount <= BinaryLimits.inlineBytesMax {
      body()
    } else {
      decoders.submit { _ in body() }
    }
  }
}

extension BinaryFront.Form {
  /// The answer's frame, and the code that is counted; an answer that the client does not take is an error.
  fileprivate func frame(
    _ requestID: UInt32, _ result: Result<Response, RequestError>, nanoseconds: Int64
  ) -> (frame: [UInt8], code: RequestError.Code?) {
    let failure: RequestError
    switch result {
    case .success(let response):
      var writer = FrameWriter(.result, flags: response.flags, requestID: requestID, reservingCapacity: 512)
      response.write(to: &writer.body, microseconds: UInt64(max(0, nanoseconds)) / 1000)
      let byteCount = writer.bodyBytes + FrameHeader.byteCount
      if byteCount <= answerBytesMax { return (writer.finish(checksum), nil) }
      failure = RequestError(
        .payloadTooLarge,
        "Bad request: the answer has \(byteCount) bytes, the client takes \(answerBytesMax): ask for less at once"
      )
    case .failure(let error): failure = error
    }
    var writer = FrameWriter(.error, requestID: requestID)
    failure.write(to: &writer.body, retryMilliseconds: failure.retryMilliseconds)
    return (writer.finish(checksum), failure.code)
  }
}

extension Result where Failure == RequestError {
  fileprivate var code: RequestError.Code? {
    if case .failure(let error) = self { error.code } else { nil }
  }
}
