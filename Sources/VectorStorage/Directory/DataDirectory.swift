package import VectorModel

/// The directory that a server owns: its format, its lock, and a place for each collection.
///
/// ```
/// FORMAT                          what this directory is, and its version
/// lock                            held while a process uses the directory
/// crash-note                      the stores in which the last process ended by a signal
/// suspect-stores                  the same of earlier processes, until an inspection finds them sound
/// catalogue/                      names, aliases and states of collections
/// collections/<32 hex digits>/0/  one collection's files
/// snapshots/
/// ```
package final class DataDirectory: Sendable {
  package let path: String
  package let fileSystem: any FileSystem
  private let lock: any File
  private let suspects: SuspectStores
  static let formatVersion: UInt32 = 1
  private static let formatPrefix = "needletail data directory, version "
  private static let deletedSuffix = ".deleted"

  /// Opens a data directory, or makes one where nothing or an empty directory is.
  /// - Throws: `locked` when another process has it, `missing` when it has files but no FORMAT, `newerFormat`,
  ///   `damaged`.
  package init(_ fileSystem: any FileSystem, path: String) throws(StorageError) {
    self.path = path
    self.fileSystem = fileSystem
    try fileSystem.createDirectory(path)
    lock = try fileSystem.open(path + "/lock", .createOrOpen)
    guard try lock.lock() else { throw .locked(directory: path) }
    suspects = try SuspectStores(fileSystem, directory: path)
    if try fileSystem.kind(of: path + "/FORMAT") == nil {
      try createTree()
    } else {
      try checkFormat()
    }
    try removeDeleted()
  }

  package var cataloguePath: String { path + "/catalogue" }
  package var snapshotsPath: String { path + "/snapshots" }
  package var collectionsPath: String { path + "/collections" }

  /// Stores in which an earlier process ended by a signal and that nothing has found sound since. They are to be
  /// inspected (`StoreInspection`) before they are opened: opening or reading them may end this process, too.
  package var suspectStorePaths: [String] { suspects.paths }

  /// Notes that an inspection found nothing wrong with a store.
  package func clearSuspicion(ofStore path: String) throws(StorageError) { try suspects.clear(path) }

  /// Lets a signal that ends this process inside a store leave a note for the next one; once a process.
  package func installCrashNote() throws(StorageError) { try CrashNote.install(path: path + "/crash-note") }

  /// Lets another process have the directory.
  package func close() throws(StorageError) { try lock.close() }

  /// The collections that have a directory; what the catalogue does not name is garbage.
  package func collections() throws(StorageError) -> [UUID128] {
    try fileSystem.list(collectionsPath).compactMap(Self.collection(directoryName:)).sorted()
  }

  /// The files of a collection's one shard.
  package func shard(of collection: UUID128) -> ShardDirectory {
    ShardDirectory(fileSystem, path: collectionPath(collection) + "/0")
  }

  /// Makes an empty directory for a collection, durably.
  package func createCollection(_ collection: UUID128) throws(StorageError) -> ShardDirectory {
    let shard = shard(of: collection)
    for directory in [collectionPath(collection), shard.path, shard.logPath] {
      try fileSystem.createDirectory(directory)
      try fileSystem.syncDirectory(Path.parent(of: directory))
    }
    return shard
  }

  /// Notes that the catalogue names a collection, so that it is not taken for garbage should the catalogue forget.
  package func noteNamed(_ collection: UUID128) throws(StorageError) {
    let path = collectionPath(collection)
    guard try !wasNamed(collection), try fileSystem.kind(of: path) == .directory else { return }
    try fileSystem.open(path + "/named", .createOrOpen).close()
  }

  /// Whether `noteNamed` was called of the collection.
  package func wasNamed(_ collection: UUID128) throws(StorageError) -> Bool {
    try fileSystem.kind(of: collectionPath(collection) + "/named") == .file
  }

  /// Removes a collection's files; after a crash they are all there or on their way out.
  package func removeCollection(_ collection: UUID128) throws(StorageError) {
    let directory = collectionPath(collection)
    guard try fileSystem.kind(of: directory) != nil else { return }
    try fileSystem.rename(directory, to: directory + Self.deletedSuffix)
    try fileSystem.syncDirectory(collectionsPath)
    try fileSystem.removeTree(directory + Self.deletedSuffix)
  }

  /// Bytes that can still be written.
  package func freeByteCount() throws(StorageError) -> UInt64 { try fileSystem.freeByteCount(at: path) }

  private func collectionPath(_ collection: UUID128) -> String {
    collectionsPath + "/" + Self.directoryName(of: collection)
  }

  /// 32 hexadecimal digits in lower case.
  package static func directoryName(of collection: UUID128) -> String {
    collection.description.filter { $0 != "-" }
  }

  private static func collection(directoryName name: String) -> UUID128? {
    guard name.utf8.count == 32, let collection = UUID128(name), directoryName(of: collection) == name else {
      return nil
    }
    return collection
  }

  private func createTree() throws(StorageError) {
    let strangers = try fileSystem.list(path).filter {
      ![
        "lock", "crash-note", "suspect-stores", "FORMAT.tmp", "catalogue", "collections", "snapshots",
        "lost+found",
      ].contains(
        $0)
    }
    var files = strangers
    for directory in [cataloguePath, collectionsPath, snapshotsPath] {
      if try fileSystem.kind(of: directory) != nil { files += try fileSystem.list(directory) }
    }
    if let file = files.first {
      throw .missing(file: path + "/FORMAT", what: "the directory holds files, as \(file), but no FORMAT")
    }
    for directory in [cataloguePath, collectionsPath, snapshotsPath] {
      try fileSystem.createDirectory(directory)
    }
    try fileSystem.syncDirectory(path)
    try fileSystem.syncDirectory(Path.parent(of: path))
    let format = Array((Self.formatPrefix + String(Self.formatVersion) + "\n").utf8)
    try fileSystem.replaceFile(path + "/FORMAT", with: format.span)
  }

  private func checkFormat() throws(StorageError) {
    let file = path + "/FORMAT"
    let text = String(validating: try fileSystem.readFile(file, byteCountMax: 1000), as: UTF8.self) ?? ""
    guard text.hasPrefix(Self.formatPrefix), text.hasSuffix("\n"),
      let version = UInt32(text.dropFirst(Self.formatPrefix.count).dropLast()), version >= 1
    else { throw .damaged(file: file, offset: 0, what: "it does not name the format of a data directory") }
    guard version <= Self.formatVersion else {
      throw .newerFormat(file: file, found: version, supported: Self.formatVersion)
    }
    for directory in [cataloguePath, collectionsPath, snapshotsPath] {
      guard try fileSystem.kind(of: directory) == .directory else {
        throw .missing(file: directory, what: "a directory of every data directory")
      }
    }
  }

  private func removeDeleted() throws(StorageError) {
    for name in try fileSystem.list(collectionsPath) where name.hasSuffix(Self.deletedSuffix) {
      try fileSystem.removeTree(collectionsPath + "/" + name)
    }
  }
}
