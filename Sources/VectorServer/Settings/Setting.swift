/// One setting of the server: its key in the file, and by that its environment variable and its flag.
package struct Setting: Sendable {
  package enum Kind: Equatable, Sendable {
    case text
    /// Text that no message shows.
    case secret
    case boolean
    case integer(ClosedRange<Int>)
    case word([String])
  }

  package let key: String
  package let kind: Kind
  /// Absent: unset.
  package let standard: String?
  package let help: String

  /// `NEEDLETAIL_` and the key in capitals.
  package var environmentName: String { "NEEDLETAIL_" + key.uppercased() }

  /// `--` and the key with hyphens.
  package var flag: String { "--" + key.split(separator: "_").joined(separator: "-") }

  /// What help and documentation show: the text, the bounds and the default.
  package var description: String {
    var parts: [String] = []
    switch kind {
    case .integer(let range): parts.append("\(range.lowerBound)…\(range.upperBound)")
    case .word(let words): parts.append(words.joined(separator: ", "))
    case .text, .secret, .boolean: break
    }
    if let standard { parts.append("default \(standard)") }
    return parts.isEmpty ? help : "\(help) (\(parts.joined(separator: "; ")))"
  }

  private init(_ key: String, _ kind: Kind, _ standard: String?, _ help: String) {
    self.key = key
    self.kind = kind
    self.standard = standard
    self.help = help
  }
}

extension Setting {
  package static let dataDirectory = Setting(
    "data_dir", .text, "./needletail-data", "The directory where everything is kept; made when missing.")
  package static let host = Setting(
    "host", .text, "127.0.0.1", "The address to listen on.")
  package static let httpPort = Setting(
    "http_port", .integer(0...65_535), "6333", "The REST port; 0 takes a free one.")
  package static let binaryPort = Setting(
    "binary_port", .integer(0...65_535), "6335", "The binary protocol's port; 0 takes a free one.")

  package static let apiKey = Setting("api_key", .secret, nil, "The key that may do everything.")
  package static let readOnlyAPIKey = Setting(
    "read_only_api_key", .secret, nil, "The key that may only read.")
  package static let allowRemoteWithoutKey = Setting(
    "allow_remote_without_key", .boolean, "false",
    "Permits listening on other addresses than loopback without a key.")
  package static let tlsCertificate = Setting(
    "tls_certificate", .text, nil,
    "A PEM file with the certificate chain; the HTTP port then speaks TLS only.")
  package static let tlsKey = Setting("tls_key", .text, nil, "A PEM file with the certificate's private key.")

  package static let eventLoopThreads = Setting(
    "event_loop_threads", .integer(0...256), "0", "Threads for the sockets of each protocol; 0 is one a core."
  )
  package static let connectionsMax = Setting(
    "connections_max", .integer(1...1_000_000), "1024", "Open connections; further ones are told 503.")
  package static let bodyMegabytesMax = Setting(
    "body_megabytes_max", .integer(1...4096), "32", "The largest request body, in MiB.")
  package static let bodiesMegabytesMax = Setting(
    "bodies_megabytes_max", .integer(1...1_048_576), "512",
    "All request bodies held at once, in MiB; further ones are told 503.")

  package static let idleTimeoutSeconds = Setting(
    "idle_timeout_seconds", .integer(1...86_400), "120", "A connection without a request is closed after it.")
  package static let headTimeoutSeconds = Setting(
    "head_timeout_seconds", .integer(1...3600), "10", "A request's line and headers must arrive within it.")
  package static let bodyTimeoutSeconds = Setting(
    "body_timeout_seconds", .integer(1...3600), "60",
    "A body must arrive, and an answer be taken, within it, and as much again for each MiB.")
  package static let requestTimeoutSeconds = Setting(
    "request_timeout_seconds", .integer(1...86_400), "60",
    "How long a request may take that names no timeout.")
  package static let shutdownTimeoutSeconds = Setting(
    "shutdown_timeout_seconds", .integer(0...3600), "30",
    "How long a stop waits for requests in flight.")
  package static let logLevel = Setting(
    "log_level", .word(["trace", "debug", "info", "notice", "warning", "error", "critical"]), "info",
    "What is logged to stderr.")

  package static let searchThreads = Setting(
    "search_threads", .integer(0...1024), "0", "Threads that search; 0 is one a core.")
  package static let searchQueueMax = Setting(
    "search_queue_max", .integer(1...1_000_000), "4096",
    "Searches that wait for a thread; further ones are told 429.")
  package static let writerThreads = Setting(
    "writer_threads", .integer(1...1024), "4", "Threads that write, each for one collection at a time.")
  package static let writeQueueMax = Setting(
    "write_queue_max", .integer(1...1_000_000), "4096",
    "Writes that wait for one collection; further ones are told 429.")
  package static let builderThreads = Setting(
    "builder_threads", .integer(0...1024), "0", "Threads of a background build; 0 is one a core.")
  package static let collectionsMax = Setting(
    "collections_max", .integer(1...1_000_000), "100000", "Collections that there may be.")
  package static let openCollectionsMax = Setting(
    "open_collections_max", .integer(1...1_000_000), "256",
    "Collections held open at once; beyond it the idle ones are closed.")

  package static let logRetentionMegabytes = Setting(
    "log_retention_megabytes", .integer(0...1_048_576), "0",
    "Log that each collection keeps for restoring to a point in time, in MiB.")
  package static let logRetentionHours = Setting(
    "log_retention_hours", .integer(0...8760), "0",
    "Hours of log that each collection keeps for restoring to a point in time.")
  package static let snapshotsCountMax = Setting(
    "snapshots_count_max", .integer(0...100_000), "0",
    "Snapshots kept of each collection; older ones go when one is made; 0 keeps all.")
  package static let snapshotsAgeHoursMax = Setting(
    "snapshots_age_hours_max", .integer(0...876_000), "0",
    "Hours that snapshots are kept; older ones go when one is made; 0 keeps all.")
  package static let snapshotURLPrefixes = Setting(
    "snapshot_url_prefixes", .text, nil,
    "Beginnings of the http://, https:// and file:/// URLs that restores may name, comma-separated; unset permits none."
  )
  package static let snapshotURLMegabytesMax = Setting(
    "snapshot_url_megabytes_max", .integer(1...1_073_741_824), "102400",
    "The largest snapshot that is fetched from a URL, in MiB.")
  package static let snapshotURLAuthorities = Setting(
    "snapshot_url_authorities", .text, nil,
    "A PEM file with the authorities whose certificates https:// servers of snapshots have; unset is the system's."
  )
  package static let scrubHours = Setting(
    "scrub_hours", .integer(0...8760), "168",
    "How often all data is read and compared with its checksums; 0 never.")

  package static let recallInterval = Setting(
    "recall_interval", .integer(0...1_000_000_000), "1000",
    "One query in so many is searched again exactly, at the lowest priority, to measure recall; 0 none.")

  /// Every setting, in the order of the documentation.
  package static let all = [
    dataDirectory, host, httpPort, binaryPort,
    apiKey, readOnlyAPIKey, allowRemoteWithoutKey, tlsCertificate, tlsKey,
    eventLoopThreads, connectionsMax, bodyMegabytesMax, bodiesMegabytesMax,
    idleTimeoutSeconds, headTimeoutSeconds, bodyTimeoutSeconds, requestTimeoutSeconds, shutdownTimeoutSeconds,
    searchThreads, searchQueueMax, writerThreads, writeQueueMax, builderThreads, collectionsMax,
    openCollectionsMax, logRetentionMegabytes, logRetentionHours, snapshotsCountMax, snapshotsAgeHoursMax,
    snapshotURLPrefixes, snapshotURLMegabytesMax, snapshotURLAuthorities, scrubHours, recallInterval,
    logLevel,
  ]
}
