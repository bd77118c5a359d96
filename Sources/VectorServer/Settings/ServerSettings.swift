package import NIOCore
import NIOPosix
package import VectorEngine

/// All settings, read and checked.
package struct ServerSettings: Sendable {
  package var engine: EngineConfiguration
  package var host: String
  package var httpPort: Int
  package var binaryPort: Int
  package var keys: AccessKeys
  /// Whether strangers may come in where there are no keys.
  package var mayBeOpen: Bool
  /// PEM files of the certificate chain and its private key.
  package var tls: (certificate: String, key: String)?
  package var eventLoopThreads: Int
  package var limits: HTTPLimits
  package var shutdownTimeout: TimeAmount
  package var logLevel: String

  /// - Throws: an error naming setting, value and limit; also when strangers could reach a server without keys.
  package init(_ values: SettingValues) throws(SettingsError) {
    engine = try Self.engine(values)
    host = try values.text(.host) ?? ""
    httpPort = try values.integer(.httpPort)
    binaryPort = try values.integer(.binaryPort)
    keys = AccessKeys(full: try values.secret(.apiKey), readOnly: try values.secret(.readOnlyAPIKey))
    eventLoopThreads = try Self.threads(values, .eventLoopThreads)
    limits = try Self.limits(values)
    shutdownTimeout = .seconds(Int64(try values.integer(.shutdownTimeoutSeconds)))
    logLevel = try values.text(.logLevel) ?? ""

    switch (try values.text(.tlsCertificate), try values.text(.tlsKey)) {
    case (let certificate?, let key?): tls = (certificate, key)
    case (nil, nil): tls = nil
    case (.some, nil): throw values.invalid(.tlsCertificate, "needs tls_key beside it")
    case (nil, .some): throw values.invalid(.tlsKey, "needs tls_certificate beside it")
    }
    if let full = keys.full, full == keys.readOnly {
      throw values.invalid(.readOnlyAPIKey, "must not be the same as api_key")
    }
    mayBeOpen = try values.boolean(.allowRemoteWithoutKey)
    if !keys.areDemanded, !mayBeOpen, !Self.isLoopback(host) {
      throw values.invalid(
        .host,
        "is reachable from other machines: set api_key, or permit it with --allow-remote-without-key")
    }
  }

  /// Whether only this machine can reach `host`.
  package static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" { return true }
    guard let address = try? SocketAddress(ipAddress: host, port: 0), let text = address.ipAddress else {
      return false
    }
    return text == "::1" || (text.hasPrefix("127.") && address.protocol == .inet)
  }

  private static func engine(_ values: SettingValues) throws(SettingsError) -> EngineConfiguration {
    var engine = EngineConfiguration(dataDirectory: try values.text(.dataDirectory) ?? "")
    engine.searchThreads = try threads(values, .searchThreads)
    engine.searchQueueMax = try values.integer(.searchQueueMax)
    engine.writerThreads = try values.integer(.writerThreads)
    engine.writeQueueMax = try values.integer(.writeQueueMax)
    engine.builderThreads = try threads(values, .builderThreads)
    engine.collectionsMax = try values.integer(.collectionsMax)
    engine.openCollectionsMax = try values.integer(.openCollectionsMax)
    engine.timeoutMilliseconds = try values.integer(.requestTimeoutSeconds) * 1000
    engine.logRetentionBytes = try values.integer(.logRetentionMegabytes) << 20
    engine.logRetentionHours = try values.integer(.logRetentionHours)
    engine.snapshotsCountMax = try values.integer(.snapshotsCountMax)
    engine.snapshotsAgeHoursMax = try values.integer(.snapshotsAgeHoursMax)
    engine.snapshotURLs = try snapshotURLs(values)
    engine.scrubHours = try values.integer(.scrubHours)
    engine.recallInterval = try values.integer(.recallInterval)
    return engine
  }

  private static func snapshotURLs(_ values: SettingValues) throws(SettingsError) -> SnapshotURLs {
    let prefixes = try values.text(.snapshotURLPrefixes)?.split(separator: ",").map { prefix in
      String(prefix.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    var urls: SnapshotURLs
    do throws(SnapshotURLs.Malformed) { urls = try SnapshotURLs(prefixes: prefixes ?? []) } catch {
      throw values.invalid(.snapshotURLPrefixes, "is not usable: \(error.what)")
    }
    urls.byteCountMax = UInt64(try values.integer(.snapshotURLMegabytesMax)) << 20
    urls.fetcher = HTTPSnapshotFetcher(authorities: try values.text(.snapshotURLAuthorities))
    return urls
  }

  /// A number of threads, where 0 is one a core.
  private static func threads(_ values: SettingValues, _ setting: Setting) throws(SettingsError) -> Int {
    let count = try values.integer(setting)
    return count == 0 ? System.coreCount : count
  }

  private static func limits(_ values: SettingValues) throws(SettingsError) -> HTTPLimits {
    var limits = HTTPLimits()
    limits.bodyBytesMax = try values.integer(.bodyMegabytesMax) << 20
    limits.bodiesBytesMax = try values.integer(.bodiesMegabytesMax) << 20
    guard limits.bodiesBytesMax >= limits.bodyBytesMax else {
      throw values.invalid(
        .bodiesMegabytesMax, "must be at least body_megabytes_max, which is \(limits.bodyBytesMax >> 20)")
    }
    limits.connectionsMax = try values.integer(.connectionsMax)
    limits.idleTimeout = .seconds(Int64(try values.integer(.idleTimeoutSeconds)))
    limits.headTimeout = .seconds(Int64(try values.integer(.headTimeoutSeconds)))
    limits.bodyTimeout = .seconds(Int64(try values.integer(.bodyTimeoutSeconds)))
    return limits
  }
}
