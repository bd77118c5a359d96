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

  /// - Parameter flags: `key=value`, over those of `--set`.
  func values(_ flags: [String] = []) throws -> SettingValues {
    do {
      return try SettingValues.fromProcess(config: config, flags: sets + flags)
    } catch {
      throw ValidationError("\(error)")
    }
  }
}

/// Options of the commands that work through videos.
struct WorkOptions: ParsableArguments {
  @OptionGroup var settings: SettingOptions

  @Option(help: "Prometheus metrics on http://127.0.0.1:PORT while it works; the setting metrics_port.")
  var metricsPort: Int?

  func values() throws -> SettingValues {
    try settings.values(metricsPort.map { ["metrics_port=\($0)"] } ?? [])
  }
}
