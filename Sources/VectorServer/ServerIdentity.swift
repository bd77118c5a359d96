/// Who the server says it is at `/`.
package struct ServerIdentity: Sendable {
  package static let name = "needletail"
  package static let version = "0.1.0"
  /// The version of Qdrant's REST interface that this one is compatible with.
  package static let compatibleVersion = "1.19.0"

  /// The commit that the program was built from, where that is known.
  package var commit: String?

  package init(commit: String? = nil) { self.commit = commit }

  /// The members of the object at `/`, in order; `version` is the one that clients compare with theirs.
  var members: [(key: String, value: String)] {
    var members = [
      ("title", "\(Self.name) - vector search engine"), ("version", Self.compatibleVersion),
    ]
    if let commit { members.append(("commit", commit)) }
    return members + [("name", Self.name), ("needletail_version", Self.version)]
  }
}
