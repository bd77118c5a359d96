package import NIOHTTP1
package import VectorModel

/// One entry of the table of routes: a method and a path, and what they mean.
package struct Route: Sendable {
  /// What a caller must show.
  package enum Access: Sendable {
    /// No key at all.
    case open
    /// Any key.
    case read
    /// The full key.
    case write
  }

  package enum Meaning: Sendable {
    /// A page of the server itself.
    case page(ServerPage)
    /// A request of the model, and how its result is written where that is not the result's own form.
    case request(
      @Sendable (RequestInput) throws(RequestError) -> Request,
      result: (@Sendable (Response, inout JSONWriter) -> Void)? = nil)
    /// A request about snapshots.
    case snapshots(@Sendable (RequestInput) throws(RequestError) -> SnapshotRequest)
    /// The same of a body that may be of any size: it goes into a file first.
    case upload(@Sendable (RequestInput, any ByteSink) throws(RequestError) -> SnapshotRequest)
    /// An operation of the schema that is not built yet.
    case unbuilt
    /// An operation of a cluster, on a server that is none.
    case clusterOnly
  }

  package var method: HTTPMethod
  /// Segments between slashes; one in braces takes any text.
  package var template: String
  /// The operation's name in the schema.
  package var name: String
  package var access: Access
  package var meaning: Meaning

  init(_ method: HTTPMethod, _ template: String, _ name: String, _ access: Access, _ meaning: Meaning) {
    self.method = method
    self.template = template
    self.name = name
    self.access = access
    self.meaning = meaning
  }
}

/// A page of the server itself, which no engine is asked for.
package enum ServerPage: Sendable {
  case root, healthz, livez, readyz, metrics, telemetry, issues, clearIssues, cluster
}
