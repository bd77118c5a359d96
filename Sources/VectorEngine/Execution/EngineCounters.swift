import Synchronization

/// What an engine has done since its start; read by `/metrics`.
final class EngineCounters: Sendable {
  struct Values: Sendable {
    var compactionCount: UInt64 = 0
    var compactionFreedBytes: UInt64 = 0
    var scrubCount: UInt64 = 0
    /// Milliseconds since 1970 at the end of the last scrub that read everything; 0 before.
    var scrubEndMilliseconds: UInt64 = 0
    var defectCounts: [Defect.Kind: UInt64] = [:]
  }

  private let state = Mutex(Values())

  var values: Values { state.withLock { $0 } }

  func noteCompaction(bytesBefore: UInt64, bytesAfter: UInt64) {
    state.withLock { values in
      values.compactionCount += 1
      values.compactionFreedBytes += bytesBefore - min(bytesBefore, bytesAfter)
    }
  }

  /// - Parameter endMilliseconds: nil where it was cut off.
  func noteScrub(_ defects: [Defect], endMilliseconds: UInt64?) {
    state.withLock { values in
      for defect in defects { values.defectCounts[defect.kind, default: 0] += 1 }
      guard let endMilliseconds else { return }
      values.scrubCount += 1
      values.scrubEndMilliseconds = endMilliseconds
    }
  }
}
