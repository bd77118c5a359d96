package import VectorModel

/// Which points there are: their slots, ids, numbers in the store, and versions.
///
/// Slots below `sealedCount` belong to the generation, in whose file they are read, those above to the delta. A replaced
/// or deleted point's slot is dead until a build drops it. Copies share their memory.
package struct PointTable: Sendable {
  package struct Entry: Sendable {
    package var id: PointID
    /// The key of the point's values in the store.
    package var number: UInt64
    /// The sequence of the last operation that touched the point.
    package var version: UInt64

    package init(id: PointID, number: UInt64, version: UInt64) {
      self.id = id
      self.number = number
      self.version = version
    }
  }

  private let sealed: SealedPoints
  /// Those of the sealed points now.
  private var sealedVersions: ChunkedArray<UInt64>
  /// The points behind the sealed ones.
  private var added = ChunkedArray<Entry>()
  private var addedSlots = SortedIDMap()
  package private(set) var alive: Bitset
  package private(set) var aliveCount: Int

  /// A table of a generation's points, or of none.
  /// - Complexity: O(count / 64).
  package init(sealed: SealedPoints = .none) {
    self.sealed = sealed
    sealedVersions = ChunkedArray(count: sealed.count) { sealed.version(of: UInt32($0)) }
    alive = Bitset(count: sealed.count, repeating: true)
    aliveCount = sealed.count
  }

  package var sealedCount: Int { sealed.count }

  /// How many slots there are, dead ones included.
  package var slotCount: Int { sealed.count + added.count }

  package subscript(slot: UInt32) -> Entry {
    if Int(slot) >= sealed.count { return added[Int(slot) - sealed.count] }
    return Entry(id: sealed.id(of: slot), number: sealed.number(of: slot), version: sealedVersions[Int(slot)])
  }

  package func id(of slot: UInt32) -> PointID {
    Int(slot) < sealed.count ? sealed.id(of: slot) : added[Int(slot) - sealed.count].id
  }

  package func version(of slot: UInt32) -> UInt64 {
    Int(slot) < sealed.count ? sealedVersions[Int(slot)] : added[Int(slot) - sealed.count].version
  }

  package func isAlive(_ slot: UInt32) -> Bool { alive[Int(slot)] }

  /// The slot of a living point.
  /// - Complexity: O(log count).
  package func slot(of id: PointID) -> UInt32? {
    if let slot = addedSlots[id] { return slot }
    guard let slot = sealed.slot(of: id), alive[Int(slot)] else { return nil }
    return slot
  }

  /// Adds a living point in a new slot; its id has none.
  package mutating func insert(_ entry: Entry) -> UInt32 {
    let slot = append(entry, isAlive: true)
    addedSlots.set(entry.id, to: slot)
    return slot
  }

  private mutating func append(_ entry: Entry, isAlive: Bool) -> UInt32 {
    let slot = UInt32(slotCount)
    added.append(entry)
    alive.append(isAlive)
    if isAlive { aliveCount += 1 }
    return slot
  }

  /// Ends the life of a point.
  package mutating func remove(_ slot: UInt32) {
    precondition(alive[Int(slot)])
    alive[Int(slot)] = false
    aliveCount -= 1
    if Int(slot) >= sealed.count { addedSlots.remove(id(of: slot)) }
  }

  package mutating func setVersion(_ version: UInt64, of slot: UInt32) {
    if Int(slot) < sealed.count {
      sealedVersions[Int(slot)] = version
    } else {
      added[Int(slot) - sealed.count].version = version
    }
  }

  /// Calls `body` with the living points from `start` on, in the order of their ids, until it returns false.
  /// - Complexity: O(log count + entries passed).
  package func forEach(from start: PointID? = nil, _ body: (_ slot: UInt32, _ id: PointID) -> Bool) {
    var place = start.map { sealed.lowerBound($0) } ?? 0
    var cursor = addedSlots.cursor(from: start)
    var next = addedSlots.entry(at: cursor)
    while true {
      while place < sealed.count, !alive[Int(sealed.slot(at: place))] { place += 1 }
      let sealedSlot = place < sealed.count ? sealed.slot(at: place) : nil
      let sealedID = sealedSlot.map { sealed.id(of: $0) }
      if let entry = next, sealedID.map({ entry.id < $0 }) ?? true {
        if !body(entry.slot, entry.id) { return }
        addedSlots.advance(&cursor)
        next = addedSlots.entry(at: cursor)
      } else if let sealedSlot, let sealedID {
        if !body(sealedSlot, sealedID) { return }
        place += 1
      } else {
        return
      }
    }
  }

  /// The points after a build: the generation's, and those that came since its view.
  ///
  /// - Parameters:
  ///   - old: the points now.
  ///   - livingSlots: the old slot of each slot of the generation.
  ///   - oldSlotCount: how many slots the view had; those behind it follow on the generation's.
  /// - Precondition: `self` is the generation's points alone, all alive.
  /// - Complexity: O(slots).
  package func followed(by old: PointTable, livingSlots: [UInt32], oldSlotCount: Int) -> PointTable {
    precondition(slotCount == livingSlots.count && aliveCount == slotCount)
    var result = self
    for (slot, oldSlot) in livingSlots.enumerated() {
      if !old.isAlive(oldSlot) {
        result.remove(UInt32(slot))
      } else if old.version(of: oldSlot) != version(of: UInt32(slot)) {
        result.setVersion(old.version(of: oldSlot), of: UInt32(slot))
      }
    }
    for oldSlot in UInt32(oldSlotCount)..<UInt32(old.slotCount) {
      let isAlive = old.isAlive(oldSlot)
      let slot = result.append(old[oldSlot], isAlive: isAlive)
      if isAlive { result.addedSlots.set(old.id(of: oldSlot), to: slot) }
    }
    return result
  }
}
