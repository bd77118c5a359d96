import ArgumentParser
import VectorModel
import VectorServer

/// The flags of every command that talks to a running server.
struct ClientOptions: ParsableArguments {
  @Option(help: "The server's REST interface. Also NEEDLETAIL_URL. (default: \(RESTEndpoint.standard))")
  var url: String?

  @Option(help: "The server's key. Also NEEDLETAIL_API_KEY.")
  var apiKey: String?

  @Flag(help: "Print JSON instead of text.")
  var json = false

  /// A new connection to the server.
  func connect() async throws(RequestError) -> RESTClient {
    try await RESTClient.connect(to: endpoint(), key: key)
  }

  /// What moves files to and from the server.
  func transfer() throws(RequestError) -> RESTTransfer { RESTTransfer(endpoint: try endpoint(), key: key) }

  private func endpoint() throws(RequestError) -> RESTEndpoint {
    try RESTEndpoint(url: url ?? ProcessInputs.variable("NEEDLETAIL_URL") ?? RESTEndpoint.standard)
  }

  private var key: String? { apiKey ?? ProcessInputs.variable("NEEDLETAIL_API_KEY") }
}
