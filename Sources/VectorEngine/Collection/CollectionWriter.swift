import Logging
import Synchronization
import VectorIndex
import VectorModel
import VectorStorage

/// The one writer of a collection, which runs on its serial queue only.
///
/// The order of a write: resolve against the private state, append to the log, apply, sync once for all that
/// waited, publish, answer. What is published is committed to the store outside any answer, on another thread.
final class CollectionWriter: @unchecked Sendable {
  let id: UUID128
  let shard: ShardDirectory
  let environment: EngineEnvironment
  let published: PublishedView
  let log: any OperationLog
  var store: PointStore
  var manifest: Manifest
  /// The private state: at or ahead of the published one.
  var state: CollectionState
  /// The points that changed since the running merge's view was taken; nil when none runs.
  var touched: Set<PointID>?
  /// What the running merge builds a generation of; nil when none runs.
  var merging: View?
  /// Why no more writes are taken until a restart.
  var failure: RequestError?
  /// The log has operations that a full disk kept from being synced.
  var hasUnsynced = false
  /// A full disk keeps the store from taking what the log has.
  var isStoreFull = false
  /// When the oldest change that no commit has taken was made.
  var pendingSince: ContinuousClock.Instant?
  /// The commit of the store that runs beside the writer; never more than one.
  var commit: RunningCommit?
  /// After a commit failed, when the next one is tried.
  var commitNotBefore: ContinuousClock.Instant?
  /// The last operation that the store is known to hold; 0 before the first commit.
  var storeSequence: UInt64 = 0
  var lastWrite = ContinuousClock.now
  /// The last operation that the store holds durably.
  var storeDurableSequence: UInt64
  /// What snapshots that are being made need of the log.
  var pins: [UInt64: LogPin] = [:]
  var retention = LogRetention()
  var build = BuildState()
  var compaction = CompactionState()
  /// The building of parts for rows that came after the generation, beside the other.
  var freeze = BuildState()
  /// The linking of rows where they lie, beside both.
  var link = BuildState()
  /// The view that the last merge replaced, until no search has it any more: whoever frees a generation takes long.
  var retired: (view: View, at: ContinuousClock.Instant)?
  private var throttle = WriteThrottle()
  static let commitRetryDelay = Duration.milliseconds(100)
  private let status = Mutex(BuildStatus())
  /// How a build hands in its outcome; set before the first job.
  var submitOutcome: @Sendable (BuildOutcome) -> Void = { _ in }
  /// How the end of a commit wakes the queue; set before the first job.
  var submitCommitted: @Sendable () -> Void = {}
  /// How the end of a compaction comes back; set before the first job.
  var submitCompaction: @Sendable (Result<Void, StorageError>) -> Void = { _ in }

  var configuration: EngineConfiguration { environment.configuration }
  var logger: Logger { environment.logger }
  var buildStatus: BuildStatus { status.withLock { $0 } }

  func setBuildStatus(_ new: BuildStatus) { status.withLock { $0 = new } }

  init(
    id: UUID128, shard: ShardDirectory, environment: EngineEnvironment, published: PublishedView,
    recovered: CollectionRecovery
  ) {
    self.id = id
    self.shard = shard
    self.environment = environment
    self.published = published
    log = recovered.log
    store = recovered.store
    manifest = recovered.manifest
    state = recovered.state
    storeDurableSequence = recovered.storeDurableSequence
    build.needsRebuild = recovered.needsRebuild
    publish()
  }

  /// Runs one group: everything that waited, with one sync.
  func run(_ jobs: [WriteJob]) {
    var answers: [WriteAnswer] = []
    var isClosing: Completion<Void>?
    var outcomes: [BuildOutcome] = []
    var compacted: Result<Void, StorageError>?
    for job in jobs {
      switch job {
      case .write(let operations, let parameters, let completion):
        // Only what is published can leave memory for the store.
        if state.pending.byteCount > configuration.pendingBytesMax { finish(&answers) }
        answers.append(write(operations, parameters, completion))
      case .configure(let change, let completion):
        answers.append(configure(change, completion))
      case .tick, .committed: break
      case .pin(let completion): completion(pin())
      case .unpin(let pin): pins[pin.number] = nil
      case .refuse(let error): poison(error)
      case .install(let outcome): outcomes.append(outcome)
      case .compacted(let outcome): compacted = outcome
      case .close(let completion): isClosing = completion
      }
    }
    finish(&answers)
    if let compacted { install(compacted) }
    commitIfDue()
    for outcome in outcomes { install(outcome) }
    // Before a build begins, which takes memory as well.
    giveBackIfSettled()
    maintain()
    freeRetired()
    // Links that were made meanwhile end the wait.
    throttle.release(all: isClosing != nil || answerDelay == nil)
    if let isClosing { isClosing(close()) }
  }

  /// Makes what was written durable and visible, and sends the answers, those of writes later where too many rows wait
  /// for a part.
  private func finish(_ answers: inout [WriteAnswer]) {
    syncAndPublish(&answers)
    defer { answers = [] }
    throttle.note(unindexedRows: unindexedRows, steadyRows: configuration.steadyUnindexedRowsMax)
    let delay = answerDelay
    for answer in answers {
      if let delay, answer.isLogged, answer.error == nil {
        environment.stepTimes.add(delay, to: .throttle)
        throttle.hold(answer, for: delay)
      } else {
        answer.send()
      }
    }
  }

  private var unindexedRows: Int { state.vectors.values.reduce(0) { max($0, $1.unindexedCount) } }

  /// How long answers wait; nil where they need not.
  private var answerDelay: Duration? {
    guard state.configuration.optimizers.indexingThreshold != 0 else { return nil }
    let isSteady = !throttle.allowsBurst && isSearched
    return state.vectors.values.compactMap { rows in
      let allowed =
        isSteady ? min(configuration.steadyUnindexedRowsMax, allowedRows(rows)) : allowedRows(rows)
      return WriteThrottle.delay(unindexedRows: rows.unindexedCount, allowedRows: allowed)
    }.max()
  }

  private func write(
    _ operations: [WriteOperation], _ parameters: UpdateParameters,
    _ completion: @escaping Completion<[UInt64]>
  ) -> WriteAnswer {
    let before = state.sequence
    var sequences: [UInt64] = []
    var failed: RequestError?
    do throws(RequestError) {
      if parameters.producer != nil { try ProducerTable.check(operationsCount: operations.count) }
      for (index, operation) in operations.enumerated() {
        let stamp = parameters.producer?.part(index)
        let repeated = try stamp.flatMap { stamp throws(RequestError) in
          try state.producers.operation(of: stamp, isStreamed: parameters.isStreamed)
        }
        if let repeated {
          sequences.append(repeated)
          continue
        }
        let effect = try environment.stepTimes.measure(.resolve) { () throws(RequestError) in
          let effect = try WriteResolver(view: privateView).resolve(operation)
          try state.checkPayloads(under: effect, StoreSource(store: store))
          return effect
        }
        sequences.append(try logAndApply(Record(effect, producer: stamp)))
      }
    } catch {
      failed = error
    }
    let answered = sequences
    return WriteAnswer(isLogged: dependsOnSync(since: before, failed), error: failed) { error in
      completion(error.map { .failure($0) } ?? .success(answered))
    }
  }

  private func configure(
    _ change: @Sendable (CollectionConfiguration) throws(RequestError) -> CollectionConfiguration,
    _ completion: @escaping Completion<UInt64>
  ) -> WriteAnswer {
    let before = state.sequence
    var failed: RequestError?
    do throws(RequestError) {
      let new = try change(state.configuration)
      if new != state.configuration { _ = try logAndApply(Record(.configure(new))) }
    } catch {
      failed = error
    }
    let sequence = state.sequence
    return WriteAnswer(isLogged: dependsOnSync(since: before, failed), error: failed) { error in
      completion(error.map { .failure($0) } ?? .success(sequence))
    }
  }

  /// Whether an answer may be given only after the next sync. Who changed nothing because of an operation that is not
  /// durable yet, a repeat of it above all, depends on it as well.
  private func dependsOnSync(since before: UInt64, _ failed: RequestError?) -> Bool {
    state.sequence > (failed == nil ? published.load().state.sequence : before)
  }

  private var privateView: View { View(state: state, store: store, published: nil) }

  /// Gives the record its sequence, hands it to the log and applies it to the private state.
  private func logAndApply(_ record: Record) throws(RequestError) -> UInt64 {
    if let failure { throw failure }
    if hasUnsynced {
      throw RequestError(.insufficientStorage, "Insufficient storage: the disk of \(shard.path) is full")
    }
    if state.pending.byteCount > configuration.pendingBytesMax { try makeRoom() }
    let milliseconds = currentMilliseconds()
    let times = environment.stepTimes
    let body = times.measure(.encode) { record.encoded() }
    let sequence = try times.measure(.append) { () throws(RequestError) in
      try StorageError.mapped { () throws(StorageError) in
        try log.append(
          body.span, expecting: state.sequence, epoch: manifest.epoch, timeMilliseconds: milliseconds)
      }
    }
    do throws(RequestError) {
      try times.measure(.apply) { () throws(RequestError) in
        try state.apply(
          record, sequence: sequence, milliseconds: milliseconds,
          source: StoreSource(store: store), touched: &touched)
      }
    } catch {
      poison(error)
      throw error
    }
    lastWrite = .now
    if pendingSince == nil { pendingSince = lastWrite }
    return sequence
  }

  /// Makes everything logged durable and visible, or tells the answers that depend on it what happened.
  private func syncAndPublish(_ answers: inout [WriteAnswer]) {
    guard log.lastSequence > published.load().state.sequence || hasUnsynced else { return }
    guard failure == nil else { return fail(&answers) }
    do throws(StorageError) {
      try environment.stepTimes.measure(.sync) { () throws(StorageError) in _ = try log.sync() }
      hasUnsynced = false
      environment.stepTimes.measure(.publish) { publish() }
    } catch {
      if error.isOutOfSpace {
        if !hasUnsynced {
          logger.error("disk full", metadata: ["collection": "\(id)", "error": "\(error)"])
        }
        hasUnsynced = true
      } else {
        poison(error.requestError)
      }
      fail(&answers)
    }
  }

  /// The outcome of what was logged is unknown: it may be there after a restart.
  private func fail(_ answers: inout [WriteAnswer]) {
    let code = hasUnsynced ? RequestError.Code.insufficientStorage : .unavailable
    let cause = failure?.message ?? "the disk is full"
    for index in answers.indices where answers[index].isLogged {
      answers[index].error = RequestError(
        code, "the write could not be made durable, its outcome is unknown: \(cause)")
    }
  }

  func publish() {
    published.store(View(state: state, store: store, published: published))
  }

  /// Refuses writes until the collection is opened anew.
  func poison(_ error: RequestError) {
    guard failure == nil else { return }
    failure = RequestError(
      .unavailable, "Service unavailable: the collection is read-only until a restart: \(error.message)")
    logger.error("collection is read-only", metadata: ["collection": "\(id)", "error": "\(error.message)"])
  }
}

/// Reads payloads that must be in the store.
struct StoreSource: PayloadSource {
  let store: PointStore

  func payload(number: UInt64, id: PointID) throws(RequestError) -> [UInt8] {
    let point = try StorageError.mapped { () throws(StorageError) in
      try store.read { (reader) throws(StorageError) in try reader.point(number) }
    }
    guard let point else {
      throw .internalError("point \(id) (number \(number)) is missing in \(store.path)")
    }
    return point.payload
  }
}

extension ProducerStamp {
  /// The identity of one operation of a batch.
  func part(_ index: Int) -> ProducerStamp {
    guard index > 0 else { return self }
    var part = self
    part.producer.low ^= UInt64(index) &* 0x9E37_79B9_7F4A_7C15
    return part
  }
}
