package import VectorModel

/// From where snapshots may be fetched: nowhere, unless the operator names the beginnings of URLs.
package struct SnapshotURLs: Sendable {
  /// Beginnings of `http://`, `https://` and `file:///` URLs, each of which ends with a slash.
  package let prefixes: [String]
  /// The most bytes that are fetched.
  package var byteCountMax: UInt64 = 100 << 30
  /// What fetches over the network; without it only files are.
  package var fetcher: (any SnapshotFetcher)?

  package static let none = SnapshotURLs()

  private init() { prefixes = [] }

  /// - Throws: saying which of the beginnings is none, and why.
  package init(prefixes: [String]) throws(SnapshotURLs.Malformed) {
    for prefix in prefixes {
      let rest = Self.schemes.compactMap { prefix.hasPrefix($0) ? prefix.dropFirst($0.count) : nil }.first
      guard let rest else {
        throw Malformed(what: "\"\(prefix)\" must begin with http://, https:// or file:///")
      }
      guard prefix.hasSuffix("/"), !rest.isEmpty, Self.isPlain(rest), !rest.contains("@") else {
        throw Malformed(
          what:
            "\"\(prefix)\" must name a directory: end with a slash, without \"..\", \"@\", query or escapes")
      }
    }
    self.prefixes = prefixes
  }

  package struct Malformed: Error {
    package let what: String
  }

  private static let schemes = ["http://", "https://", "file:///"]

  /// Whether `location` lies below one of the beginnings, whatever a server or file system makes of it.
  func admit(_ location: String) -> Bool {
    prefixes.contains { prefix in
      location.hasPrefix(prefix) && location.utf8.count > prefix.utf8.count
        && Self.isPlain(location.dropFirst(prefix.count))
    }
  }

  /// Without anything that could lead up or aside: dots as a segment, escapes, backslashes, control characters.
  private static func isPlain(_ path: Substring) -> Bool {
    path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"%\\?#".utf8.contains($0) }
      && path.split(separator: "/").allSatisfy { $0 != "." && $0 != ".." }
  }
}

/// Fetches a snapshot over the network.
package protocol SnapshotFetcher: Sendable {
  /// Calls `receive` with the pieces in order, on another thread, and returns when all have come; follows nothing
  /// that leads elsewhere.
  /// - Parameters:
  ///   - key: sent as `api-key` where it is given.
  ///   - receive: what it throws ends the fetching.
  func fetch(
    _ url: String, key: String?, receive: @escaping @Sendable ([UInt8]) throws(RequestError) -> Void
  ) throws(RequestError)
}
