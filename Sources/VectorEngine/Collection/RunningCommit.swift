import CScheduling
import Dispatch
import Synchronization
import VectorModel
import VectorStorage

/// A commit of one published state to the store, which runs on another thread while the writer goes on.
final class RunningCommit: Sendable {
  /// What is committed: a published state, so nothing that is not in the log durably.
  let state: CollectionState
  /// Whether the store is made durable too.
  let isDurable: Bool
  private let removalsMax: Int
  let start = ContinuousClock.now
  private let store: PointStore
  private let outcome = Mutex<Result<Void, StorageError>?>(nil)
  private let ended = DispatchSemaphore(value: 0)

  init(_ state: CollectionState, to store: PointStore, isDurable: Bool, removalsMax: Int) {
    self.state = state
    self.removalsMax = removalsMax
    self.store = store
    self.isDurable = isDurable
  }

  /// Commits; called once, on any thread.
  func run(_ times: WriteStepTimes) {
    let result = Result { () throws(StorageError) in
      try times.measure(.commit) { () throws(StorageError) in
        try store.commit(state, removalsMax: removalsMax)
        if isDurable { try store.sync() }
      }
    }
    outcome.withLock { $0 = result }
    ended.signal()
  }

  var hasEnded: Bool { outcome.withLock { $0 != nil } }

  /// Waits for the end; called once, by the writer.
  func wait() throws(StorageError) {
    ended.wait()
    guard let result = outcome.withLock({ $0 }) else { preconditionFailure("a commit ended without outcome") }
    try result.get()
  }
}

extension PointStore {
  /// Hands over what the store lacks of a state.
  ///
  /// LMDB keeps each page that a transaction empties among those it may change, of which it takes 131,071. So points
  /// that go are taken away in transactions of their own where they are many. A store that ends in between says how far
  /// the operations went that it has a part of (`StoreMeta.partialThrough`): they are in the log.
  func commit(_ state: CollectionState, removalsMax: Int) throws(StorageError) {
    let removals = state.pending.removals.sorted { $0.key < $1.key }
    var first = 0
    while removals.count - first > removalsMax {
      var batch = StoreBatch()
      for (number, id) in removals[first..<(first + removalsMax)] { batch.remove(number: number, id: id) }
      batch.setMeta(StoreMeta.partialThrough, CollectionState.bytes(state.sequence).span)
      try commit(batch)
      first += removalsMax
    }
    try commit(state.storeBatch(removing: removals[first...]))
  }
}

extension CollectionState {
  /// What the store lacks, and the state that goes with it.
  /// - Parameter removals: the numbers that must leave it, those apart that have left it already.
  /// - Complexity: O(n log n) in the pending points.
  fileprivate func storeBatch(removing removals: ArraySlice<(key: UInt64, value: PointID)>) -> StoreBatch {
    var batch = StoreBatch()
    batch.reserveCapacity(
      changeCount: 3 * pending.entriesCount + removals.count + 8, byteCount: pending.byteCount)
    for (number, id) in removals { batch.remove(number: number, id: id) }
    pending.forEach { number, entry in
      scheduling_give_way()
      if let byteCount = entry.vectorsByteCount {
        guard let slot = points.slot(of: entry.id) else {
          preconditionFailure("point \(entry.id) waits for the store and is none")
        }
        var writer = ByteWriter(reservingCapacity: byteCount)
        writer.vectors(vectors(of: slot))
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

  fileprivate static func bytes(_ value: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.fixed64(value)
    return writer.bytes
  }
}
