import ArgumentParser
import VectorEmbedder

/// The program.
@main
struct NeedletailEmbedder: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "needletail-embedder",
    abstract: "Puts videos into Needletail: speech, text on screen and pictures as vectors.",
    version: VideoDocument.version,
    subcommands: [
      RunCommand.self, WatchCommand.self, StatusCommand.self, RetryFailedCommand.self, DoctorCommand.self,
      ModelCommand.self, TextCommand.self, FrameCommand.self, IsolatedCommand.self,
    ])
}
