/// A failure as the body of an `error` or `goodbye` frame.
extension RequestError {
  /// - Parameter retryMilliseconds: how long to wait before trying again; 0 where that would not help.
  package func write(to writer: inout ByteWriter, retryMilliseconds: UInt32) {
    writer.byte(code.rawValue)
    writer.fixed32(retryMilliseconds)
    writer.text(message)
  }

  /// Reads the body of an `error` or `goodbye` frame. A code that this side does not know is an internal error.
  /// - Throws: `badRequest` where the bytes are none.
  package init(body: [UInt8], retryMilliseconds: inout UInt32) throws(RequestError) {
    var reader = ByteReader(body)
    let code = try reader.byte()
    retryMilliseconds = try reader.fixed32()
    let message = try reader.text()
    try reader.finish("the error")
    self.init(Code(rawValue: code) ?? .internalError, message)
  }

  /// Whether the same request may succeed a little later.
  package var isTransient: Bool { code == .tooManyRequests || code == .unavailable }

  /// How long a peer is asked to wait before it tries again.
  package var retryMilliseconds: UInt32 { isTransient ? 1000 : 0 }
}
