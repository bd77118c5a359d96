import HashTreeCollections
import VectorModel

/// What was acknowledged but is not in the store yet, by number. Reads look here first.
struct PendingPoints: Sendable {
  struct Entry: Sendable {
    var id: PointID
    var version: UInt64
    var payload: [UInt8]
    /// Bytes of the point's vectors, which the state has; absent where the store's still hold.
    var vectorsByteCount: Int?
  }

  private(set) var entries = TreeDictionary<UInt64, Entry>()
  /// Numbers that the store may hold and that must leave it, with their ids.
  private(set) var removals = TreeDictionary<UInt64, PointID>()
  /// About how much memory the entries take.
  private(set) var byteCount = 0

  subscript(number: UInt64) -> Entry? { entries[number] }

  var isEmpty: Bool { entries.isEmpty && removals.isEmpty }
  var count: Int { entries.count + removals.count }

  mutating func put(_ entry: Entry, number: UInt64) {
    byteCount += Self.bytes(entry)
    if let old = entries.updateValue(entry, forKey: number) { byteCount -= Self.bytes(old) }
  }

  mutating func remove(number: UInt64, id: PointID) {
    if let old = entries.removeValue(forKey: number) { byteCount -= Self.bytes(old) }
    removals[number] = id
    byteCount += 64
  }

  /// Drops what a commit of the store has taken over.
  /// - Parameter committed: an earlier copy of this value.
  mutating func drop(_ committed: PendingPoints) {
    for (number, entry) in committed.entries where entries[number]?.version == entry.version {
      if let old = entries.removeValue(forKey: number) { byteCount -= Self.bytes(old) }
    }
    for number in committed.removals.keys where removals.removeValue(forKey: number) != nil {
      byteCount -= 64
    }
  }

  private static func bytes(_ entry: Entry) -> Int {
    128 + entry.payload.count + (entry.vectorsByteCount ?? 0)
  }
}
