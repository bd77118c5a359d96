import Logging
import Synchronization
import VectorModel
import VectorStorage

/// The writing anew of a collection's store, as its writer knows it.
struct CompactionState {
  /// Whether a thread writes the new store. Commits wait for it where they can, since it has none that come later.
  var isRunning = false
  /// A commit could not wait: the new store will not be used.
  var isStale = false
  /// When the free pages are counted again.
  var notBefore = ContinuousClock.now
  /// New stores in succession that could not be used.
  var staleCount = 0
}

extension CollectionWriter {
  /// Begins to write the store anew, on another thread, where the policy says so. No commit runs then: one that
  /// begins meanwhile makes the new store stale.
  func beginCompactionIfDue() {
    let policy = configuration.compaction
    guard commit == nil, !compaction.isRunning, !build.isRunning, failure == nil, !hasUnsynced, pins.isEmpty,
      ContinuousClock.now >= compaction.notBefore
    else { return }
    compaction.notBefore = .now.advanced(by: .milliseconds(policy.intervalMilliseconds))
    do throws(StorageError) {
      let space = try store.space()
      guard policy.isDue(byteCount: space.byteCount, liveByteCount: space.liveByteCount) else { return }
      let free = try shard.fileSystem.freeByteCount(at: shard.path)
      guard free > 2 * space.liveByteCount else { return }
    } catch {
      return logger.error(
        "counting a store's free pages failed", metadata: ["collection": "\(id)", "error": "\(error)"])
    }
    let (store, destination) = (store, shard.storePath(manifest.storeNumber + 1))
    let submitOutcome = submitCompaction
    let isAccepted = environment.builders.submit {
      submitOutcome(Result { () throws(StorageError) in try store.compact(to: destination) })
    }
    compaction.isRunning = isAccepted
    compaction.isStale = false
  }

  /// Puts the new store in the place of the old one, which goes when its last reader does.
  func install(_ outcome: Result<Void, StorageError>) {
    compaction.isRunning = false
    let path = shard.storePath(manifest.storeNumber + 1)
    do throws(RequestError) {
      if case .failure(let error) = outcome { throw error.requestError }
      guard !compaction.isStale, failure == nil else {
        compaction.staleCount += 1
        // Whoever writes so much uses the free pages again anyway.
        compaction.notBefore = .now.advanced(by: .seconds(60 << min(compaction.staleCount, 6)))
        return removeStore(path)
      }
      try exchangeStore(for: path)
      compaction.staleCount = 0
    } catch {
      compaction.notBefore = .now.advanced(by: .seconds(600))
      logger.error(
        "compaction of the store failed", metadata: ["collection": "\(id)", "error": "\(error.message)"])
      if failure == nil { removeStore(path) }
    }
  }

  private func exchangeStore(for path: String) throws(RequestError) {
    let old = store
    let before = try StorageError.mapped { () throws(StorageError) in try old.space().byteCount }
    let new = try StorageError.mapped { () throws(StorageError) in
      try PointStore.open(
        shard.fileSystem, path: path, collection: id, options: configuration.storeOptions)
    }
    let (meta, oldMeta) = try StorageError.mapped { () throws(StorageError) in
      (try StoredMeta(new), try StoredMeta(old))
    }
    guard meta.sequence == oldMeta.sequence, meta.pointCount == oldMeta.pointCount,
      meta.digest == oldMeta.digest
    else { throw .internalError("\(path) is not what \(old.path) is") }
    var next = manifest
    next.storeNumber += 1
    try replaceManifest(next)
    store = new
    storeDurableSequence = meta.sequence
    published.store(View(state: published.load().state, store: new, published: published))
    removeStore(old.path)
    let after = try StorageError.mapped { () throws(StorageError) in try new.space().byteCount }
    environment.counters.noteCompaction(bytesBefore: before, bytesAfter: after)
    logger.info(
      "store compacted",
      metadata: ["collection": "\(id)", "bytes before": "\(before)", "bytes after": "\(after)"])
  }

  /// Takes a store's names away; who has it open goes on reading it.
  private func removeStore(_ path: String) {
    do throws(StorageError) { try PointStore.removeFiles(shard.fileSystem, path: path) } catch {
      logger.error(
        "a store that is not needed stays", metadata: ["collection": "\(id)", "error": "\(error)"])
    }
  }
}
