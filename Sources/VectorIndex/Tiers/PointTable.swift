package import VectorModel

/// Which points there are: their slots, ids, numbers in the store, and versions.
///
/// Slots below `sealedCount` belong to the generation, those above to the delta. A replaced or deleted
/// point's slot is dead until a build drops it. Copies share their memory.
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

  package let sealedCount: Int
  private var entries: ChunkedArray<Entry>
  /// The sealed slots in the order of their ids.
  private let sealedOrder: [UInt32]
  private var deltaSlots = SortedIDMap()
  package private(set) var alive: Bitset
  package private(set) var aliveCount: Int

  package init() { self.init(sealed: []) }

  /// A table of sealed points whose slots are their places in `sealed`; ids are distinct.
  /// - Complexity: O(count log count), O(count) where the ids ascend.
  package init(sealed: [Entry]) {
    sealedCount = sealed.count
    entries = ChunkedArray(sealed)
    var isAscending = true
    for index in sealed.indices.dropFirst() where !(sealed[index - 1].id < sealed[index].id) {
      isAscending = false
      break
    }
    let slots = Array(0..<UInt32(sealed.count))
    sealedOrder = isAscending ? slots : slots.sorted { sealed[Int($0)].id < sealed[Int($1)].id }
    alive = Bitset(count: sealed.count, repeating: true)
    aliveCount = sealed.count
  }

  /// How many slots there are, dead ones included.
  package var slotCount: Int { entries.count }

  package subscript(slot: UInt32) -> Entry { entries[Int(slot)] }

  package func isAlive(_ slot: UInt32) -> Bool { alive[Int(slot)] }

  /// The slot of a living point.
  /// - Complexity: O(log count).
  package func slot(of id: PointID) -> UInt32? {
    if let slot = deltaSlots[id] { return slot }
    guard let slot = sealedSlot(of: id), alive[Int(slot)] else { return nil }
    return slot
  }

  /// Adds a living point in a new slot; its id has none.
  package mutating func insert(_ entry: Entry) -> UInt32 {
    let slot = UInt32(entries.count)
    entries.append(entry)
    alive.append(true)
    aliveCount += 1
    deltaSlots.set(entry.id, to: slot)
    return slot
  }

  /// Ends the life of a point.
  package mutating func remove(_ slot: UInt32) {
    precondition(alive[Int(slot)])
    alive[Int(slot)] = false
    aliveCount -= 1
    if Int(slot) >= sealedCount { deltaSlots.remove(entries[Int(slot)].id) }
  }

  package mutating func setVersion(_ version: UInt64, of slot: UInt32) {
    entries[Int(slot)].version = version
  }

  /// Calls `body` with the living points from `start` on, in the order of their ids, until it returns false.
  /// - Complexity: O(log count + entries passed).
  package func forEach(from start: PointID? = nil, _ body: (_ slot: UInt32, _ id: PointID) -> Bool) {
    var sealed = start.map { sealedLowerBound($0) } ?? 0
    var cursor = deltaSlots.cursor(from: start)
    var delta = deltaSlots.entry(at: cursor)
    while true {
      while sealed < sealedOrder.count, !alive[Int(sealedOrder[sealed])] { sealed += 1 }
      let sealedID = sealed < sealedOrder.count ? entries[Int(sealedOrder[sealed])].id : nil
      if let entry = delta, sealedID.map({ entry.id < $0 }) ?? true {
        if !body(entry.slot, entry.id) { return }
        deltaSlots.advance(&cursor)
        delta = deltaSlots.entry(at: cursor)
      } else if let sealedID {
        if !body(sealedOrder[sealed], sealedID) { return }
        sealed += 1
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
      } else if old[oldSlot].version != self[UInt32(slot)].version {
        result.setVersion(old[oldSlot].version, of: UInt32(slot))
      }
    }
    for slot in oldSlotCount..<old.slotCount {
      let isAlive = old.isAlive(UInt32(slot))
      result.entries.append(old[UInt32(slot)])
      result.alive.append(isAlive)
      guard isAlive else { continue }
      result.aliveCount += 1
      result.deltaSlots.set(old[UInt32(slot)].id, to: UInt32(result.entries.count - 1))
    }
    return result
  }

  private func sealedLowerBound(_ id: PointID) -> Int {
    var low = 0
    var high = sealedOrder.count
    while low < high {
      let middle = (low + high) / 2
      if entries[Int(sealedOrder[middle])].id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func sealedSlot(of id: PointID) -> UInt32? {
    let index = sealedLowerBound(id)
    guard index < sealedOrder.count, entries[Int(sealedOrder[index])].id == id else { return nil }
    return sealedOrder[index]
  }
}
