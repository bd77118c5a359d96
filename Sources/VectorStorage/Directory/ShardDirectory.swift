/// The files of one shard: `collections/<id>/0` with its manifest, store, log and generations.
package struct ShardDirectory: Sendable {
  package let path: String
  package let fileSystem: any FileSystem

  package init(_ fileSystem: any FileSystem, path: String) {
    self.fileSystem = fileSystem
    self.path = path
  }

  package var manifestPath: String { path + "/manifest" }
  package var logPath: String { path + "/log" }

  /// The store of a number, as a manifest names it.
  package func storePath(_ number: UInt64) -> String { path + "/store-\(number).mdb" }

  /// The directory of a generation's parts.
  package func generationPath(_ number: UInt64) -> String { path + "/generation-\(number)" }

  /// A generation's directory as a manifest's file paths begin.
  package static func generationName(_ number: UInt64) -> String { "generation-\(number)" }

  /// Reads the manifest.
  /// - Throws: `missing` when there is none, `damaged` or `newerFormat`.
  package func readManifest() throws(StorageError) -> Manifest {
    guard try fileSystem.kind(of: manifestPath) == .file else {
      throw .missing(file: manifestPath, what: "it says which files of the collection belong together")
    }
    return try Manifest(
      try fileSystem.readFile(manifestPath, byteCountMax: Manifest.byteCountMax), file: manifestPath)
  }

  /// Replaces the manifest; durable on return.
  package func writeManifest(_ manifest: Manifest) throws(StorageError) {
    try fileSystem.replaceFile(manifestPath, with: manifest.encoded().span)
  }

  /// Makes the directory of a generation, durably.
  package func createGeneration(_ number: UInt64) throws(StorageError) {
    try fileSystem.createDirectory(generationPath(number))
    try fileSystem.syncDirectory(path)
  }

  /// Removes what no manifest names any more: other stores, other generations' files, unfinished files.
  ///
  /// - Parameter keeping: more paths below this directory to keep, as parts that are being written.
  package func removeUnnamed(by manifest: Manifest, keeping: Set<String> = []) throws(StorageError) {
    // A manifest that was renamed by a process that ended then is not durable yet, and the one before it needs files
    // that are removed here.
    try fileSystem.syncDirectory(path)
    let store = "store-\(manifest.storeNumber).mdb"
    let kept = Set(manifest.generations.flatMap { $0.files.map(\.path) }).union(keeping)
    for name in try fileSystem.list(path) {
      let file = path + "/" + name
      if name == "manifest" || name == "log" || name == store || name == store + "-lock"
        || kept.contains(name)
      {
        continue
      }
      if name.hasPrefix("generation-"), try fileSystem.kind(of: file) == .directory {
        try removeUnnamed(inGeneration: name, kept)
      } else if name.hasPrefix("store-") || name.hasSuffix(".tmp") {
        try fileSystem.removeTree(file)
      }
    }
  }

  private func removeUnnamed(inGeneration name: String, _ kept: Set<String>) throws(StorageError) {
    let directory = path + "/" + name
    var keptCount = 0
    for part in try fileSystem.list(directory) {
      if kept.contains(name + "/" + part) {
        keptCount += 1
      } else {
        try fileSystem.removeTree(directory + "/" + part)
      }
    }
    if keptCount == 0, !kept.contains(name) { try fileSystem.removeDirectory(directory) }
  }
}
