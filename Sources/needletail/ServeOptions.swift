import ArgumentParser
import VectorServer

/// The flags of `serve`: one a setting, as text, so that each source of a value is checked by the same rules.
struct ServeOptions: ParsableArguments {
  @Option(help: "A settings file: a flat YAML mapping. Also NEEDLETAIL_CONFIG.")
  var config: String?

  @Option(help: help(.dataDirectory)) var dataDir: String?
  @Option(help: help(.host)) var host: String?
  @Option(help: help(.httpPort)) var httpPort: String?
  @Option(help: help(.binaryPort)) var binaryPort: String?

  @Option(help: help(.apiKey)) var apiKey: String?
  @Option(help: help(.readOnlyAPIKey)) var readOnlyApiKey: String?
  @Flag(help: help(.allowRemoteWithoutKey)) var allowRemoteWithoutKey = false
  @Option(help: help(.tlsCertificate)) var tlsCertificate: String?
  @Option(help: help(.tlsKey)) var tlsKey: String?

  @Option(help: help(.eventLoopThreads)) var eventLoopThreads: String?
  @Option(help: help(.connectionsMax)) var connectionsMax: String?
  @Option(help: help(.bodyMegabytesMax)) var bodyMegabytesMax: String?
  @Option(help: help(.bodiesMegabytesMax)) var bodiesMegabytesMax: String?

  @Option(help: help(.idleTimeoutSeconds)) var idleTimeoutSeconds: String?
  @Option(help: help(.headTimeoutSeconds)) var headTimeoutSeconds: String?
  @Option(help: help(.bodyTimeoutSeconds)) var bodyTimeoutSeconds: String?
  @Option(help: help(.requestTimeoutSeconds)) var requestTimeoutSeconds: String?
  @Option(help: help(.shutdownTimeoutSeconds)) var shutdownTimeoutSeconds: String?

  @Option(help: help(.searchThreads)) var searchThreads: String?
  @Option(help: help(.searchQueueMax)) var searchQueueMax: String?
  @Option(help: help(.writerThreads)) var writerThreads: String?
  @Option(help: help(.writeQueueMax)) var writeQueueMax: String?
  @Option(help: help(.builderThreads)) var builderThreads: String?
  @Option(help: help(.collectionsMax)) var collectionsMax: String?
  @Option(help: help(.openCollectionsMax)) var openCollectionsMax: String?

  @Option(help: help(.logRetentionMegabytes)) var logRetentionMegabytes: String?
  @Option(help: help(.logRetentionHours)) var logRetentionHours: String?
  @Option(help: help(.snapshotsCountMax)) var snapshotsCountMax: String?
  @Option(help: help(.snapshotsAgeHoursMax)) var snapshotsAgeHoursMax: String?
  @Option(help: help(.snapshotURLPrefixes)) var snapshotUrlPrefixes: String?
  @Option(help: help(.snapshotURLMegabytesMax)) var snapshotUrlMegabytesMax: String?
  @Option(help: help(.snapshotURLAuthorities)) var snapshotUrlAuthorities: String?
  @Option(help: help(.scrubHours)) var scrubHours: String?
  @Option(help: help(.recallInterval)) var recallInterval: String?
  @Option(help: help(.logLevel)) var logLevel: String?

  /// The flags that were given, by their settings' keys.
  var flags: [String: String] {
    var flags: [String: String] = [
      Setting.allowRemoteWithoutKey.key: allowRemoteWithoutKey ? "true" : nil
    ].compactMapValues { $0 }
    let options: [(Setting, String?)] = [
      (.dataDirectory, dataDir), (.host, host), (.httpPort, httpPort), (.binaryPort, binaryPort),
      (.apiKey, apiKey), (.readOnlyAPIKey, readOnlyApiKey), (.tlsCertificate, tlsCertificate),
      (.tlsKey, tlsKey), (.eventLoopThreads, eventLoopThreads), (.connectionsMax, connectionsMax),
      (.bodyMegabytesMax, bodyMegabytesMax), (.bodiesMegabytesMax, bodiesMegabytesMax),
      (.idleTimeoutSeconds, idleTimeoutSeconds), (.headTimeoutSeconds, headTimeoutSeconds),
      (.bodyTimeoutSeconds, bodyTimeoutSeconds), (.requestTimeoutSeconds, requestTimeoutSeconds),
      (.shutdownTimeoutSeconds, shutdownTimeoutSeconds), (.searchThreads, searchThreads),
      (.searchQueueMax, searchQueueMax), (.writerThreads, writerThreads), (.writeQueueMax, writeQueueMax),
      (.builderThreads, builderThreads), (.collectionsMax, collectionsMax),
      (.openCollectionsMax, openCollectionsMax), (.logRetentionMegabytes, logRetentionMegabytes),
      (.logRetentionHours, logRetentionHours), (.snapshotsCountMax, snapshotsCountMax),
      (.snapshotsAgeHoursMax, snapshotsAgeHoursMax), (.snapshotURLPrefixes, snapshotUrlPrefixes),
      (.snapshotURLMegabytesMax, snapshotUrlMegabytesMax),
      (.snapshotURLAuthorities, snapshotUrlAuthorities), (.scrubHours, scrubHours),
      (.recallInterval, recallInterval), (.logLevel, logLevel),
    ]
    for (setting, text) in options { flags[setting.key] = text }
    return flags
  }

  /// All settings, from flags, environment and file.
  func settings() throws(SettingsError) -> ServerSettings {
    let path = config ?? ProcessInputs.variable("NEEDLETAIL_CONFIG")
    var file: SettingsFile?
    if let path, !path.isEmpty { file = try ProcessInputs.settingsFile(path) }
    return try ServerSettings(
      SettingValues(flags: flags, environment: ProcessInputs.environment(), file: file))
  }

  private static func help(_ setting: Setting) -> ArgumentHelp {
    ArgumentHelp(stringLiteral: setting.description)
  }
}
