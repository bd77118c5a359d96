import Logging
import VectorIndex
import VectorModel
import VectorStorage

extension SnapshotService {
  /// Makes a collection of a snapshot, under the given name, in the place of one that has it.
  func recover(_ recovery: SnapshotRecovery) throws(RequestError) {
    try CatalogueState.checkName(recovery.collection, "collection")
    let file = try file(of: recovery.source, key: recovery.apiKey)
    if let expected = recovery.checksum { try check(file.path, expected) }
    let parts = try scan(file.path, isForeign: recovery.source.isForeign)
    guard parts.isStorage || parts.origins.count == 1, let first = parts.origins.first else {
      throw .badRequest("the snapshot holds no collection")
    }
    let origin = parts.isStorage ? parts.origins.first { $0.name == recovery.collection } : first
    guard let origin else {
      throw .badRequest("the snapshot of the storage holds no collection `\(recovery.collection)`")
    }
    let id = try restore(file.path, origin, isStorage: parts.isStorage, until: recovery.until)
    try swap([recovery.collection: id], aliases: nil)
    withExtendedLifetime(file) {}
  }

  /// Makes every collection of a snapshot of the whole storage, and then moves all names and aliases at once;
  /// collections that are not in it stay.
  func recoverStorage(_ recovery: StorageRecovery) throws(RequestError) {
    let file = try file(of: recovery.source, key: recovery.apiKey)
    let path = file.path
    if let expected = recovery.checksum { try check(path, expected) }
    let parts = try scan(path, isForeign: recovery.source.isForeign)
    guard parts.isStorage else { throw .badRequest("the snapshot is not of the whole storage") }
    try checkNames(parts)
    var ids: [String: UUID128] = [:]
    do throws(RequestError) {
      for origin in parts.origins {
        ids[origin.name] = try restore(path, origin, isStorage: true, until: nil)
      }
    } catch {
      for id in ids.values { try? collections.removeFiles(of: id) }
      throw error
    }
    try swap(ids, aliases: parts.aliases)
    withExtendedLifetime(file) {}
  }

  private func check(_ path: String, _ expected: String) throws(RequestError) {
    let found = try FileHash(path, environment.fileSystem).digits
    guard found == expected.lowercased() else {
      throw .badRequest("Snapshot checksum mismatch: expected \(expected.prefix(64)), got \(found)")
    }
  }

  // MARK: What the file holds

  private struct Parts {
    var origins: [SnapshotOrigin] = []
    /// The collection's name of each alias.
    var aliases: [String: String] = [:]
    var isStorage = false
  }

  /// Reads the file whole: all checksums are compared before anything is made of it.
  /// - Parameter isForeign: the file is the client's, and so is its damage.
  private func scan(_ path: String, isForeign: Bool) throws(RequestError) -> Parts {
    func reading<T>(_ body: () throws(StorageError) -> T) throws(RequestError) -> T {
      do { return try body() } catch {
        guard isForeign, case .damaged(_, let offset, let what) = error else { throw error.requestError }
        let place = offset.map { " at offset \($0)" } ?? ""
        throw .badRequest("the snapshot cannot be restored, it is damaged\(place): \(what)")
      }
    }
    var parts = Parts()
    let reader = try reading { () throws(StorageError) in
      try SnapshotFileReader(environment.fileSystem, path: path)
    }
    var order = SnapshotOrder()
    while let item = try reading({ () throws(StorageError) in try reader.next() }) {
      try order.follow(item.section)
      if item.section == .collection {
        parts.origins.append(
          try reader.decoding("the collection") { () throws(RequestError) in
            try SnapshotOrigin(decoding: item.bytes)
          })
      } else if item.section == .aliases {
        parts.isStorage = true
        parts.aliases = try reader.decoding("the aliases") { () throws(RequestError) in
          var bytes = ByteReader(item.bytes)
          var aliases: [String: String] = [:]
          for _ in 0..<(try bytes.count(bytesEach: 2)) {
            let alias = try bytes.text()
            aliases[alias] = try bytes.text()
          }
          return aliases
        }
      }
    }
    try order.finish()
    return parts
  }

  /// Holds the names that a snapshot brings to the rules for those that clients give.
  private func checkNames(_ parts: Parts) throws(RequestError) {
    var names: Set<String> = []
    for origin in parts.origins {
      try CatalogueState.checkName(origin.name, "collection")
      guard names.insert(origin.name).inserted else {
        throw .badRequest("the snapshot holds the collection `\(origin.name)` twice")
      }
    }
    for (alias, name) in parts.aliases {
      try CatalogueState.checkName(alias, "alias")
      guard names.contains(name), !names.contains(alias) else {
        throw .badRequest("the snapshot has the alias `\(alias)` of `\(name)`, which cannot be")
      }
    }
  }

  // MARK: Restoring and moving the names

  /// Makes the files of a new collection.
  private func restore(
    _ path: String, _ origin: SnapshotOrigin, isStorage: Bool, until: SnapshotRecovery.Until?
  ) throws(RequestError) -> UUID128 {
    let id = UUID128.random()
    // Bases may have been put there since the last look, or since the start.
    if origin.base != nil { try library.refresh() }
    var chain = try library.chain(origin.base?.name).map { CollectionRestore.Part(path: $0) }
    chain.append(CollectionRestore.Part(path: path, collectionName: isStorage ? origin.name : nil))
    do throws(RequestError) {
      let shard = try StorageError.mapped { () throws(StorageError) in try directory.createCollection(id) }
      let outcome = try scratches.lend { (scratch) throws(RequestError) in
        var restore = CollectionRestore(
          id: id, shard: shard, environment: environment, scratch: scratch, cancellation: cancellation)
        restore.until = until
        let isAlive = catalogue.current.collections.values.contains(origin.collection)
        guard until != nil, isAlive else { return try restore.run(chain) }
        return try withPinned(origin.collection) { (_, pin) throws(RequestError) in
          restore.laterLog = (pin, origin.collection)
          return try restore.run(chain)
        }
      }
      awaitedIndexes.withLock { $0[id] = outcome.canaries }
      environment.logger.info(
        "snapshot restored",
        metadata: [
          "collection": "\(id)", "points": "\(outcome.pointCount)", "sequence": "\(outcome.sequence)",
        ])
    } catch {
      try? collections.removeFiles(of: id)
      throw error
    }
    return id
  }

  /// Gives the names to the new collections in one change; the old ones go.
  private func swap(
    _ ids: [String: UUID128], aliases: [String: String]?
  ) throws(RequestError) {
    var old: [UUID128] = []
    do throws(RequestError) { try change(ids, aliases, &old) } catch {
      guard catalogue.isUncertain else {
        for id in ids.values { try? collections.removeFiles(of: id) }
        throw error
      }
      // After a restart the new collection may have the name: the old one must not acknowledge what would go.
      for id in old {
        collections.acquire(id) { [self] result in
          guard case .success(let collection) = result else { return }
          collection.submit(.refuse(error))
          collections.release(collection)
        }
      }
      throw error
    }
    for id in old {
      let logger = environment.logger
      collections.remove(id) { result in
        if case .failure(let error) = result {
          logger.error("a replaced collection's files stay", metadata: ["error": "\(error.message)"])
        }
      }
    }
  }

  /// Says how many of the canaries' points the indexes find, once they are built.
  func checkAwaitedIndexes() {
    for (id, canaries) in awaitedIndexes.withLock({ $0 }) {
      guard catalogue.current.name(of: id) != nil, !canaries.isEmpty else {
        awaitedIndexes.withLock { $0[id] = nil }
        continue
      }
      guard let recall = try? recall(of: canaries, in: id) else { continue }
      awaitedIndexes.withLock { $0[id] = nil }
      canaryRecalls.withLock { $0[id] = recall }
      environment.logger.info(
        "restored indexes are built", metadata: ["collection": "\(id)", "canary recall": "\(recall)"])
    }
  }

  /// - Returns: nil while the collection's indexes are being built.
  func recall(of canaries: [Canary], in id: UUID128) throws(RequestError) -> Double? {
    let collection: Collection = try waiting { collections.acquire(id, $0) }
    defer { collections.release(collection) }
    if collection.buildStatus.isBuilding { return nil }
    let view = collection.view
    return try scratches.lend { (scratch) throws(RequestError) in
      var sum = 0.0
      for canary in canaries { sum += try canary.recall(view, scratch) }
      return sum / Double(canaries.count)
    }
  }

  /// - Parameter old: becomes the collections that lose their names.
  private func change(
    _ ids: [String: UUID128], _ aliases: [String: String]?, _ old: inout [UUID128]
  ) throws(RequestError) {
    try catalogue.change(at: currentMilliseconds()) { state throws(RequestError) in
      var names = state.collections
      var moved: [UUID128: UUID128] = [:]
      for (name, id) in ids {
        guard state.aliases[name] == nil else {
          throw .badRequest("`\(name)` is an alias; restore under the collection's own name")
        }
        if let previous = names.updateValue(id, forKey: name) { moved[previous] = id }
      }
      guard names.count <= environment.configuration.collectionsMax else {
        throw .badRequest("collection \(names.count), limit \(environment.configuration.collectionsMax)")
      }
      old = Array(moved.keys)
      var newAliases = state.aliases.mapValues { moved[$0] ?? $0 }
      for (alias, name) in aliases ?? [:] where names[alias] == nil { newAliases[alias] = names[name] }
      if ids.count == 1, aliases == nil, let (name, id) = ids.first { return .rename(id, name: name) }
      return .reset(collections: names, aliases: newAliases)
    }
  }
}

extension SnapshotRecovery.Source {
  /// Whether the snapshot comes from the client, or from where the client says.
  fileprivate var isForeign: Bool {
    switch self {
    case .upload: true
    case .location(let location): location.contains("://") && !location.hasPrefix("file://")
    }
  }
}
