import VectorModel
import VectorStorage

/// The fold of a catalogue's log, and all collections that the log speaks of.
struct CatalogueHistory {
  private(set) var state = CatalogueState()
  private var mentioned: Set<UUID128> = []

  mutating func apply(_ change: CatalogueState.Change) {
    state.apply(change)
    switch change {
    case .create(let id, _), .rename(let id, _), .delete(let id): mentioned.insert(id)
    case .reset(let collections, _): mentioned.formUnion(collections.values)
    case .setAliases: break
    }
  }

  /// Compares the history with the directories that it named once: a log that was cut short looks like one that was
  /// never longer, and what it does not name would be taken for garbage.
  /// - Throws: `damaged` where a collection is there that was named, and that the log does not speak of.
  func requireComplete(_ directory: DataDirectory) throws(StorageError) {
    for id in try directory.collections()
    where !mentioned.contains(id) && state.name(of: id) == nil {
      guard try directory.wasNamed(id) else { continue }
      throw .damaged(
        file: directory.cataloguePath, offset: nil,
        what:
          "it says nothing of \(directory.collectionsPath)/\(DataDirectory.directoryName(of: id)), which it "
          + "named once: put the catalogue back from a copy, or move that directory away to give it up")
    }
  }

  /// Notes in the directories of all collections that have a name that they have.
  func noteNames(_ directory: DataDirectory) {
    // Where it fails, a later start does it.
    for id in state.collections.values { try? directory.noteNamed(id) }
  }
}
