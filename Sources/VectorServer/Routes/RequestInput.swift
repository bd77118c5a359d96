package import NIOCore
package import VectorModel

/// What a route makes its request of: the path's arguments, the query, a header, and the body.
package struct RequestInput: Sendable {
  /// The operation's name.
  package var operation: String
  /// The text of each segment in braces, decoded.
  package var arguments: [String]
  package var query: QueryParameters
  package var idempotencyKey: String?
  package var body: ByteBuffer

  /// - Throws: status 400 for a broken escape in path or query.
  package init(
    operation: String, arguments: [String], query: some StringProtocol, idempotencyKey: String?,
    body: ByteBuffer
  ) throws(RequestError) {
    self.operation = operation
    self.arguments = []
    for argument in arguments {
      self.arguments.append(
        try PercentEncoding.decode(argument, isQuery: false, name: "path segment"))
    }
    self.query = try QueryParameters(query)
    self.idempotencyKey = idempotencyKey
    self.body = body
  }

  /// The first argument: on almost every route the collection's name or alias.
  package var collection: String { arguments[0] }

  /// How the write is to be answered.
  package func update() throws(RequestError) -> UpdateParameters {
    var parameters = UpdateParameters()
    parameters.wait = try query.wait()
    parameters.timeoutMilliseconds = try query.timeoutMilliseconds()
    try query.checkOrdering()
    if let idempotencyKey {
      parameters.producer = try ProducerStamp(idempotencyKey: idempotencyKey, operation: operation)
    }
    return parameters
  }

  /// The time that a read may take, with its `consistency` checked beside.
  package func readTimeoutMilliseconds() throws(RequestError) -> Int? {
    try query.checkConsistency()
    return try query.timeoutMilliseconds()
  }

  /// The body's one JSON value.
  /// - Throws: status 400 with line and column for malformed JSON, and whatever `read` refuses.
  package func json<Value>(
    _ read: (inout JSONReader) throws(RequestError) -> Value
  ) throws(RequestError) -> Value {
    let result = unsafe body.withUnsafeReadableBytes { bytes in
      Result { () throws(RequestError) in try unsafe JSONReader.read(bytes, read) }
    }
    return try result.get()
  }
}
