import Logging
import Synchronization
import VectorModel
import VectorStorage

extension SnapshotService {
  /// A file and whoever keeps it.
  struct LocatedFile {
    let path: String
    let owner: (any ByteSink)?
  }

  /// The file that a client means.
  /// - Parameter key: for a URL that asks for one.
  /// - Throws: `forbidden` where the operator permits no such location.
  func file(of source: SnapshotRecovery.Source, key: String?) throws(RequestError) -> LocatedFile {
    switch source {
    case .upload(let sink):
      guard let upload = sink as? SnapshotUpload else { throw .badRequest("the upload is not this server's") }
      return LocatedFile(path: upload.path, owner: upload)
    case .location(let location):
      if location.hasPrefix("http://") || location.hasPrefix("https://") {
        let upload = try fetch(location, key)
        return LocatedFile(path: upload.path, owner: upload)
      }
      return LocatedFile(path: try locate(location), owner: nil)
    }
  }

  /// The path of a name that the server gave, alone or as a `file://` URL of its directory, or of a file below a
  /// directory that the operator names.
  private func locate(_ location: String) throws(RequestError) -> String {
    try library.refresh()
    guard location.hasPrefix("file://") else {
      return library.path(of: try library.entry(named: location).description.name)
    }
    let prefix = "file://" + library.path(of: "")
    if location.hasPrefix(prefix) {
      return library.path(
        of: try library.entry(named: String(location.dropFirst(prefix.count))).description.name)
    }
    let urls = environment.configuration.snapshotURLs
    guard urls.admit(location) else {
      throw RequestError(
        .forbidden,
        "Forbidden: a snapshot's file must be in the server's own directory of snapshots, or below a `file:///` "
          + "directory of the setting snapshot_url_prefixes")
    }
    // A link must not lead out of the directories that are named.
    guard let path = POSIXFileSystem.regularFile(String(location.dropFirst("file://".count))),
      urls.prefixes.contains(where: { prefix in
        guard prefix.hasPrefix("file:///") else { return false }
        return POSIXFileSystem.resolved(String(prefix.dropFirst("file://".count))).map { directory in
          path.hasPrefix(directory == "/" ? directory : directory + "/")
        } ?? false
      })
    else { throw .badRequest("the snapshot \(location.prefix(1024)) is no file below a permitted directory") }
    return path
  }

  private func fetch(_ url: String, _ key: String?) throws(RequestError) -> SnapshotUpload {
    let urls = environment.configuration.snapshotURLs
    guard urls.admit(url) else {
      throw RequestError(
        .forbidden,
        urls.prefixes.isEmpty
          ? "Forbidden: snapshots are fetched from no URL: the setting snapshot_url_prefixes permits none"
          : "Forbidden: snapshots are fetched from no URL but those below the setting snapshot_url_prefixes")
    }
    guard let fetcher = urls.fetcher else { throw .notImplemented("fetching a snapshot over the network") }
    let upload = try SnapshotUpload(directory, path: library.path(of: "upload-\(UUID128.random()).tmp"))
    let count = Mutex<UInt64>(0)
    let cancellation = cancellation
    try fetcher.fetch(url, key: key) { (bytes) throws(RequestError) in
      if cancellation.isCancelled {
        throw RequestError(.unavailable, "Service unavailable: the server is stopping")
      }
      let total = count.withLock { count in
        count += UInt64(bytes.count)
        return count
      }
      guard total <= urls.byteCountMax else {
        throw .badRequest("the snapshot at \(url.prefix(1024)) is larger than \(urls.byteCountMax) bytes")
      }
      try upload.write(bytes)
    }
    environment.logger.info(
      "snapshot fetched", metadata: ["url": "\(url)", "bytes": "\(count.withLock { $0 })"])
    return upload
  }
}
