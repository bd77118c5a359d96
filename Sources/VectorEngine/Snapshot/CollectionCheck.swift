import VectorModel
import VectorStorage

/// Reads one collection's files whole. The collection is closed, or what is read is not changed meanwhile.
struct CollectionCheck {
  let id: UUID128
  let name: String
  let shard: ShardDirectory
  let configuration: EngineConfiguration
  let proceed: () -> Bool
  private(set) var defects: [Defect] = []
  private(set) var pointCount: UInt64 = 0
  private(set) var byteCount: UInt64 = 0
  /// The first and the last operation of the log, where it was read and has some.
  private(set) var logRange: ClosedRange<UInt64>?

  init(
    id: UUID128, name: String, shard: ShardDirectory, configuration: EngineConfiguration,
    proceed: @escaping () -> Bool = { true }
  ) {
    self.id = id
    self.name = name
    self.shard = shard
    self.configuration = configuration
    self.proceed = proceed
  }

  /// Checks manifest, store, log and parts of a collection that nobody has open.
  mutating func run() {
    do throws(RequestError) {
      let manifest = try StorageError.mapped { () throws(StorageError) in try shard.readManifest() }
      guard manifest.collection == id else {
        return defects.append(
          .lost(name, "\(shard.manifestPath) belongs to the collection \(manifest.collection)"))
      }
      checkParts(manifest)
      // LMDB trusts its pages, and a damaged one could end this process: so they are read without it first.
      let inspection = try StorageError.mapped { () throws(StorageError) in
        try StoreInspection.run(shard.fileSystem, path: shard.storePath(manifest.storeNumber))
      }
      guard inspection.defectCount == 0 else {
        add(inspection, shard.storePath(manifest.storeNumber))
        return try checkLog(manifest, storeSequence: 0)
      }
      let store = try StorageError.mapped { () throws(StorageError) in
        try PointStore.open(
          shard.fileSystem, path: shard.storePath(manifest.storeNumber), collection: id,
          options: configuration.storeOptions)
      }
      try checkStore(store)
      let meta = try StorageError.mapped { () throws(StorageError) in try StoredMeta(store) }
      try checkLog(manifest, storeSequence: meta.sequence)
      try StorageError.mapped { () throws(StorageError) in try store.close() }
    } catch {
      defects.append(.lost(name, error.reason))
    }
  }

  /// Reads every value of the store, and compares count and digest with what the last commit noted.
  mutating func checkStore(_ store: PointStore) throws(RequestError) {
    let report = try StorageError.mapped { () throws(StorageError) in
      try store.verify(proceed: proceed)
    }
    pointCount = report.pointCount
    byteCount += report.byteCount
    add(report, store.path)
    guard report.defectCount == 0, proceed() else { return }
    let meta = try StorageError.mapped { () throws(StorageError) in try StoredMeta(store) }
    let contents = try StoreContents(
      store, try CollectionConfiguration(document: meta.configuration), proceed: proceed)
    // A commit in between changes both, and so does one that is carried out in parts.
    let after = try StorageError.mapped { () throws(StorageError) in try StoredMeta(store) }
    guard after.sequence == meta.sequence, !after.isPartial, proceed() else { return }
    if contents.pointCount != meta.pointCount {
      defects.append(
        .lost(name, "\(store.path) holds \(contents.pointCount) points, \(meta.pointCount) were committed"))
    }
    if let digest = meta.digest.content, digest != contents.digest {
      defects.append(
        .lost(name, "\(store.path) has the digest \(contents.digest), \(digest) was committed"))
    }
  }

  private mutating func add(_ report: StoreReport, _ path: String) {
    for defect in report.defects { defects.append(.lost(name, defect.description)) }
    if report.defectCount > UInt64(report.defects.count) {
      defects.append(.lost(name, "\(path): \(report.defectCount) defects in all"))
    }
  }

  private mutating func checkLog(_ manifest: Manifest, storeSequence: UInt64) throws(RequestError) {
    let log = try StorageError.mapped { () throws(StorageError) in
      try LogCheck(
        shard.fileSystem, directory: shard.logPath,
        identity: LogIdentity(collection: id, epoch: manifest.epoch), requiredSequence: storeSequence)
    }
    if log.firstSequence <= log.lastSequence { logRange = log.firstSequence...log.lastSequence }
    if storeSequence > 0, log.firstSequence > storeSequence + 1 {
      defects.append(
        .lost(
          name,
          "\(shard.logPath) begins at operation \(log.firstSequence), the store ends at \(storeSequence)"))
    }
    while let record = try StorageError.mapped({ () throws(StorageError) in try log.next() }), proceed() {
      byteCount += UInt64(record.body.count)
      do throws(RequestError) { _ = try Record(decoding: record.body) } catch {
        defects.append(.lost(name, "\(shard.logPath): operation \(record.sequence): \(error.message)"))
      }
    }
  }

  /// Reads the durable operations of a log that is open.
  mutating func checkLog(_ log: any OperationLog) {
    let first = log.firstSequence
    do throws(StorageError) {
      let reader = try log.records(after: first - 1)
      while let record = try reader.next(), proceed() { byteCount += UInt64(record.body.count) }
    } catch {
      // What was given back meanwhile cannot be read any more, and need not be.
      if log.firstSequence == first { defects.append(.lost(name, error.description)) }
    }
  }

  /// Reads every part whole, the vectors too, which a start only maps.
  mutating func checkParts(_ manifest: Manifest) {
    for generation in manifest.generations {
      for part in generation.files {
        guard proceed() else { return }
        do throws(StorageError) {
          let file = try SectionFile(shard.fileSystem, path: shard.path + "/" + part.path, verify: .all)
          byteCount += UInt64(file.byteCount)
        } catch {
          defects.append(.rebuilt(name, error.description))
        }
      }
    }
    guard let last = manifest.generations.last, defects.isEmpty else { return }
    do throws(RequestError) { _ = try Generation(last, shard) } catch {
      defects.append(.rebuilt(name, error.reason))
    }
  }
}
