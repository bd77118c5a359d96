import HashTreeCollections
import VectorIndex
import VectorModel

/// What was acknowledged but is not in the store yet, by number. Reads look here first.
///
/// New points have ascending numbers and lie one after the other; older points that have changed are in a tree.
struct PendingPoints: Sendable {
  struct Entry: Sendable {
    var id: PointID
    var version: UInt64
    var payload: [UInt8]
    /// Bytes of the point's vectors, which the state has; absent where the store's still hold.
    var vectorsByteCount: Int?
  }

  /// Numbers that may be left out between two of `added`.
  private static let gapMax = 64

  /// The number of the first of `added`.
  private var first: UInt64 = 0
  /// By number from `first` on; nil where a point has gone.
  private var added = ChunkedArray<Entry?>()
  /// Points with numbers below `first`.
  private var changed = TreeDictionary<UInt64, Entry>()
  /// Numbers that the store may hold and that must leave it, with their ids.
  private(set) var removals = TreeDictionary<UInt64, PointID>()
  private(set) var entriesCount = 0
  /// About how much memory the entries take.
  private(set) var byteCount = 0

  subscript(number: UInt64) -> Entry? {
    if number < first { return changed[number] }
    let place = number - first
    return place < UInt64(added.count) ? added[Int(place)] : nil
  }

  var isEmpty: Bool { entriesCount == 0 && removals.isEmpty }
  var count: Int { entriesCount + removals.count }

  /// - Parameter isNew: whether no point has had a number so high.
  /// - Complexity: O(1); O(count) for a new number far above the last.
  mutating func put(_ entry: Entry, number: UInt64, isNew: Bool) {
    note(removed: self[number], inserted: entry)
    // After a restart nothing says where new numbers begin: behind any older one.
    if !isNew, number >= first + UInt64(added.count) { begin(at: number + 1) }
    if number < first {
      changed[number] = entry
      return
    }
    if number - first > UInt64(added.count + Self.gapMax) { begin(at: number) }
    let place = Int(number - first)
    while added.count <= place { added.append(nil) }
    added[place] = entry
  }

  /// Puts what there is among the changed points: those that come have numbers from `number` on.
  private mutating func begin(at number: UInt64) {
    for (place, entry) in added.enumerated() {
      if let entry { changed[first + UInt64(place)] = entry }
    }
    added = ChunkedArray()
    first = number
  }

  mutating func remove(number: UInt64, id: PointID) {
    if let old = self[number] {
      note(removed: old, inserted: nil)
      if number < first { changed[number] = nil } else { added[Int(number - first)] = nil }
    }
    if removals.updateValue(id, forKey: number) == nil { byteCount += 64 }
  }

  private mutating func note(removed: Entry?, inserted: Entry?) {
    byteCount += (inserted.map(Self.bytes) ?? 0) - (removed.map(Self.bytes) ?? 0)
    entriesCount += (inserted == nil ? 0 : 1) - (removed == nil ? 0 : 1)
  }

  /// Drops what a commit of the store has taken over.
  /// - Parameter committed: an earlier copy of this value.
  mutating func drop(_ committed: PendingPoints) {
    committed.forEach { number, entry in
      guard number < first, let own = changed[number], own.version == entry.version else { return }
      note(removed: own, inserted: nil)
      changed[number] = nil
    }
    let end = committed.first + UInt64(committed.added.count)
    if end > first {
      let count = min(added.count, Int(end - first))
      for (place, own) in added[..<count].enumerated() {
        guard let own else { continue }
        let number = first + UInt64(place)
        if committed[number]?.version == own.version {
          note(removed: own, inserted: nil)
        } else {
          changed[number] = own
        }
      }
      added = ChunkedArray(added[count...])
      first = end
    }
    for number in committed.removals.keys where removals.removeValue(forKey: number) != nil {
      byteCount -= 64
    }
  }

  /// Calls `body` with all entries, ascending by number.
  func forEach(_ body: (_ number: UInt64, _ entry: Entry) -> Void) {
    for (number, entry) in changed.sorted(by: { $0.key < $1.key }) { body(number, entry) }
    for (place, entry) in added.enumerated() {
      if let entry { body(first + UInt64(place), entry) }
    }
  }

  private static func bytes(_ entry: Entry) -> Int {
    128 + entry.payload.count + (entry.vectorsByteCount ?? 0)
  }
}
