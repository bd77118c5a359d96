/// Keeps web pages away from a server without keys that listens on this machine only.
///
/// A page from anywhere can make its visitor's browser send requests to 127.0.0.1. The browser says where they
/// come from in `Origin`, or, when the page's own name has been pointed at 127.0.0.1, names that in `Host`.
enum LoopbackGuard {
  /// Why a request is refused; nil where it comes from this machine.
  static func refusal(host: String?, origin: String?) -> String? {
    if let host, !isLoopback(authority: host) {
      return
        "Forbidden: a server without a key answers requests to localhost only, not to \"\(host.prefix(64))\""
    }
    if let origin, origin != "null" {
      let authority = origin.split(separator: "/", maxSplits: 2).last ?? ""
      if isLoopback(authority: authority) { return nil }
    } else if origin == nil {
      return nil
    }
    return "Forbidden: a server without a key answers no web page from \"\(origin?.prefix(64) ?? "")\""
  }

  /// Whether a host and port name this machine.
  private static func isLoopback(authority: some StringProtocol) -> Bool {
    if authority.hasPrefix("[::1]") { return true }
    let host = authority.prefix { $0 != ":" }.lowercased()
    if host == "localhost" || host.hasSuffix(".localhost") { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
