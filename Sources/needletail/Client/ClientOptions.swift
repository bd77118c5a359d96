import ArgumentParser
import Logging
import VectorEngine
import VectorModel
import VectorServer

/// The flags of every command that talks to a running server, or, in its place, opens a data directory itself.
struct ClientOptions: ParsableArguments {
  @Option(help: "The server's REST interface. Also NEEDLETAIL_URL. (default: \(RESTEndpoint.standard))")
  var url: String?

  @Option(help: "The server's key. Also NEEDLETAIL_API_KEY.")
  var apiKey: String?

  @Option(help: "Work on this data directory instead of a server; no server may have it open.")
  var dataDir: String?

  @Flag(help: "Print JSON instead of text.")
  var json = false

  func validate() throws {
    if dataDir != nil, url != nil { throw ValidationError("Give --url or --data-dir, not both.") }
  }

  /// Runs `body` on a new connection to the server, or to one that serves the data directory meanwhile.
  /// - Parameter mayCreate: makes a data directory where none is.
  func withServer<T>(mayCreate: Bool = false, _ body: (ServerConnection) async throws -> T) async throws -> T
  {
    guard let dataDir else {
      let address = url ?? ProcessInputs.variable("NEEDLETAIL_URL") ?? RESTEndpoint.standard
      let connection = try await ServerConnection(
        try RESTEndpoint(url: address), key: apiKey ?? ProcessInputs.variable("NEEDLETAIL_API_KEY"))
      defer { connection.rest.close() }
      return try await body(connection)
    }
    // Opening would make a data directory where a name is mistyped.
    if !mayCreate, (try? LocalFile(reading: dataDir + "/FORMAT")) == nil {
      throw RequestError.badRequest("there is no data directory at \(dataDir)")
    }
    let log = Self.quietLog
    let engine = try Engine.open(EngineConfiguration(dataDirectory: dataDir), logger: log)
    let server = try await PrivateServer(
      OpenedEngine(handler: engine, shutdown: { () throws(RequestError) in try engine.shutdown() }), log: log)
    let result: Result<T, any Error>
    do {
      let endpoint = try RESTEndpoint(url: "http://127.0.0.1:\(server.port)")
      let connection = try await ServerConnection(endpoint, key: server.key)
      defer { connection.rest.close() }
      result = .success(try await body(connection))
    } catch {
      result = .failure(error)
    }
    try await server.close()
    return try result.get()
  }

  /// Says on stderr only what is wrong.
  static var quietLog: Logger {
    var log = Logger(label: "needletail")
    log.logLevel = .error
    return log
  }
}

/// A server, and the ways of asking it.
struct ServerConnection: Sendable {
  /// One connection for small requests.
  let rest: RESTClient
  /// What moves files.
  let transfer: RESTTransfer

  init(_ endpoint: RESTEndpoint, key: String?) async throws(RequestError) {
    rest = try await RESTClient.connect(to: endpoint, key: key)
    transfer = RESTTransfer(endpoint: endpoint, key: key)
  }
}
