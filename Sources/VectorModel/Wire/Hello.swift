/// Who the client is, as the body of the first frame. Later versions only add at the end.
package struct Hello: Equatable, Sendable {
  /// The client's name and version, for logs.
  package var client: String
  /// Empty where there is none.
  package var apiKey: String
  /// The largest frame that the client takes.
  package var answerBytesMax: UInt32

  package static let clientBytesMax = 256
  package static let apiKeyBytesMax = 4096
  /// The largest body of a `hello`, so that strangers can have next to nothing kept for them.
  package static let bodyBytesMax = 8192

  package init(client: String, apiKey: String = "", answerBytesMax: UInt32) {
    self.client = client
    self.apiKey = apiKey
    self.answerBytesMax = answerBytesMax
  }

  package func write(to writer: inout ByteWriter) {
    writer.text(client)
    writer.text(apiKey)
    writer.fixed32(answerBytesMax)
  }

  package init(body: [UInt8]) throws(RequestError) {
    var reader = ByteReader(body)
    client = try reader.text()
    apiKey = try reader.text()
    answerBytesMax = try reader.fixed32()
    guard client.utf8.count <= Self.clientBytesMax else {
      throw .badRequest("client name of \(client.utf8.count) bytes, limit \(Self.clientBytesMax)")
    }
    guard apiKey.utf8.count <= Self.apiKeyBytesMax else {
      throw .badRequest("API key of \(apiKey.utf8.count) bytes, limit \(Self.apiKeyBytesMax)")
    }
  }
}

/// What the server grants, as the body of the answer to `Hello`. Later versions only add at the end.
package struct Welcome: Equatable, Sendable {
  /// The server's name and version.
  package var server: String
  package var isReadOnly: Bool
  /// The largest frame that the server takes.
  package var frameBytesMax: UInt32
  /// How many requests of the connection may await their answers.
  package var requestsMax: UInt32
  /// How many bytes they may have together.
  package var requestBytesMax: UInt64
  package var streamsMax: UInt32
  /// The largest window of a stream.
  package var windowBytesMax: UInt32
  /// After how much silence the server closes the connection; pings break it.
  package var idleMilliseconds: UInt32

  package init(
    server: String, isReadOnly: Bool, frameBytesMax: UInt32, requestsMax: UInt32, requestBytesMax: UInt64,
    streamsMax: UInt32, windowBytesMax: UInt32, idleMilliseconds: UInt32
  ) {
    self.server = server
    self.isReadOnly = isReadOnly
    self.frameBytesMax = frameBytesMax
    self.requestsMax = requestsMax
    self.requestBytesMax = requestBytesMax
    self.streamsMax = streamsMax
    self.windowBytesMax = windowBytesMax
    self.idleMilliseconds = idleMilliseconds
  }

  package func write(to writer: inout ByteWriter) {
    writer.text(server)
    writer.bool(isReadOnly)
    writer.fixed32(frameBytesMax)
    writer.fixed32(requestsMax)
    writer.fixed64(requestBytesMax)
    writer.fixed32(streamsMax)
    writer.fixed32(windowBytesMax)
    writer.fixed32(idleMilliseconds)
  }

  package init(body: [UInt8]) throws(RequestError) {
    var reader = ByteReader(body)
    server = try reader.text()
    isReadOnly = try reader.bool()
    frameBytesMax = try reader.fixed32()
    requestsMax = try reader.fixed32()
    requestBytesMax = try reader.fixed64()
    streamsMax = try reader.fixed32()
    windowBytesMax = try reader.fixed32()
    idleMilliseconds = try reader.fixed32()
  }
}
