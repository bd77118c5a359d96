import NIOCore
package import VectorModel

/// The JSON object around every answer.
package enum Envelope {
  /// `{"result":…,"status":"ok","time":…,"usage":null}`, `applied` where the server did something of its own, and
  /// `explain` where it was asked for.
  package static func success(
    elapsedNanoseconds: Int64, applied: Response.Applied? = nil, explanation: JSONValue? = nil,
    reservingCapacity capacity: Int = 256,
    result: (inout JSONWriter) -> Void
  ) -> HTTPReply {
    var writer = JSONWriter(reservingCapacity: capacity)
    writer.object { writer in
      writer.key("result")
      result(&writer)
      if let applied {
        writer.key("applied")
        writer.object { writer in
          writer.key("language")
          writer.array(applied.languages) { $0.string($1) }
        }
      }
      writer.member("explain", explanation)
      writer.key("status")
      writer.string("ok")
      writeTime(elapsedNanoseconds, to: &writer)
      writer.key("usage")
      writer.null()
    }
    return HTTPReply(status: 200, contentType: .json, bytes: writer.bytes)
  }

  /// `{"status":{"error":"…"},"time":…}` with the error's status.
  package static func failure(_ error: RequestError, elapsedNanoseconds: Int64 = 0) -> HTTPReply {
    var reply = failure(
      status: error.httpStatus, message: error.message, elapsedNanoseconds: elapsedNanoseconds)
    reply.isRetryable = error.code == .tooManyRequests || error.code == .unavailable
    return reply
  }

  /// `{"status":{"error":"…"},"time":…}` with a status of HTTP's own.
  package static func failure(status: Int, message: String, elapsedNanoseconds: Int64 = 0) -> HTTPReply {
    var writer = JSONWriter(reservingCapacity: 64 + message.utf8.count)
    writer.object { writer in
      writer.key("status")
      writer.object { writer in
        writer.key("error")
        writer.string(message)
      }
      writeTime(elapsedNanoseconds, to: &writer)
    }
    return HTTPReply(status: status, contentType: .json, bytes: writer.bytes)
  }

  /// Seconds with nine digits behind the point, never with an exponent.
  static func writeTime(_ nanoseconds: Int64, to writer: inout JSONWriter) {
    let digits = String(nanoseconds % 1_000_000_000)
    let fraction = String(repeating: "0", count: 9 - digits.utf8.count) + digits
    writer.key("time")
    writer.raw(Array("\(nanoseconds / 1_000_000_000).\(fraction)".utf8))
  }
}
