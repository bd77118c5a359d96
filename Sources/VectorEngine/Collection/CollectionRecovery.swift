import Logging
import VectorIndex
import VectorModel
import VectorStorage

/// What a collection is after a start: the generation's parts, then the store, then the log.
struct CollectionRecovery {
  let manifest: Manifest
  let log: SegmentedLog
  let store: PointStore
  private(set) var state: CollectionState
  /// Nothing is known of when the store was synced last, so the log behind it stays.
  let storeDurableSequence: UInt64
  /// The generation's files could not be used; all points stand in the delta.
  private(set) var needsRebuild = false

  /// - Parameters:
  ///   - damage: is told of payloads that are lost and that the log changes.
  ///   - directory: knows the stores that are to be inspected first; nil for one that was just written.
  /// - Throws: naming the file that is missing or damaged beyond its log's tail.
  init(
    _ shard: ShardDirectory, id: UUID128, environment: EngineEnvironment, damage: DamageNote,
    _ directory: DataDirectory? = nil
  ) throws(RequestError) {
    let meta: StoredMeta
    do throws(StorageError) {
      manifest = try shard.readManifest()
      guard manifest.collection == id else {
        throw .damaged(file: shard.manifestPath, offset: nil, what: "it belongs to \(manifest.collection)")
      }
      let path = shard.storePath(manifest.storeNumber)
      let isSuspect = directory?.suspectStorePaths.contains(path) ?? false
      store = try .open(
        shard.fileSystem, path: path, collection: id, options: environment.configuration.storeOptions,
        inspecting: isSuspect)
      if isSuspect { try directory?.clearSuspicion(ofStore: path) }
      meta = try StoredMeta(store)
      log = try .open(
        shard.fileSystem, directory: shard.logPath,
        identity: LogIdentity(collection: id, epoch: manifest.epoch),
        requiredSequence: max(meta.sequence, meta.partialThrough),
        options: environment.configuration.logOptions)
    } catch {
      throw error.requestError
    }
    storeDurableSequence = 0
    let configuration = try CollectionConfiguration(document: meta.configuration)
    var base: Generation?
    do throws(RequestError) {
      base = try manifest.generations.last.map { entry throws(RequestError) in try Generation(entry, shard) }
    } catch {
      needsRebuild = true
      environment.logger.warning(
        "the parts are rebuilt", metadata: ["collection": "\(id)", "error": "\(error.message)"])
    }
    if let base {
      state = try base.state(configuration)
      let touched = try Self.touched(log, base.coveredThrough, max(meta.sequence, meta.partialThrough))
      try Self.rebase(&state, on: touched, store)
      if !meta.isPartial, UInt64(state.points.aliveCount) != meta.pointCount {
        needsRebuild = true
        environment.logger.warning(
          "the parts are rebuilt: they and the store count different points",
          metadata: [
            "collection": "\(id)", "parts": "\(state.points.aliveCount)", "store": "\(meta.pointCount)",
          ])
        state = try Self.loaded(configuration, store, meta)
      }
    } else {
      state = try Self.loaded(configuration, store, meta)
    }
    state.sequence = meta.sequence
    state.nextNumber = meta.nextNumber
    state.digest = meta.digest
    if meta.isPartial { state.digest.forget() }
    state.overlapThrough = meta.overlapThrough
    state.producers = try ProducerTable(decoding: meta.producers)
    try replay(damage)
    try StorageError.mapped { () throws(StorageError) in try shard.removeUnnamed(by: manifest) }
  }

  /// The points that the log changed after the generation, up to what the store contains.
  private static func touched(
    _ log: SegmentedLog, _ first: UInt64, _ last: UInt64
  ) throws(RequestError) -> [PointID] {
    guard first < last else { return [] }
    var ids: Set<PointID> = []
    try forEachRecord(log, after: first) { record, entry in
      guard record.sequence <= last else { return false }
      ids.formUnion(entry.effect.ids)
      return true
    }
    return ids.sorted()
  }

  /// Puts what the store has for the given ids in the place of what the state has.
  private static func rebase(
    _ state: inout CollectionState, on ids: [PointID], _ store: PointStore
  ) throws(RequestError) {
    var index = 0
    // Many short reads instead of a long one, which would keep the store's old pages.
    while index < ids.count {
      let batch = ids[index..<min(index + 256, ids.count)]
      index += batch.count
      let points = try StorageError.mapped { () throws(StorageError) in
        try store.read { (reader) throws(StorageError) in
          var points: [LoadedPoint?] = []
          for id in batch { points.append(try LoadedPoint(id, reader)) }
          return points
        }
      }
      for (id, point) in zip(batch, points) {
        state.removeUnstored(id)
        if let point { try state.insertStored(point) }
      }
    }
  }

  /// A state of every point of the store.
  /// - Throws: where the store has lost some.
  private static func loaded(
    _ configuration: CollectionConfiguration, _ store: PointStore, _ meta: StoredMeta
  ) throws(RequestError) -> CollectionState {
    var state = try CollectionState(configuration: configuration)
    try load(&state, from: store)
    guard meta.isPartial || UInt64(state.points.aliveCount) == meta.pointCount else {
      throw StorageError.damaged(
        file: store.path, offset: nil,
        what: "it holds \(state.points.aliveCount) points, \(meta.pointCount) were committed"
      ).requestError
    }
    return state
  }

  /// Puts every point of the store into an empty state.
  private static func load(_ state: inout CollectionState, from store: PointStore) throws(RequestError) {
    var next: UInt64? = 0
    while let number = next {
      var points: [LoadedPoint] = []
      next = try StorageError.mapped { () throws(StorageError) in
        try store.read { (reader) throws(StorageError) in
          try reader.forEachPoint(from: number, countMax: 1024, byteCountMax: 16 << 20) {
            number, version, id, payload, vectors in
            points.append(
              LoadedPoint(number: number, version: version, id: id, payload: payload, vectors: vectors))
          }
        }
      }
      for point in points { try state.insertStored(point) }
    }
  }

  /// Applies the log's records above the store's.
  private mutating func replay(_ damage: DamageNote) throws(RequestError) {
    let source = ReplaySource(store: StoreSource(store: store), damage: damage)
    var touched: Set<PointID>?
    var failure: RequestError?
    try Self.forEachRecord(log, after: state.sequence) { entry, record in
      do throws(RequestError) {
        try state.apply(
          record, sequence: entry.sequence, milliseconds: entry.timeMilliseconds, source: source,
          touched: &touched)
        return true
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
  }

  private static func forEachRecord(
    _ log: SegmentedLog, after sequence: UInt64, _ body: (LogRecord, Record) -> Bool
  ) throws(RequestError) {
    let reader = try StorageError.mapped { () throws(StorageError) in try log.records(after: sequence) }
    while let entry = try StorageError.mapped({ () throws(StorageError) in try reader.next() }) {
      let record: Record
      do throws(RequestError) { record = try Record(decoding: entry.body) } catch {
        throw .internalError("\(log.directory) is damaged: operation \(entry.sequence): \(error.message)")
      }
      if !body(entry, record) { return }
    }
  }
}

/// Reads payloads for the log's records, and notes those that cannot be read.
private struct ReplaySource: PayloadSource {
  let store: StoreSource
  let damage: DamageNote

  func payload(number: UInt64, id: PointID) throws(RequestError) -> [UInt8] {
    do throws(RequestError) { return try store.payload(number: number, id: id) } catch {
      damage.note(error.message)
      throw error
    }
  }
}

/// A point as it stands in the store, with its vectors.
struct LoadedPoint: Sendable {
  let number: UInt64
  let version: UInt64
  let id: PointID
  let payload: [UInt8]
  /// As `ByteWriter.vectors` wrote them.
  let encodedVectors: [UInt8]

  init(number: UInt64, version: UInt64, id: PointID, payload: Span<UInt8>, vectors: Span<UInt8>) {
    self.number = number
    self.version = version
    self.id = id
    self.payload = Array(copying: payload)
    encodedVectors = Array(copying: vectors)
  }

  /// - Returns: nil where the store has no such point.
  init?(_ id: PointID, _ reader: borrowing StoreReader) throws(StorageError) {
    guard let number = try reader.number(for: id) else { return nil }
    guard let point = try reader.point(number), let vectors = try reader.vectors(number) else {
      throw .damaged(
        file: reader.path, offset: nil, what: "the values of point \(id) (number \(number)) are missing")
    }
    self.number = number
    version = point.version
    self.id = id
    payload = point.payload
    encodedVectors = vectors
  }
}

extension CollectionState {
  /// Forgets a point in memory; the store is left alone.
  mutating func removeUnstored(_ id: PointID) {
    guard let slot = points.slot(of: id) else { return }
    points.remove(slot)
    for name in vectors.keys { vectors[name]?.remove(slot: slot) }
    payloads.remove(slot)
  }

  /// Takes a point of the store into memory.
  mutating func insertStored(_ point: LoadedPoint) throws(RequestError) {
    var reader = ByteReader(point.encodedVectors)
    let values: NamedVectors
    do throws(RequestError) { values = try reader.vectors() } catch {
      throw .internalError("the vectors of point \(point.id) (number \(point.number)) are damaged")
    }
    try insert(
      PointTable.Entry(id: point.id, number: point.number, version: point.version), values, point.payload)
  }

  /// Takes a point that has no slot into the delta.
  mutating func insert(
    _ entry: PointTable.Entry, _ values: NamedVectors, _ payload: [UInt8]
  ) throws(RequestError) {
    let slot = points.insert(entry)
    for name in vectors.keys { vectors[name]?.extendSlots(to: points.slotCount) }
    for vector in values.entries {
      // The store keeps the vectors of a name that was dropped; the name may have another shape by now.
      // Asked where the rows lie: with a copy of them alive, `put` would copy their lists for each point.
      guard vectors[vector.name]?.hasShape(of: vector.value) == true, let values = vector.value.denseValues
      else { continue }
      vectors[vector.name]?.put(values, slot: slot)
    }
    try payloads.put(slot, payload: payload)
  }
}

extension Record.Effect {
  /// The points that the effect may change.
  var ids: [PointID] {
    switch self {
    case .nothing, .configure: []
    case .putPoints(let points): points.map(\.id)
    case .putVectors(let points): points.map(\.id)
    case .deletePoints(let ids), .changePayload(_, let ids), .deleteVectors(_, let ids): ids
    }
  }
}

/// The store's own values.
struct StoredMeta {
  let sequence: UInt64
  let nextNumber: UInt64
  let configuration: [UInt8]
  let producers: [UInt8]
  let pointCount: UInt64
  let digest: StateDigest
  /// Only a restored store has it.
  let overlapThrough: UInt64
  /// The last operation of which a commit that was carried out in parts has begun to take points away; 0 before the first.
  let partialThrough: UInt64

  /// Whether the store has a part of the operations behind `sequence`.
  var isPartial: Bool { partialThrough > sequence }

  init(_ store: PointStore) throws(StorageError) {
    (
      sequence, nextNumber, configuration, producers, pointCount, digest, overlapThrough, partialThrough
    ) = try store.read { (reader) throws(StorageError) in
      (
        try Self.number(StoreMeta.sequence, reader), try Self.number(StoreMeta.nextNumber, reader),
        try Self.value(StoreMeta.configuration, reader), try Self.value(StoreMeta.producers, reader),
        try Self.number(StoreMeta.pointCount, reader),
        try StateDigest(decoding: Self.value(StoreMeta.digest, reader), path: reader.path),
        try Self.numberIfAny(StoreMeta.overlapThrough, reader),
        try Self.numberIfAny(StoreMeta.partialThrough, reader)
      )
    }
  }

  /// The last operation in the state that `reader` sees.
  static func sequence(_ reader: borrowing StoreReader) throws(StorageError) -> UInt64 {
    try number(StoreMeta.sequence, reader)
  }

  private static func value(_ name: String, _ reader: borrowing StoreReader) throws(StorageError) -> [UInt8] {
    guard let value = try reader.meta(name) else {
      throw .damaged(file: reader.path, offset: nil, what: "its value \(name) is missing")
    }
    return value
  }

  private static func numberIfAny(
    _ name: String, _ reader: borrowing StoreReader
  ) throws(StorageError) -> UInt64 {
    try reader.meta(name) == nil ? 0 : number(name, reader)
  }

  private static func number(_ name: String, _ reader: borrowing StoreReader) throws(StorageError) -> UInt64 {
    var bytes = ByteReader(try value(name, reader))
    do throws(RequestError) { return try bytes.fixed64() } catch {
      throw .damaged(file: reader.path, offset: nil, what: "its value \(name) is no number")
    }
  }
}
