import VectorModel
import VectorStorage

/// The store and the log of a collection that is being restored.
struct RestoredFiles {
  private static let batchPointsMax = 1000
  private static let batchBytesMax = 4 << 20
  private static let unsyncedBytesMax = 16 << 20
  /// A disk is left this much.
  private static let freeBytesMin: UInt64 = 64 << 20

  let id: UUID128
  let shard: ShardDirectory
  let environment: EngineEnvironment
  /// The collection that the snapshot is of.
  let source: UUID128
  let manifest: Manifest
  /// The last operation in store and log.
  private(set) var sequence: UInt64
  private var nextNumber: UInt64
  private var points: [SnapshotPoint] = []
  private var pointBytes = 0
  private var log: SegmentedLog?
  private var store: PointStore?
  private var unsyncedBytes = 0
  private var hasReachedLimit = false
  private var contents: SnapshotContents

  /// - Parameter previous: the restored base, whose points are kept.
  init(
    _ id: UUID128, _ shard: ShardDirectory, _ environment: EngineEnvironment, _ origin: SnapshotOrigin,
    _ previous: RestoredFiles?
  ) throws(RequestError) {
    self.id = id
    self.shard = shard
    self.environment = environment
    source = origin.collection
    manifest = Manifest(collection: id, epoch: origin.epoch + 1, storeNumber: 1)
    sequence = origin.startSequence
    contents = SnapshotContents(try CollectionConfiguration(document: origin.configuration))
    do throws(StorageError) {
      let path = shard.storePath(manifest.storeNumber)
      if previous == nil {
        nextNumber = 1
        store = try .create(
          shard.fileSystem, path: path, collection: id, options: environment.configuration.storeOptions)
      } else {
        let store = try PointStore.open(
          shard.fileSystem, path: path, collection: id, options: environment.configuration.storeOptions)
        nextNumber = try StoredMeta(store).nextNumber
        self.store = store
        for name in try shard.fileSystem.list(shard.logPath) {
          try shard.fileSystem.unlink(shard.logPath + "/" + name)
        }
      }
      log = try .create(
        shard.fileSystem, directory: shard.logPath,
        identity: LogIdentity(collection: id, epoch: manifest.epoch),
        firstSequence: origin.startSequence + 1, options: environment.configuration.logOptions)
    } catch {
      throw error.requestError
    }
  }

  /// Takes one item of the collection.
  mutating func take(
    _ item: SnapshotFileReader.Item, _ reader: SnapshotFileReader, until: SnapshotRecovery.Until?
  ) throws(RequestError) {
    switch item.section {
    case .points:
      let point = try reader.decoding("a point") { () throws(RequestError) in
        try SnapshotPoint(decoding: item.bytes)
      }
      try contents.check(point)
      points.append(point)
      pointBytes += item.bytes.count
      if points.count >= Self.batchPointsMax || pointBytes >= Self.batchBytesMax { try commitPoints() }
    case .removals:
      try commitPoints()
      let ids = try reader.decoding("the removals") { () throws(RequestError) in
        var bytes = ByteReader(item.bytes)
        return try bytes.ascendingIDs()
      }
      try remove(ids)
    case .operations:
      let (record, effect) = try reader.decoding("an operation") { () throws(RequestError) in
        let record = try LogRecord(snapshotItem: item.bytes)
        return (record, try Record(decoding: record.body).effect)
      }
      try contents.check(effect)
      if until.map({ !$0.includes(record) }) ?? false { hasReachedLimit = true }
      if !hasReachedLimit { try append(record) }
    case .collection, .summary, .aliases, .end: break
    }
  }

  private mutating func commitPoints() throws(RequestError) {
    guard let store, !points.isEmpty else { return }
    // A point that was put anew while the snapshot was read stands twice: the later one counts.
    var last: [PointID: Int] = [:]
    for (index, point) in points.enumerated() { last[point.id] = index }
    var batch = StoreBatch()
    do throws(StorageError) {
      let ids = points.map(\.id)
      let numbers = try store.read { (reader) throws(StorageError) in
        var numbers: [UInt64?] = []
        for id in ids { numbers.append(try reader.number(for: id)) }
        return numbers
      }
      for (index, point) in points.enumerated() where last[point.id] == index {
        if let number = numbers[index] { batch.remove(number: number, id: point.id) }
        batch.put(
          number: nextNumber, id: point.id, version: point.version, payload: point.payload.span,
          vectors: point.vectors.span)
        nextNumber += 1
      }
      try store.commit(batch)
    } catch {
      throw error.requestError
    }
    points = []
    pointBytes = 0
    try checkSpace()
  }

  private func remove(_ ids: [PointID]) throws(RequestError) {
    guard let store else { return }
    var rest = ids[...]
    while !rest.isEmpty {
      let some = Array(rest.prefix(Self.batchPointsMax))
      rest = rest.dropFirst(some.count)
      try StorageError.mapped { () throws(StorageError) in
        let batch = try store.read { (reader) throws(StorageError) in
          var batch = StoreBatch()
          for id in some {
            if let number = try reader.number(for: id) { batch.remove(number: number, id: id) }
          }
          return batch
        }
        if !batch.isEmpty { try store.commit(batch) }
      }
    }
  }

  private mutating func append(_ record: LogRecord) throws(RequestError) {
    guard let log else { return }
    guard record.sequence == sequence + 1 else {
      throw .internalError(
        "the snapshot has operation \(record.sequence) where \(sequence + 1) is expected")
    }
    try StorageError.mapped { () throws(StorageError) in
      _ = try log.append(
        record.body.span, expecting: sequence, epoch: manifest.epoch,
        timeMilliseconds: record.timeMilliseconds)
    }
    sequence = record.sequence
    unsyncedBytes += record.body.count
    guard unsyncedBytes >= Self.unsyncedBytesMax else { return }
    unsyncedBytes = 0
    try StorageError.mapped { () throws(StorageError) in _ = try log.sync() }
    try checkSpace()
  }

  /// Bounds a restore by the disk, whatever the file says of its sizes.
  private func checkSpace() throws(RequestError) {
    let free = try StorageError.mapped { () throws(StorageError) in
      try shard.fileSystem.freeByteCount(at: shard.path)
    }
    guard free >= Self.freeBytesMin else {
      throw RequestError(
        .insufficientStorage, "Insufficient storage: \(free) bytes are left at \(shard.path)")
    }
  }

  /// Makes what was taken a whole: the store's own values, everything durable, and the manifest.
  mutating func finish(_ origin: SnapshotOrigin, _ summary: SnapshotSummary) throws(RequestError) {
    try contents.check(origin, summary)
    try commitPoints()
    guard let store, let log else { return }
    let configuration = try CollectionConfiguration(document: origin.configuration)
    let contents = try StoreContents(store, configuration)
    var batch = StoreBatch()
    batch.setMeta(StoreMeta.sequence, Self.bytes(origin.startSequence).span)
    batch.setMeta(StoreMeta.nextNumber, Self.bytes(nextNumber).span)
    batch.setMeta(StoreMeta.configuration, origin.configuration.span)
    batch.setMeta(StoreMeta.producers, origin.producers.span)
    batch.setMeta(StoreMeta.pointCount, Self.bytes(contents.pointCount).span)
    batch.setMeta(StoreMeta.digest, StateDigest(contents.digest).encoded.span)
    batch.setMeta(StoreMeta.overlapThrough, Self.bytes(summary.settledSequence).span)
    try StorageError.mapped { () throws(StorageError) in
      try store.commit(batch)
      try store.sync()
      try store.close()
      try log.close()
      try shard.writeManifest(manifest)
    }
    self.store = nil
    self.log = nil
  }

  private static func bytes(_ value: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.fixed64(value)
    return writer.bytes
  }

  /// The state that store and log give, as a start would find it.
  func open(_ environment: EngineEnvironment) throws(RequestError) -> CollectionState {
    let damage = DamageNote(id: id, logger: environment.logger)
    let recovery = try CollectionRecovery(shard, id: id, environment: environment, damage: damage)
    try StorageError.mapped { () throws(StorageError) in
      try recovery.log.close()
      try recovery.store.close()
    }
    if let what = damage.what { throw .internalError(what) }
    return recovery.state
  }

  /// Lends a view of `state`.
  func withView(
    of state: CollectionState, _ body: (View) throws(RequestError) -> Void
  ) throws(RequestError) {
    let store = try openStore()
    let outcome = Result { () throws(RequestError) in
      try body(View(state: state, store: store, published: nil))
    }
    try StorageError.mapped { () throws(StorageError) in try store.close() }
    try outcome.get()
  }

  private func openStore() throws(RequestError) -> PointStore {
    try StorageError.mapped { () throws(StorageError) in
      try PointStore.open(
        shard.fileSystem, path: shard.storePath(manifest.storeNumber), collection: id,
        options: environment.configuration.storeOptions)
    }
  }

  /// Hands everything that the log has given to the store, durably.
  func settle(_ state: CollectionState) throws(RequestError) {
    let store = try openStore()
    try StorageError.mapped { () throws(StorageError) in
      try store.commit(state, removalsMax: environment.configuration.commitRemovalsMax)
      try store.sync()
      try store.close()
    }
  }

  /// Adds the operations of another log behind the last one, and returns how many.
  func append(_ later: any OperationLog, until: SnapshotRecovery.Until) throws(RequestError) -> Int {
    var count = 0
    do throws(StorageError) {
      let log = try SegmentedLog.open(
        shard.fileSystem, directory: shard.logPath,
        identity: LogIdentity(collection: id, epoch: manifest.epoch),
        options: environment.configuration.logOptions)
      let reader = try later.records(after: sequence)
      while let record = try reader.next(), until.includes(record) {
        _ = try log.append(
          record.body.span, expecting: record.sequence - 1, epoch: manifest.epoch,
          timeMilliseconds: record.timeMilliseconds)
        count += 1
        if count % 256 == 0 { _ = try log.sync() }
      }
      try log.close()
    } catch {
      throw error.requestError
    }
    return count
  }
}

extension SnapshotRecovery.Until {
  /// Whether an operation is to be restored.
  func includes(_ record: LogRecord) -> Bool {
    switch self {
    case .sequence(let last): record.sequence <= last
    case .milliseconds(let last): record.timeMilliseconds <= last
    }
  }
}
