import Synchronization

/// The stores of a data directory in which a process ended by a signal, kept until an inspection finds them sound.
///
/// A store that is damaged stays suspect over any number of starts, also where nobody opens it in between.
final class SuspectStores: Sendable {
  /// Bounds what is read of a file of this name.
  private static let byteCountMax = 1 << 20

  private let fileSystem: any FileSystem
  private let directory: String
  /// Paths below the data directory.
  private let names: Mutex<Set<String>>

  /// Takes over the note that the process before this one has left, durably.
  init(_ fileSystem: any FileSystem, directory: String) throws(StorageError) {
    self.fileSystem = fileSystem
    self.directory = directory
    let file = directory + "/suspect-stores"
    var known: Set<String> = []
    if try fileSystem.kind(of: file) == .file {
      let text = String(
        decoding: try fileSystem.readFile(file, byteCountMax: Self.byteCountMax), as: UTF8.self)
      known = Set(text.split(separator: "\n").map(String.init))
    }
    let note = directory + "/crash-note"
    let noted = Set(try CrashNote.read(fileSystem, path: note).map(Self.name))
    names = Mutex(known.union(noted))
    if !noted.isSubset(of: known) { try write(known.union(noted)) }
    if try fileSystem.kind(of: note) != nil { try fileSystem.unlink(note) }
  }

  var paths: [String] { names.withLock { $0 }.sorted().map { directory + "/" + $0 } }

  func clear(_ path: String) throws(StorageError) {
    try names.withLock { (names) throws(StorageError) in
      guard names.contains(Self.name(path)) else { return }
      let rest = names.subtracting([Self.name(path)])
      try write(rest)
      names = rest
    }
  }

  private func write(_ names: Set<String>) throws(StorageError) {
    let text = names.sorted().map { $0 + "\n" }.joined()
    try fileSystem.replaceFile(directory + "/suspect-stores", with: Array(text.utf8).span)
  }

  /// The end of a store's path, `collections/<id>/<shard>/<file>`: the data directory may be called otherwise, or
  /// be elsewhere, by the next start.
  private static func name(_ path: String) -> String {
    path.split(separator: "/").suffix(4).joined(separator: "/")
  }
}
