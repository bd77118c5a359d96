import VectorIndex
import VectorModel
import VectorStorage

/// Makes a new collection's files of snapshots, and proves that they are what the snapshots say.
///
/// The points go into a store that stands at the snapshot's first operation, its operations into a log behind
/// it; opening the two as after a crash gives the state. Nothing names the new collection until it has proved
/// right, so whatever ends this leaves a directory that the next start removes.
struct CollectionRestore: @unchecked Sendable {
  /// A part of a file: a snapshot of the whole storage has one for each collection.
  struct Part {
    let path: String
    /// Nil takes the file's only collection.
    var collectionName: String?
  }

  struct Outcome {
    var configuration: CollectionConfiguration
    var sequence: UInt64
    var pointCount: UInt64
    var canaries: [Canary]
  }

  let id: UUID128
  let shard: ShardDirectory
  let environment: EngineEnvironment
  let scratch: SearchScratch
  let cancellation: Cancellation
  /// The last operation to restore; nil is the snapshot's last.
  var until: SnapshotRecovery.Until?
  /// The log of the collection that the snapshot is of, for operations behind the snapshot.
  var laterLog: (pin: LogPin, collection: UUID128)?

  /// - Parameter chain: a full snapshot, then those that add to it.
  /// - Throws: naming the damage, or what differs from the snapshot's summary.
  func run(_ chain: [Part]) throws(RequestError) -> Outcome {
    var builder: RestoredFiles?
    for (index, part) in chain.enumerated() {
      let isLast = index + 1 == chain.count
      let limit = isLast ? until : nil
      let loaded = try load(part, after: builder, until: limit)
      builder = loaded.files
      let state = try loaded.files.open(environment)
      let isWhole = state.sequence == loaded.summary.sequence
      guard isWhole || limit != nil else {
        throw .badRequest(
          "\(part.path) ends at operation \(state.sequence), it says at \(loaded.summary.sequence)")
      }
      if isWhole { try verify(state, loaded.summary, loaded.files) }
      guard isLast else {
        try loaded.files.settle(state)
        continue
      }
      if let limit, isWhole {
        let later = try appendLater(limit, loaded)
        if later > 0 {
          let state = try loaded.files.open(environment)
          try checkReached(limit, state, loaded.summary)
          try loaded.files.settle(state)
          return outcome(state, [])
        }
      }
      if let limit { try checkReached(limit, state, loaded.summary) }
      try loaded.files.settle(state)
      return outcome(state, isWhole ? loaded.summary.canaries : [])
    }
    throw .badRequest("a restore needs a snapshot")
  }

  private func outcome(_ state: CollectionState, _ canaries: [Canary]) -> Outcome {
    Outcome(
      configuration: state.configuration, sequence: state.sequence,
      pointCount: UInt64(state.points.aliveCount), canaries: canaries)
  }

  /// What one part was read to.
  private struct Loaded {
    var files: RestoredFiles
    var origin: SnapshotOrigin
    var summary: SnapshotSummary
  }

  /// Reads one part of a file into store and log.
  private func load(
    _ part: Part, after previous: RestoredFiles?, until: SnapshotRecovery.Until?
  ) throws(RequestError) -> Loaded {
    let reader = try StorageError.mapped { () throws(StorageError) in
      try SnapshotFileReader(environment.fileSystem, path: part.path)
    }
    var origin: SnapshotOrigin?
    var summary: SnapshotSummary?
    var files: RestoredFiles?
    var isWanted = false
    while let item = try reader.nextItem() {
      if cancellation.isCancelled {
        throw RequestError(.unavailable, "Service unavailable: the server is stopping")
      }
      if item.section == .collection {
        let found = try reader.decoding("the collection") { () throws(RequestError) in
          try SnapshotOrigin(decoding: item.bytes)
        }
        isWanted = origin == nil && (part.collectionName == nil || part.collectionName == found.name)
        guard isWanted else { continue }
        try check(found, previous, part)
        origin = found
        files = try RestoredFiles(id, shard, environment, found, previous)
      } else if isWanted, item.section == .summary {
        summary = try reader.decoding("the summary") { () throws(RequestError) in
          try SnapshotSummary(decoding: item.bytes, path: part.path)
        }
        isWanted = false
        if let until { try checkReachable(until, origin, summary, part) }
      } else if isWanted {
        try files?.take(item, reader, until: until)
      }
    }
    guard let origin, let summary, var files else {
      throw .badRequest("\(part.path) holds no collection\(part.collectionName.map { " `\($0)`" } ?? "")")
    }
    try files.finish(origin, summary)
    return Loaded(files: files, origin: origin, summary: summary)
  }

  /// Holds that an incremental snapshot stands on what was restored before it.
  private func check(
    _ origin: SnapshotOrigin, _ previous: RestoredFiles?, _ part: Part
  ) throws(RequestError) {
    switch (origin.base, previous) {
    case (nil, nil): return
    case (nil, _?): throw .badRequest("\(part.path) is a full snapshot within a chain")
    case (let base?, nil):
      throw .badRequest("\(part.path) adds to the snapshot \(base.name), which is needed")
    case (let base?, let previous?):
      guard previous.sequence == base.sequence, previous.source == origin.collection else {
        throw .badRequest(
          "\(part.path) adds to operation \(base.sequence) of collection \(origin.collection), its base "
            + "ends at \(previous.sequence) of \(previous.source)")
      }
    }
  }

  private func checkReachable(
    _ until: SnapshotRecovery.Until, _ origin: SnapshotOrigin?, _ summary: SnapshotSummary?, _ part: Part
  ) throws(RequestError) {
    guard let origin, let settled = summary?.settledSequence else { return }
    switch until {
    case .sequence(let wanted):
      guard wanted < settled else { return }
      throw .badRequest("\(part.path) can be restored from operation \(settled) on, not to \(wanted)")
    case .milliseconds(let wanted):
      // When its first operation was made, a snapshot does not know; when it was made itself is not before that.
      guard wanted < origin.createdMilliseconds else { return }
      throw .badRequest(
        "\(part.path) can be restored from \(Self.text(origin.createdMilliseconds)) on, not to \(Self.text(wanted))"
      )
    }
  }

  private static func text(_ milliseconds: UInt64) -> String {
    Datetime.text(microseconds: Int64(clamping: min(milliseconds, 1 << 50)) * 1000)
  }

  /// Adds operations behind the snapshot from the collection's own log, and returns how many.
  private func appendLater(
    _ until: SnapshotRecovery.Until, _ loaded: Loaded
  ) throws(RequestError) -> Int {
    if case .sequence(let wanted) = until, wanted <= loaded.summary.sequence { return 0 }
    guard let laterLog, laterLog.collection == loaded.origin.collection,
      laterLog.pin.epoch == loaded.origin.epoch
    else {
      guard case .milliseconds(let wanted) = until, wanted > loaded.origin.createdMilliseconds else {
        return 0
      }
      throw .badRequest(
        "the snapshot ends at operation \(loaded.summary.sequence); the log of its collection is gone, so what came "
          + "behind it until \(Self.text(wanted)) is not known: restore to that operation, or the whole snapshot"
      )
    }
    let log = laterLog.pin.log
    guard log.firstSequence <= loaded.summary.sequence + 1 else {
      throw .badRequest(
        "the log is kept from operation \(log.firstSequence) on, the snapshot ends at "
          + "\(loaded.summary.sequence): what is between is gone")
    }
    return try loaded.files.append(log, until: until)
  }

  private func checkReached(
    _ until: SnapshotRecovery.Until, _ state: CollectionState, _ summary: SnapshotSummary
  ) throws(RequestError) {
    if case .sequence(let wanted) = until, state.sequence != wanted {
      throw .badRequest("the snapshot and the log end at operation \(state.sequence), not at \(wanted)")
    }
    guard state.sequence >= summary.settledSequence else {
      throw .badRequest(
        "the snapshot can be restored from operation \(summary.settledSequence) on; the time is before it")
    }
  }

  /// Compares the restored state with what the snapshot says it was.
  private func verify(
    _ state: CollectionState, _ summary: SnapshotSummary, _ files: RestoredFiles
  ) throws(RequestError) {
    guard UInt64(state.points.aliveCount) == summary.pointCount else {
      throw .internalError(
        "the restored collection has \(state.points.aliveCount) points, the snapshot says "
          + "\(summary.pointCount)")
    }
    if let expected = summary.digest.content, state.digest.content != expected {
      let found = state.digest.content?.description ?? "unknown"
      throw .internalError("the restored collection has the digest \(found), the snapshot says \(expected)")
    }
    try files.withView(of: state) { (view) throws(RequestError) in
      for canary in summary.canaries { try canary.check(view, scratch) }
    }
  }
}
