import ArgumentParser
import VectorEngine
import VectorModel
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

  /// Runs the command that was called; what the server or the engine refuses is shown as its message alone.
  ///
  /// On the main thread, so that the process is prepared before it has others.
  @MainActor static func main() async {
    if ProcessInputs.variable("MALLOC_ARENA_MAX") == nil { Engine.prepareProcess() }
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let error as RequestError {
      StandardError.line("needletail: \(error.reason)")
      exit(withError: ExitCode.failure)
    } catch let error as SettingsError {
      StandardError.line("needletail: \(error.message)")
      exit(withError: ExitCode.failure)
    } catch {
      exit(withError: error)
    }
  }
}
