import VectorModel
import VectorStorage

/// Keeps a collection's log from being cut, and lends what a snapshot reads.
struct LogPin: Sendable {
  let number: UInt64
  /// The store's last operation when the pin was set; the log keeps everything after it.
  let sequence: UInt64
  let epoch: UInt64
  let log: any OperationLog
  let store: PointStore
}

/// When operations were logged, roughly: a mark a minute, for keeping the log for a number of hours.
struct LogRetention: Sendable {
  private static let intervalMilliseconds: UInt64 = 60_000

  private var marks: [(milliseconds: UInt64, sequence: UInt64)] = []

  /// Notes that `sequence` was the last operation at a time.
  mutating func note(_ sequence: UInt64, at milliseconds: UInt64) {
    if let last = marks.last, milliseconds < last.milliseconds + Self.intervalMilliseconds { return }
    marks.append((milliseconds, sequence))
  }

  /// The last operation known to be as old as `milliseconds`; what was there at the start counts as made then.
  mutating func last(before milliseconds: UInt64) -> UInt64 {
    let old = marks.prefix { $0.milliseconds <= milliseconds }
    guard let last = old.last else { return 0 }
    marks.removeFirst(old.count - 1)
    return last.sequence
  }
}

extension CollectionWriter {
  /// Keeps the log from the store's last operation on.
  func pin() -> Result<LogPin, RequestError> {
    do throws(RequestError) {
      if failure == nil, !hasUnsynced, !compaction.isRunning { try commitStore() }
      let sequence = try StorageError.mapped { () throws(StorageError) in try StoredMeta(store).sequence }
      let pin = LogPin(
        number: (pins.keys.max() ?? 0) + 1, sequence: sequence, epoch: manifest.epoch, log: log, store: store)
      pins[pin.number] = pin
      return .success(pin)
    } catch {
      return .failure(error)
    }
  }

  /// The last operation that may be cut off, of those up to `limit`, for snapshots and points in time.
  func keptAfter(_ limit: UInt64) -> UInt64 {
    var limit = min(limit, pins.values.map(\.sequence).min() ?? .max)
    if configuration.logRetentionHours > 0 {
      let now = currentMilliseconds()
      retention.note(log.durableSequence, at: now)
      let age = UInt64(configuration.logRetentionHours) * 3_600_000
      limit = min(limit, now > age ? retention.last(before: now - age) : 0)
    }
    let bytes = UInt64(configuration.logRetentionBytes)
    guard bytes > 0, limit >= log.firstSequence else { return limit }
    // The most that can go while this many bytes stay.
    var (low, high) = (log.firstSequence - 1, limit)
    while low < high {
      let middle = low + (high - low + 1) / 2
      if log.byteCount(after: middle) >= bytes { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
