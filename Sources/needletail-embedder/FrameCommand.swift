import ArgumentParser
import VectorEmbedder

/// `needletail-embedder frame`: a query vector of a picture, or what it finds.
struct FrameCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frame", abstract: "Embed a picture and print the vector, or search with it.")

  @OptionGroup var options: SettingOptions
  @Argument(help: "A picture, in any format that ffmpeg reads.") var picture: String
  @Flag(help: "Search instead of printing the vector.") var search = false
  @Option(help: "How many results.") var limit = 10

  func run() async throws {
    let values = try options.values()
    guard case .frames(let embedder)? = try await EngineFactory(values).videoEmbedder() else {
      throw ValidationError("video_engine makes no vector of a single picture")
    }
    var accumulator = embedder.accumulator(durationSeconds: nil)
    accumulator.add(try await StillPicture.frame(ofFile: picture))
    guard let vector = try await accumulator.vector() else {
      throw ValidationError("the picture gives no vector")
    }
    let names = try EngineFactory(values).vectorNames()
    try await VectorOutput.show(
      vector, identity: embedder.identity, using: names.video, search: search, limit: limit, values)
  }
}
