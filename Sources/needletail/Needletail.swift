import ArgumentParser
import VectorServer

/// The program.
@main
struct Needletail: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "needletail",
    abstract: "A vector database server.",
    version: "needletail \(ServerIdentity.version) (REST interface \(ServerIdentity.compatibleVersion))",
    subcommands: [
      ServeCommand.self, CollectionsCommand.self, QueryCommand.self, BenchCommand.self,
      SnapshotCommand.self, RestoreCommand.self, VerifyCommand.self, ExportCommand.self, ImportCommand.self,
    ])
}
