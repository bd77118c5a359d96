import VectorModel
import VectorStorage

extension SnapshotService {
  /// The snapshots with the last operation that each can be restored to: where the collection that one is of lives and
  /// its log goes on from the snapshot's end, that is the log's last.
  func reachable(_ entries: [SnapshotLibrary.Entry]) -> [SnapshotDescription] {
    var logs: [UUID128: ClosedRange<UInt64>] = [:]
    let living = Set(catalogue.current.collections.values)
    for id in Set(entries.map(\.collection)).intersection(living) {
      // One that cannot be opened keeps no log that a restore could use.
      logs[id] = try? keptOperations(of: id)
    }
    return entries.map { entry in
      var description = entry.description
      guard entry.collectionName != nil else { return description }
      description.latestSequence = Self.latest(description, logs[entry.collection])
      return description
    }
  }

  /// - Parameter log: the first and the last operation of the collection's log; nil where there is none.
  static func latest(_ snapshot: SnapshotDescription, _ log: ClosedRange<UInt64>?) -> UInt64 {
    guard let log, log.lowerBound <= snapshot.sequence + 1 else { return snapshot.sequence }
    return max(snapshot.sequence, log.upperBound)
  }

  private func keptOperations(of id: UUID128) throws(RequestError) -> ClosedRange<UInt64>? {
    let collection: Collection = try waiting { collections.acquire(id, $0) }
    defer { collections.release(collection) }
    let (first, last) = (collection.log.firstSequence, collection.log.durableSequence)
    return first <= last ? first...last : nil
  }
}
