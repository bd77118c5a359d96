package import VectorModel

/// The points of a generation, whose slots are their places, read where they lie: in the columns of its file.
///
/// `SealedColumn` says what the columns are. In the order of ids, numbers come first.
package final class SealedPoints: Sendable {
  /// No points.
  package static let none = SealedPoints()

  package let count: Int
  private let kinds: PackedArray<UInt8>
  /// Two a point; those of a UUID have their bytes in the order of its text.
  private let ids: PackedArray<UInt64>
  private let numbers: PackedArray<UInt64>
  private let versions: PackedArray<UInt64>
  /// The slots in the order of their ids; nil where that is their own.
  private let order: PackedArray<UInt32>?
  /// How many ids are numbers.
  private let numberCount: Int

  private init() {
    count = 0
    kinds = PackedArray([])
    ids = PackedArray([])
    numbers = PackedArray([])
    versions = PackedArray([])
    order = nil
    numberCount = 0
  }

  /// Reads what was written by `SealedColumn` and, where the ids do not ascend, `PointTable.order`, which files of
  /// before do not have.
  /// - Throws: `internalError` where sizes or kinds do not fit, an id stands twice, or the order is not that of the ids.
  /// - Complexity: O(count), and O(count log count) where the order is missing.
  package init(sections: (String) -> MemorySlice?) throws(RequestError) {
    guard let kinds = sections(SealedColumn.kinds.rawValue).flatMap(PackedArray<UInt8>.init),
      let ids = sections(SealedColumn.ids.rawValue).flatMap(PackedArray<UInt64>.init),
      let numbers = sections(SealedColumn.numbers.rawValue).flatMap(PackedArray<UInt64>.init),
      let versions = sections(SealedColumn.versions.rawValue).flatMap(PackedArray<UInt64>.init),
      ids.count == 2 * kinds.count, numbers.count == kinds.count, versions.count == kinds.count,
      kinds.count < Int(UInt32.max)
    else { throw .internalError("the columns of a generation's points do not fit together") }
    (self.kinds, self.ids, self.numbers, self.versions) = (kinds, ids, numbers, versions)
    count = kinds.count
    var (numberCount, unknown, isAscending): (Int, Int?, Bool) = (0, nil, true)
    var last: PointID?
    for slot in 0..<kinds.count {
      let kind = kinds[slot]
      if kind == 0 { numberCount += 1 }
      if kind > 1, unknown == nil { unknown = slot }
      let id = Self.id(kind, ids, slot)
      if isAscending, let last, !(last < id) { isAscending = false }
      last = id
    }
    if let unknown {
      throw .internalError("a generation's point \(unknown) has an id of kind \(kinds[unknown])")
    }
    self.numberCount = numberCount
    order = isAscending ? nil : try Self.order(kinds, ids, section: sections(PointTable.orderSection))
  }

  /// Checks the order of a section, or makes it where there is none.
  private static func order(
    _ kinds: PackedArray<UInt8>, _ ids: PackedArray<UInt64>, section: MemorySlice?
  ) throws(RequestError) -> PackedArray<UInt32> {
    guard let section else {
      let slots = (0..<UInt32(kinds.count)).sorted {
        id(kinds[Int($0)], ids, Int($0)) < id(kinds[Int($1)], ids, Int($1))
      }
      return try checked(PackedArray(slots), kinds, ids)
    }
    guard let order = PackedArray<UInt32>(section), order.count == kinds.count else {
      throw .internalError("the order of a generation's points does not fit their columns")
    }
    return try checked(order, kinds, ids)
  }

  /// As many slots as there are points, whose ids ascend, are each of the slots once.
  private static func checked(
    _ order: PackedArray<UInt32>, _ kinds: PackedArray<UInt8>, _ ids: PackedArray<UInt64>
  ) throws(RequestError) -> PackedArray<UInt32> {
    var last: PointID?
    for place in 0..<order.count {
      let slot = Int(order[place])
      guard slot < kinds.count else {
        throw .internalError("the order of a generation's \(kinds.count) points names slot \(slot)")
      }
      let id = id(kinds[slot], ids, slot)
      if let last, !(last < id) {
        throw .internalError(
          last == id
            ? "a generation has the point \(id) twice"
            : "the order of a generation's points has \(id) behind \(last)")
      }
      last = id
    }
    return order
  }

  private static func id(_ kind: UInt8, _ ids: PackedArray<UInt64>, _ slot: Int) -> PointID {
    kind == 0 ? .number(ids[2 * slot]) : .uuid(uuid(ids, slot))
  }

  private static func uuid(_ ids: PackedArray<UInt64>, _ slot: Int) -> UUID128 {
    UUID128(high: ids[2 * slot].byteSwapped, low: ids[2 * slot + 1].byteSwapped)
  }

  func id(of slot: UInt32) -> PointID { Self.id(kinds[Int(slot)], ids, Int(slot)) }

  /// The key of a point's values in the store.
  func number(of slot: UInt32) -> UInt64 { numbers[Int(slot)] }

  /// The version that a point had when the generation was built.
  func version(of slot: UInt32) -> UInt64 { versions[Int(slot)] }

  /// The slot at a place in the order of ids.
  func slot(at place: Int) -> UInt32 { order.map { $0[place] } ?? UInt32(place) }

  /// The first place in the order of ids whose id is not below `id`.
  /// - Complexity: O(log count).
  func lowerBound(_ id: PointID) -> Int {
    switch id {
    case .number(let number): partition(0..<numberCount) { ids[2 * Int($0)] < number }
    case .uuid(let uuid): partition(numberCount..<count) { Self.uuid(ids, Int($0)) < uuid }
    }
  }

  func slot(of id: PointID) -> UInt32? {
    let place = lowerBound(id)
    guard place < count else { return nil }
    let slot = slot(at: place)
    return self.id(of: slot) == id ? slot : nil
  }

  private func partition(_ places: Range<Int>, _ isBelow: (UInt32) -> Bool) -> Int {
    var (low, high) = (places.lowerBound, places.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if isBelow(slot(at: middle)) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
