import VectorModel

/// The columns of a generation's points, each a section named as the case, in the order of slots.
///
/// `kinds` has a byte a point (0 a number, 1 a UUID); `ids` sixteen bytes, a number little-endian in the first
/// eight and zeros behind, a UUID in the order of its text; `numbers` and `versions` eight bytes each,
/// little-endian.
package enum SealedColumn: String, CaseIterable, Sendable {
  case kinds
  case ids
  case numbers
  case versions

  /// Appends what the column has of a point.
  func append(_ entry: PointTable.Entry, to writer: inout ByteWriter) {
    switch (self, entry.id) {
    case (.kinds, .number): writer.byte(0)
    case (.kinds, .uuid): writer.byte(1)
    case (.ids, .number(let number)):
      writer.fixed64(number)
      writer.fixed64(0)
    case (.ids, .uuid(let uuid)): writer.uuid(uuid)
    case (.numbers, _): writer.fixed64(entry.number)
    case (.versions, _): writer.fixed64(entry.version)
    }
  }
}

extension PointTable {
  /// The section with the slots (4 bytes each, little-endian) in the order of their ids, where that is not their own.
  package static let orderSection = "order"

  /// Hands out a column of some points, a block after the other.
  /// - Parameter slots: in the order in which they will be a generation's.
  package func forEachBlock<Failure>(
    of column: SealedColumn, _ slots: [UInt32], _ body: ([UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    for first in stride(from: 0, to: slots.count, by: 4096) {
      var writer = ByteWriter(reservingCapacity: 4096 * 16)
      for slot in slots[first..<min(first + 4096, slots.count)] { column.append(self[slot], to: &writer) }
      try body(writer.bytes)
    }
  }

  /// The places of the living points in the order of their ids; nil where the ids ascend.
  /// - Parameter slots: the slots of all living points in the order in which they will be a generation's.
  package func order(of slots: [UInt32]) -> [UInt32]? {
    precondition(slots.count == aliveCount)
    var ascendingCount = 0
    forEach { slot, _ in
      guard slots[ascendingCount] == slot else { return false }
      ascendingCount += 1
      return true
    }
    if ascendingCount == slots.count { return nil }
    var places = [UInt32](repeating: 0, count: slotCount)
    for (place, slot) in slots.enumerated() { places[Int(slot)] = UInt32(place) }
    var order: [UInt32] = []
    order.reserveCapacity(slots.count)
    forEach { slot, _ in
      order.append(places[Int(slot)])
      return true
    }
    return order
  }
}
