import ArgumentParser
import VectorEmbedder

/// `needletail-embedder isolated`: what this program starts itself to run the code of others; see `IsolatedServer`.
struct IsolatedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "isolated", abstract: "Answer requests of the program that started this one.",
    shouldDisplay: false)

  func run() throws {
    var server = IsolatedServer()
    try server.serve()
  }
}
