import NIOHTTP1

/// What the front needs of a request's headers, found in one pass over them.
struct HTTPHeadFacts {
  var connection = HTTPConnectionState.Head()
  /// The value of `api-key`, or the token of `Authorization: Bearer`.
  var key: String?
  var idempotencyKey: String?
  var contentEncoding: String?
  var contentType: String?
  var host: String?
  var origin: String?

  init(_ head: HTTPRequestHead) {
    connection.isKeepAlive = head.isKeepAlive
    for (name, value) in head.headers { read(name, value) }
  }

  private mutating func read(_ name: String, _ value: String) {
    // The length is compared first: few headers come as far as a comparison of letters.
    switch name.utf8.count {
    case 4 where Self.equal(name, "host"):
      host = value
    case 6 where Self.equal(name, "origin"):
      origin = value
    case 6 where Self.equal(name, "expect"):
      connection.expectsContinue = Self.equal(value, "100-continue")
    case 7 where Self.equal(name, "api-key"):
      key = value
    case 12 where Self.equal(name, "content-type"):
      contentType = value
    case 13 where Self.equal(name, "authorization"):
      let scheme = "bearer "
      if key == nil, value.utf8.count > scheme.utf8.count,
        Self.equal(value.prefix(scheme.utf8.count), scheme)
      {
        key = String(value.dropFirst(scheme.utf8.count))
      }
    case 14 where Self.equal(name, "content-length"):
      // The decoder has checked the number; zero is no body.
      if let length = Int(value), length > 0, connection.framing == .none {
        connection.framing = .length(length)
      }
    case 15 where Self.equal(name, "idempotency-key"):
      idempotencyKey = value
    case 16 where Self.equal(name, "content-encoding"):
      contentEncoding = value
    case 17 where Self.equal(name, "transfer-encoding"):
      connection.framing = .chunked
    default:
      break
    }
  }

  /// Whether `text` is `lowercase` in any case of ASCII letters.
  private static func equal(_ text: some StringProtocol, _ lowercase: String) -> Bool {
    text.utf8.count == lowercase.utf8.count
      && zip(text.utf8, lowercase.utf8).allSatisfy { byte, expected in
        byte == expected || (byte >= 0x41 && byte <= 0x5A && byte | 0x20 == expected)
      }
  }
}
