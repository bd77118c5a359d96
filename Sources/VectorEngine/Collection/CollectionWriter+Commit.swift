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
  static let partialThrough = "partial_through"
}

extension CollectionWriter {
  /// What a store may keep in memory of its commits.
  private static let keptBytesMin = 1 << 20

  /// Takes over a commit that has ended, and begins one when enough has gathered or it has waited long enough.
  func commitIfDue() {
    do throws(RequestError) {
      if let commit, commit.hasEnded { try endCommit() }
    } catch {
      // The log keeps everything: the next try is soon, and says so once.
      if failure == nil, !isStoreFull {
        isStoreFull = true
        logger.error("store commit failed", metadata: ["collection": "\(id)", "error": "\(error.message)"])
      }
    }
    guard let pendingSince, failure == nil, !hasUnsynced else { return }
    if compaction.isRunning, state.pending.byteCount < configuration.pendingBytesMax { return }
    let isDue =
      state.pending.count >= configuration.commitPointsMax
      || pendingSince.duration(to: .now) >= .milliseconds(configuration.commitMillisecondsMax)
      || state.pending.byteCount >= configuration.pendingBytesMax
    if isDue { beginCommit() }
  }

  /// Begins to hand everything published to the store, on another thread, unless that is under way or has just
  /// failed. The next job after its end takes it over.
  private func beginCommit() {
    guard commit == nil, commitNotBefore.map({ .now >= $0 }) ?? true else { return }
    guard let commit = try? nextCommit(isDurable: isStoreFarBehind) else { return }
    let (times, submitCommitted) = (environment.stepTimes, submitCommitted)
    let isAccepted = environment.committers.submit {
      commit.run(times)
      submitCommitted()
    }
    if !isAccepted { commit.run(times) }
  }

  /// - Throws: where the generation of before a drop cannot be forgotten first.
  private func nextCommit(isDurable: Bool) throws(RequestError) -> RunningCommit {
    try forgetGenerationBeforeDrop()
    let commit = RunningCommit(
      published.load().state, to: store, isDurable: isDurable, removalsMax: configuration.commitRemovalsMax)
    precondition(self.commit == nil && log.durableSequence >= commit.state.sequence)
    if compaction.isRunning { compaction.isStale = true }
    self.commit = commit
    return commit
  }

  /// Waits for the commit that is under way, drops what it took over, and publishes a view that reads it from the
  /// store.
  private func endCommit() throws(RequestError) {
    guard let ended = commit else { return }
    commit = nil
    do throws(RequestError) {
      try inStore { () throws(StorageError) in try ended.wait() }
    } catch {
      commitNotBefore = .now.advanced(by: Self.commitRetryDelay)
      throw error
    }
    commitNotBefore = nil
    isStoreFull = false
    storeSequence = ended.state.sequence
    if ended.isDurable { storeDurableSequence = storeSequence }
    state.pending.drop(ended.state.pending)
    // What came after the commit began is not older than that.
    pendingSince = state.sequence == storeSequence ? nil : ended.start
    republish()
  }

  /// Waits for the commit that is under way; one that found no space is tried again by whoever needs it.
  private func settleCommit() throws(RequestError) {
    do throws(RequestError) { try endCommit() } catch { if failure != nil { throw error } }
  }

  /// Returns when the store has everything published.
  func commitStore() throws(RequestError) {
    try settleCommit()
    guard published.load().state.sequence > storeSequence else { return }
    try nextCommit(isDurable: false).run(environment.stepTimes)
    try endCommit()
  }

  /// Waits until the store has taken over so much that a write may go on.
  func makeRoom() throws(RequestError) {
    try environment.stepTimes.measure(.backlog) { () throws(RequestError) in
      try settleCommit()
      if state.pending.byteCount > configuration.pendingBytesMax { try commitStore() }
    }
  }

  /// Commits, and makes the store durable through the last published operation.
  func syncStore() throws(RequestError) {
    try commitStore()
    try inStore { () throws(StorageError) in try store.sync() }
    storeDurableSequence = published.load().state.sequence
  }

  /// Frees what store and log keep in memory of their largest writes once no write has come for a while.
  func giveBackIfSettled() {
    guard store.keptByteCount >= Self.keptBytesMin, isSettled, commit == nil, state.pending.isEmpty,
      failure == nil, !hasUnsynced, !compaction.isRunning
    else { return }
    if storeDurableSequence < published.load().state.sequence {
      do throws(RequestError) { try syncStore() } catch { return }
    }
    do throws(StorageError) {
      guard try store.giveBack() else { return }
    } catch {
      return poison(error.requestError)
    }
    log.giveBack()
    environment.releasedMemory.note()
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

  /// Whether so much log waits for the store to be durable that the next commit is to be.
  private var isStoreFarBehind: Bool {
    log.byteCount(after: storeDurableSequence) > UInt64(configuration.logSegmentBytes) * 2
  }

  /// Gives back the log that neither the store nor the parts need.
  func cutLog() {
    do throws(RequestError) {
      let covered = manifest.coveredThrough
      if !compaction.isRunning, isStoreFarBehind { beginCommit() }
      let through = keptAfter(min(storeDurableSequence, covered))
      guard through > 0 else { return }
      try StorageError.mapped { () throws(StorageError) in try log.discard(through: through) }
    } catch {
      logger.error("cutting the log failed", metadata: ["collection": "\(id)", "error": "\(error.message)"])
    }
  }

  /// Leaves nothing for the next start to replay.
  func close() -> Result<Void, RequestError> {
    build.cancel()
    freeze.cancel()
    link.cancel()
    // However the commit under way ends, the store stays open until then.
    try? settleCommit()
    // Whatever fails, the rest is closed: the files may be opened again by this process.
    let steps = [
      Result { () throws(RequestError) in if failure == nil, !hasUnsynced { try syncStore() } },
      Result { () throws(RequestError) in
        try StorageError.mapped { () throws(StorageError) in try log.close() }
      },
      Result { () throws(RequestError) in
        try StorageError.mapped { () throws(StorageError) in try store.close() }
      },
    ]
    return steps.first { if case .failure = $0 { true } else { false } } ?? .success(())
  }
}
