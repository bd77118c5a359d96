import VectorClient
import VectorEmbedder
import VectorModel

/// The server over the binary protocol.
struct ServerSink: PointSink {
  private let client: VectorClient

  /// Makes a client; it connects with its first request.
  ///
  /// - Throws: where the certificates of the settings cannot be used.
  static func connect(_ values: SettingValues) throws -> ServerSink {
    var configuration = ClientConfiguration(
      host: values.host, port: values.binaryPort, apiKey: values.apiKey)
    if values.usesTLS {
      configuration.tls = ClientConfiguration.TLS(
        trustRootsFile: values.tlsTrustRoots, serverName: values.tlsServerName)
    }
    // Waiting for a server that is away is the worker's own affair.
    configuration.retriesMax = 1
    do {
      return ServerSink(client: try VectorClient(configuration))
    } catch {
      throw SettingsError(error.message)
    }
  }

  func send(_ request: Request) async throws(RequestError) -> Response {
    try await client.send(request)
  }
}
