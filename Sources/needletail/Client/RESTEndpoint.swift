import VectorModel

/// Where a server's REST interface is: a URL of `http` or `https` without path.
struct RESTEndpoint: Equatable, Sendable {
  var host: String
  var port: Int
  var usesTLS: Bool

  static let standard = "http://127.0.0.1:6333"

  /// - Throws: status 400 naming the URL and what does not fit.
  init(url: String) throws(RequestError) {
    var rest = Substring(url)
    if rest.hasPrefix("https://") {
      usesTLS = true
    } else if rest.hasPrefix("http://") {
      usesTLS = false
    } else {
      throw .badRequest("the URL \"\(url)\" must begin with http:// or https://")
    }
    rest = rest.drop { $0 != "/" }.dropFirst(2)
    if rest.last == "/" { rest = rest.dropLast() }
    guard !rest.isEmpty, !rest.contains("/"), !rest.contains("@"), !rest.contains("?") else {
      throw .badRequest("the URL \"\(url)\" must consist of scheme, host and port only")
    }
    var portText: Substring?
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else {
        throw .badRequest("the URL \"\(url)\" lacks a bracket")
      }
      host = String(rest[..<end].dropFirst())
      let behind = rest[end...].dropFirst()
      if behind.first == ":" { portText = behind.dropFirst() }
    } else {
      let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      host = String(parts[0])
      if parts.count > 1 { portText = parts[1] }
    }
    port = usesTLS ? 443 : 80
    if let portText {
      guard let number = Int(portText), (1...65_535).contains(number) else {
        throw .badRequest("the URL \"\(url)\" has the port \"\(portText)\", the limit is 1…65535")
      }
      port = number
    }
  }
}
