package import VectorModel

/// The parameters behind a path's question mark, read as the schema has them; unknown ones are ignored.
package struct QueryParameters: Sendable {
  private var parameters: [(name: String, value: String)] = []

  /// Reads `name=value` pairs; the last of a name counts.
  /// - Throws: status 400 for a broken escape.
  package init(_ text: some StringProtocol) throws(RequestError) {
    for part in text.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try PercentEncoding.decode(pair[0], isQuery: true, name: "query parameter")
      let value =
        pair.count > 1
        ? try PercentEncoding.decode(pair[1], isQuery: true, name: "query parameter \(name)") : ""
      parameters.append((name, value))
    }
  }

  package subscript(name: String) -> String? {
    parameters.last { $0.name == name }?.value
  }

  /// Whether the write is to be waited for; absent is false.
  package func wait() throws(RequestError) -> Bool {
    switch self["wait"] {
    case nil, "false": false
    case "true": true
    case .some(let value): throw Self.invalid("wait", value, "true or false")
    }
  }

  /// `timeout`, given in whole seconds from 1.
  package func timeoutMilliseconds() throws(RequestError) -> Int? {
    guard let value = self["timeout"] else { return nil }
    guard let seconds = Int(value), seconds >= 1, seconds <= Self.timeoutSecondsMax else {
      throw Self.invalid("timeout", value, "a number of seconds from 1 to \(Self.timeoutSecondsMax)")
    }
    return seconds * 1000
  }

  /// Checks `ordering`: one shard orders all writes, so each level is kept already.
  package func checkOrdering() throws(RequestError) {
    switch self["ordering"] {
    case nil, "weak", "medium", "strong": return
    case .some(let value): throw Self.invalid("ordering", value, "weak, medium or strong")
    }
  }

  /// Checks `consistency`: there is one replica, so each level is kept already.
  package func checkConsistency() throws(RequestError) {
    guard let value = self["consistency"] else { return }
    if ["majority", "quorum", "all"].contains(value) { return }
    guard let count = Int(value), count >= 1 else {
      throw Self.invalid("consistency", value, "majority, quorum, all or a number from 1")
    }
  }

  package static let timeoutSecondsMax = 86_400

  private static func invalid(_ name: String, _ value: String, _ allowed: String) -> RequestError {
    .badRequest("query parameter \(name) must be \(allowed), not \"\(value.prefix(64))\"")
  }
}
