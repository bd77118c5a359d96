/// How a client reaches its server, and what it allows itself.
package struct ClientConfiguration: Sendable {
  package struct TLS: Sendable {
    /// A PEM file with the certificates to trust; absent are the system's.
    package var trustRootsFile: String?
    /// The name that the server's certificate must have; absent is the host.
    package var serverName: String?

    package init(trustRootsFile: String? = nil, serverName: String? = nil) {
      self.trustRootsFile = trustRootsFile
      self.serverName = serverName
    }
  }

  package var host: String
  package var port: Int
  /// Shown before anything else is said; absent where the server demands none.
  package var apiKey: String?
  /// Absent where the connection is not encrypted.
  package var tls: TLS?
  /// The client's name and version, for the server's log.
  package var name = "needletail-swift 0.1.0"
  /// Connections that the pool may hold; requests share them.
  package var connectionsMax = 2
  /// How long one attempt to connect and be welcomed may take.
  package var connectMilliseconds = 5_000
  /// How long a request may take in all, its retries included, where it names no deadline.
  package var requestMilliseconds = 60_000
  /// How often a request that is safe to repeat is sent again after a lost connection or a full queue.
  package var retriesMax = 4
  /// How often a stream is opened again without an acknowledgement between: enough for a server that starts anew.
  package var streamRetriesMax = 12
  /// The first pause before a retry; each further one is twice as long, up to 256 times as long.
  package var retryPauseMilliseconds = 20
  /// The largest answer that is taken from the server.
  package var answerBytesMax = 256 << 20

  package init(host: String = "127.0.0.1", port: Int = 6335, apiKey: String? = nil) {
    self.host = host
    self.port = port
    self.apiKey = apiKey
  }
}
