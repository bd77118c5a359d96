import VectorIndex
import VectorModel
import VectorStorage

/// Names of the store's meta values.
enum StoreMeta {
  static let sequence = "sequence"
  static let nextNumber = "next_number"
  static let configuration = "configuration"
  static let producers = "producers"
  static let pointCount = "point_count"
  static let digest = "digest"
  static let overlapThrough = "overlap_through"
}

extension CollectionWriter {
  /// Commits when enough has gathered, or it has waited long enough.
  func commitIfDue() {
    guard let pendingSince, failure == nil, !hasUnsynced else { return }
    if compaction.isRunning, state.pending.byteCount < configuration.pendingBytesMax { return }
    let isDue =
      state.pending.count >= configuration.commitPointsMax
      || pendingSince.duration(to: .now) >= .milliseconds(configuration.commitMillisecondsMax)
      || state.pending.byteCount >= configuration.pendingBytesMax
    guard isDue else { return }
    do throws(RequestError) {
      try commitStore()
      isStoreFull = false
    } catch {
      // The log keeps everything: the next tick tries again, and says so once.
      guard failure == nil, !isStoreFull else { return }
      isStoreFull = true
      logger.error("store commit failed", metadata: ["collection": "\(id)", "error": "\(error.message)"])
    }
  }

  /// Hands everything published to the store, and publishes a view that reads it from there.
  func commitStore() throws(RequestError) {
    let committed = published.load().state
    guard log.durableSequence >= committed.sequence else { return }
    try environment.stepTimes.measure(.commit) { () throws(RequestError) in
      if compaction.isRunning { compaction.isStale = true }
      let batch = committed.storeBatch
      try inStore { () throws(StorageError) in try store.commit(batch) }
    }
    state.pending.drop(committed.pending)
    pendingSince = state.pending.isEmpty && state.sequence == committed.sequence ? nil : .now
    if state.sequence == committed.sequence { publish() }
  }

  /// Commits, and makes the store durable through the last published operation.
  func syncStore() throws(RequestError) {
    try commitStore()
    try inStore { () throws(StorageError) in try store.sync() }
    storeDurableSequence = published.load().state.sequence
  }

  /// Runs what writes to the store. Where it fails for another reason than space, nobody knows what of the earlier
  /// commits is on the disk, so no more writes are taken: the log has them all until the next start.
  private func inStore(_ body: () throws(StorageError) -> Void) throws(RequestError) {
    do throws(StorageError) { try body() } catch {
      if case .limit = error { throw error.requestError }
      if !error.isOutOfSpace { poison(error.requestError) }
      throw error.requestError
    }
  }

  /// Gives back the log that neither the store nor the parts need.
  func cutLog() {
    do throws(RequestError) {
      let covered = manifest.coveredThrough
      if !compaction.isRunning,
        log.byteCount(after: storeDurableSequence) > UInt64(configuration.logSegmentBytes) * 2
      {
        try syncStore()
      }
      let through = keptAfter(min(storeDurableSequence, covered))
      guard through > 0 else { return }
      try StorageError.mapped { () throws(StorageError) in try log.discard(through: through) }
    } catch {
      logger.error("cutting the log failed", metadata: ["collection": "\(id)", "error": "\(error.message)"])
    }
  }

  /// Leaves nothing for the next start to replay.
  func close() -> Result<Void, RequestError> {
    do throws(RequestError) {
      build.cancel()
      freeze.cancel()
      if failure == nil, !hasUnsynced { try syncStore() }
      try StorageError.mapped { () throws(StorageError) in
        try log.close()
        try store.close()
      }
      return .success(())
    } catch {
      return .failure(error)
    }
  }
}

extension CollectionState {
  /// What the store lacks, and the state that goes with it.
  var storeBatch: StoreBatch {
    var batch = StoreBatch()
    for (number, id) in pending.removals { batch.remove(number: number, id: id) }
    for (number, entry) in pending.entries.sorted(by: { $0.key < $1.key }) {
      if let vectors = entry.vectors {
        var writer = ByteWriter(reservingCapacity: vectors.byteCount)
        writer.vectors(vectors)
        batch.put(
          number: number, id: entry.id, version: entry.version, payload: entry.payload.span,
          vectors: writer.bytes.span)
      } else {
        batch.putPoint(number: number, id: entry.id, version: entry.version, payload: entry.payload.span)
      }
    }
    batch.setMeta(StoreMeta.sequence, Self.bytes(sequence).span)
    batch.setMeta(StoreMeta.nextNumber, Self.bytes(nextNumber).span)
    batch.setMeta(StoreMeta.configuration, configuration.document().span)
    batch.setMeta(StoreMeta.producers, producers.encoded.span)
    batch.setMeta(StoreMeta.pointCount, Self.bytes(UInt64(points.aliveCount)).span)
    batch.setMeta(StoreMeta.digest, digest.encoded.span)
    return batch
  }

  private static func bytes(_ value: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.fixed64(value)
    return writer.bytes
  }
}
