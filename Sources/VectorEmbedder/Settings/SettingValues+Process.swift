import FoundationEssentials

extension SettingValues {
  /// Gathers the settings of this process.
  ///
  /// - Parameters:
  ///   - config: the settings file, else the one that NEEDLETAIL_EMBEDDER_CONFIG names, else none.
  ///   - flags: `key=value`.
  /// - Throws: for a file that cannot be read and for settings that do not fit.
  package static func fromProcess(config: String?, flags: [String]) throws(SettingsError) -> SettingValues {
    let environment = ProcessInfo.processInfo.environment
    let named = environment["NEEDLETAIL_EMBEDDER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
    guard let path = config ?? named else { return try SettingValues(flags: flags, environment: environment) }
    let text: String
    do {
      text = try Files.text(at: path, stage: .settings)
    } catch {
      throw SettingsError(error.reason)
    }
    return try SettingValues(flags: flags, environment: environment, file: (text, path))
  }

  package var host: String { optional(.host) ?? "127.0.0.1" }
  package var binaryPort: Int { optional(.port).flatMap { Int($0) } ?? 6335 }
  package var apiKey: String? { optional(.apiKey) }
  package var usesTLS: Bool { boolean(.tls) }
  package var tlsTrustRoots: String? { optional(.tlsTrustRoots) }
  package var tlsServerName: String? { optional(.tlsServerName) }
  package var collection: String { optional(.collection) ?? "videos" }
  package var stateDirectory: String { VideoFinder.absolute(optional(.stateDirectory) ?? ".") }
  package var rescanSeconds: Int { optional(.rescanSeconds).flatMap { Int($0) } ?? 60 }

  /// Whether both halves of one CLIP are configured.
  package var comparesTextsWithPictures: Bool {
    optional(.textEngine) == "onnx" && optional(.textPreset) == "clip_vit_b32"
      && optional(.videoEngine) == "onnx" && optional(.videoPreset) == "clip_vit_b32"
  }

  /// Nil where no metrics are served.
  package var metricsPort: Int? {
    optional(.metricsPort).flatMap { Int($0) }.flatMap { $0 == 0 ? nil : $0 }
  }
}
