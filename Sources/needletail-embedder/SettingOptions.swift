import ArgumentParser
import VectorEmbedder

/// Where settings come from: `--set`, then NEEDLETAIL_EMBEDDER_… variables, then the file, then the defaults.
struct SettingOptions: ParsableArguments {
  @Option(help: "A settings file: a flat YAML mapping. Also NEEDLETAIL_EMBEDDER_CONFIG.")
  var config: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("One setting over the file's; see Config/embedder.yaml.", valueName: "key=value"))
  var sets: [String] = []

  func values() throws -> SettingValues {
    do {
      return try SettingValues.fromProcess(config: config, flags: sets)
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
