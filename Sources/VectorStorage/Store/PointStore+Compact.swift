extension PointStore {
  /// Writes the state after the last commit, without free space, as another store; durable on return.
  ///
  /// Commits that happen meanwhile are not in it. The caller names the new store in the manifest, then closes
  /// and removes this one.
  package func compact(to destination: String) throws(StorageError) {
    let temporary = destination + ".tmp"
    try Self.removeFiles(fileSystem, path: destination)
    try Self.removeFiles(fileSystem, path: temporary)
    do throws(StorageError) {
      try copyCompacted(to: temporary)
      let file = try fileSystem.open(temporary, .readWrite)
      try file.sync()
      try file.close()
      try fileSystem.rename(temporary, to: destination)
      try fileSystem.syncDirectory(Path.parent(of: destination))
    } catch {
      try? Self.removeFiles(fileSystem, path: temporary)
      throw error
    }
  }
}
