import Logging
import Synchronization
import VectorModel
import VectorStorage

/// Reads everything now and then, at low priority, since much damage shows only where somebody reads.
///
/// A damaged part is put aside, and its collection is opened anew: then it is rebuilt from the store. Damage in
/// a store or log shows in the collection's status, in the log and in the metrics; only a restore mends it.
final class Scrubber: Sendable {
  private static let tickMilliseconds = 60_000
  /// The first time is this long after the start.
  private static let firstHours = 1

  private struct State {
    var next: ContinuousClock.Instant
    var defects: [Defect] = []
  }

  private let service: SnapshotService
  private let state: Mutex<State>
  private let ticker = Mutex<Ticker?>(nil)
  private let cancellation = Cancellation()

  init(_ service: SnapshotService) {
    self.service = service
    state = Mutex(State(next: .now.advanced(by: .seconds(3600 * Self.firstHours))))
    let hours = service.environment.configuration.scrubHours
    let ticker = Ticker(milliseconds: Self.tickMilliseconds) { [weak self] in
      guard let self else { return }
      self.service.checkAwaitedIndexes()
      guard hours > 0 else { return }
      let isDue = self.state.withLock { state in
        guard .now >= state.next else { return false }
        state.next = .now.advanced(by: .seconds(3600 * hours))
        return true
      }
      if isDue { run() }
    }
    self.ticker.withLock { $0 = ticker }
  }

  /// Ends a run that goes on, and waits for it.
  func stop() {
    cancellation.cancel()
    ticker.withLock { $0 }?.stop()
  }

  /// What the last run found.
  var defects: [Defect] { state.withLock { $0.defects } }

  /// Reads catalogue, collections and snapshots once, on this thread.
  func run() {
    var defects = service.catalogue.defects()
    for (name, id) in service.catalogue.current.collections.sorted(by: { $0.key < $1.key })
    where !cancellation.isCancelled {
      do throws(RequestError) { defects += try scrub(name, id) } catch {
        // One that is deleted meanwhile has nothing that could be damaged.
        guard !cancellation.isCancelled, service.catalogue.current.collections[name] == id else { continue }
        defects.append(.lost(name, error.reason))
      }
    }
    defects += service.library.defects { [cancellation] in !cancellation.isCancelled }
    for defect in defects { log(defect) }
    state.withLock { $0.defects = defects }
    service.environment.counters.noteScrub(
      defects, endMilliseconds: cancellation.isCancelled ? nil : currentMilliseconds())
  }

  private func log(_ defect: Defect) {
    service.environment.logger.log(
      level: defect.kind == .damage ? .error : .warning, "scrub found damage",
      metadata: [
        "kind": "\(defect.kind.rawValue)", "collection": "\(defect.collection ?? "")",
        "what": "\(defect.what)", "advice": "\(defect.advice)",
      ])
  }

  private func scrub(_ name: String, _ id: UUID128) throws(RequestError) -> [Defect] {
    let shard = service.directory.shard(of: id)
    let cancellation = cancellation
    let check = CollectionCheck(
      id: id, name: name, shard: shard, configuration: service.environment.configuration,
      proceed: { !cancellation.isCancelled })
    let (defects, hasDamagedParts) = try service.withPinned(id) { (collection, pin) throws(RequestError) in
      let manifest = try StorageError.mapped { () throws(StorageError) in try shard.readManifest() }
      var parts = check
      parts.checkParts(manifest)
      // Parts that were replaced meanwhile may be gone; the new ones are for the next run.
      let later = try StorageError.mapped { () throws(StorageError) in try shard.readManifest() }
      let hasDamagedParts = !parts.defects.isEmpty && later.generations == manifest.generations
      if hasDamagedParts { try putAside(manifest, shard) }
      var lasting = check
      try lasting.checkStore(pin.store)
      lasting.checkLog(pin.log)
      if !cancellation.isCancelled { collection.damage.replace(with: lasting.defects.first?.what) }
      return ((hasDamagedParts ? parts.defects : []) + lasting.defects, hasDamagedParts)
    }
    if hasDamagedParts { let _: Void = try service.waiting { service.collections.reopen(id, $0) } }
    return defects
  }

  /// Takes the names of the damaged parts away, so that the next opening does not use them.
  private func putAside(_ manifest: Manifest, _ shard: ShardDirectory) throws(RequestError) {
    for part in manifest.generations.flatMap(\.files) {
      let path = shard.path + "/" + part.path
      if (try? SectionFile(shard.fileSystem, path: path, verify: .all)) != nil { continue }
      try StorageError.mapped { () throws(StorageError) in
        if try shard.fileSystem.kind(of: path) != nil {
          try shard.fileSystem.rename(path, to: path + ".damaged")
        }
      }
    }
  }
}
