import NIOCore
import VectorModel

extension HTTPFront {
  /// Whether the request's body goes into a file.
  func isUpload(_ call: HTTPCall) -> Bool {
    if case .upload = routes.routes[call.route].meaning { true } else { false }
  }

  /// Finds a place for the body of an upload; nil for any other request, and while nobody answers.
  func beginUpload(_ call: HTTPCall) -> HTTPUpload? {
    guard isUpload(call), case .ready(let handler) = readiness.phase else { return nil }
    return HTTPUpload(handler: handler, contentType: call.contentType, pool: decoders)
  }

  /// Answers an upload once its file is whole.
  func answer(_ call: HTTPCall, upload: HTTPUpload, reply: @escaping @Sendable (HTTPReply) -> Void) {
    let start = NIODeadline.now()
    let finish: @Sendable (HTTPReply, Int64) -> Void = { [metrics] answer, elapsedNanoseconds in
      metrics.record(route: call.route, status: answer.status, elapsedNanoseconds: elapsedNanoseconds)
      reply(answer)
    }
    guard case .upload(let make) = routes.routes[call.route].meaning else {
      preconditionFailure("only uploads go into files")
    }
    upload.finish { [self] result in
      answerSnapshots(call, since: start, finish) { () throws(RequestError) in
        try make(try input(call, ByteBuffer()), try result.get())
      }
    }
  }

  /// Answers a request about snapshots.
  func answerSnapshots(
    _ call: HTTPCall, since start: NIODeadline, _ finish: @escaping @Sendable (HTTPReply, Int64) -> Void,
    _ make: () throws(RequestError) -> SnapshotRequest
  ) {
    guard case .ready(let handler) = readiness.phase else {
      return finish(Envelope.failure(readiness.error), 0)
    }
    let request: SnapshotRequest
    do throws(RequestError) {
      request = try make()
      guard request.isReadOnly || routes.routes[call.route].access == .write else {
        throw RequestError(.forbidden, "Forbidden: \(routes.routes[call.route].name) would write")
      }
    } catch {
      return finish(Envelope.failure(error), (.now() - start).nanoseconds)
    }
    handler.handle(snapshots: request) { response in
      let elapsed = (NIODeadline.now() - start).nanoseconds
      finish(Self.reply(response, elapsedNanoseconds: elapsed), elapsed)
    }
  }

  private static func reply(
    _ response: Result<SnapshotResult, RequestError>, elapsedNanoseconds: Int64
  ) -> HTTPReply {
    switch response {
    case .failure(let error): return Envelope.failure(error, elapsedNanoseconds: elapsedNanoseconds)
    case .success(.accepted): return Envelope.accepted(elapsedNanoseconds: elapsedNanoseconds)
    case .success(.source(let source)): return HTTPReply(source: source)
    case .success(let result):
      return Envelope.success(elapsedNanoseconds: elapsedNanoseconds) { result.write(to: &$0) }
    }
  }
}

extension Envelope {
  /// `{"status":"accepted","time":…}` with status 202: the work goes on behind the answer.
  static func accepted(elapsedNanoseconds: Int64) -> HTTPReply {
    var writer = JSONWriter(reservingCapacity: 64)
    writer.object { writer in
      writer.key("status")
      writer.string("accepted")
      writeTime(elapsedNanoseconds, to: &writer)
    }
    return HTTPReply(status: 202, contentType: .json, bytes: writer.bytes)
  }
}
