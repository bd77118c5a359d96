import ArgumentParser
import Logging
import VectorServer

/// `needletail serve`: the server, until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a data directory.",
    discussion: """
      Each setting is taken from its flag, or else from the environment variable NEEDLETAIL_ and its name in \
      capitals (NEEDLETAIL_HTTP_PORT), or else from the settings file (http_port: 6333). When requests are \
      answered, one line goes to stdout: needletail ready http=ADDRESS:PORT binary=ADDRESS:PORT. SIGTERM and \
      SIGINT finish the requests in flight, bring everything to the disk and end the program.
      """)

  @OptionGroup var options: ServeOptions

  func run() async throws {
    let settings: ServerSettings
    do {
      settings = try options.settings()
    } catch {
      throw ValidationError("\(error)")
    }
    let level = Logger.Level(rawValue: settings.logLevel) ?? .info
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    let log = Logger(label: "needletail")
    let commit = ProcessInputs.variable("NEEDLETAIL_COMMIT").flatMap { $0.isEmpty ? nil : $0 }
    try await Server.run(
      settings, identity: ServerIdentity(commit: commit), log: log,
      open: engineOpener(settings.engine, log: log),
      onReady: { StandardOutput.line("needletail ready http=\($0.http) binary=\($0.binary)") })
  }
}
