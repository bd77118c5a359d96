import ArgumentParser
import VectorEmbedder

/// `needletail-embedder text`: a query vector of a text, or what it finds.
struct TextCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "text", abstract: "Embed a query text and print the vector, or search with it.")

  @OptionGroup var options: SettingOptions
  @Argument(help: "What to look for.") var query: String
  @Flag(help: "Search instead of printing the vector.") var search = false
  @Option(help: "The vector to search: the transcript's unless given.") var using: String?
  @Option(help: "How many results.") var limit = 10

  func run() async throws {
    let values = try options.values()
    let factory = EngineFactory(values)
    let embedder = try await factory.textEmbedder()
    guard let vector = try await embedder.vector(of: query, as: .query, by: try factory.textDeadline()) else {
      throw ValidationError("the query has no words")
    }
    let names = try EngineFactory(values).vectorNames()
    let target = using ?? names.transcript
    try await VectorOutput.show(
      vector, identity: try await identity(of: target, names, embedder, values), using: target,
      search: search,
      limit: limit, values)
  }

  /// The model that made the vectors to search: a text is compared with texts, or with pictures by both halves of CLIP.
  private func identity(
    of target: String, _ names: VectorNames, _ embedder: any TextEmbedder, _ values: SettingValues
  ) async throws -> ModelIdentity {
    guard search, target == names.video else { return embedder.identity }
    guard values.comparesTextsWithPictures, let video = try await EngineFactory(values).videoEmbedder(),
      video.identity.dimension == embedder.identity.dimension
    else {
      throw ValidationError(
        "texts and pictures can be compared only by both halves of CLIP, see Docs/embedder.md")
    }
    return video.identity
  }
}
