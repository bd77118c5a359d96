package import NIOCore
package import NIOHTTP1
package import VectorModel

/// A whole answer: status, a few headers, and the body's bytes.
package struct HTTPReply: Sendable {
  package enum ContentType: String, Sendable {
    case json = "application/json"
    case text = "text/plain; charset=utf-8"
    case bytes = "application/octet-stream"
    case metrics = "text/plain; version=0.0.4; charset=utf-8"
  }

  package var status: Int
  package var contentType: ContentType
  package var body: ByteBuffer
  /// Stands for the body where that is too large to be held: it is sent piece by piece.
  package var source: (any ByteSource)?
  /// Methods of the `Allow` header; empty leaves it out.
  package var allowedMethods: [HTTPMethod] = []
  /// Whether the peer may try again a second later.
  package var isRetryable = false
  /// Whether the connection must not be used again.
  package var closesConnection = false

  /// - Complexity: copies `bytes` once, so call it on the thread that made them.
  package init(status: Int, contentType: ContentType, bytes: [UInt8]) {
    self.status = status
    self.contentType = contentType
    body = ByteBuffer(bytes: bytes)
  }

  /// An answer of `source`'s bytes.
  package init(source: any ByteSource) {
    self.init(status: 200, contentType: .bytes, bytes: [])
    self.source = source
  }

  /// Bytes of the body.
  package var byteCount: Int { source.map { Int(clamping: $0.byteCount) } ?? body.readableBytes }

  package static func text(_ status: Int, _ text: String) -> HTTPReply {
    HTTPReply(status: status, contentType: .text, bytes: Array(text.utf8))
  }

  /// The head for this answer to a request of `version`.
  package func head(version: HTTPVersion, isKeepAlive: Bool, date: String) -> HTTPResponseHead {
    var headers = HTTPHeaders()
    headers.reserveCapacity(4)
    headers.add(name: "date", value: date)
    if status != 204 {
      headers.add(name: "content-type", value: contentType.rawValue)
      headers.add(name: "content-length", value: String(byteCount))
    }
    if let source {
      headers.add(name: "content-disposition", value: "attachment; filename=\"\(source.name)\"")
    }
    if !allowedMethods.isEmpty {
      headers.add(name: "allow", value: allowedMethods.map(\.rawValue).joined(separator: ", "))
    }
    if status == 401 { headers.add(name: "www-authenticate", value: "Bearer") }
    if isRetryable { headers.add(name: "retry-after", value: "1") }
    if !isKeepAlive {
      headers.add(name: "connection", value: "close")
    } else if version.minor == 0 {
      headers.add(name: "connection", value: "keep-alive")
    }
    return HTTPResponseHead(
      version: version.major == 1 ? version : .http1_1, status: HTTPResponseStatus(statusCode: status),
      headers: headers)
  }
}
