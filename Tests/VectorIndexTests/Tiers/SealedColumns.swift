import VectorModel

@testable import VectorIndex

/// The sections of a generation's points as its file has them.
struct SealedColumns {
  var bytes: [String: [UInt8]]

  init(bytes: [String: [UInt8]]) { self.bytes = bytes }

  /// - Parameter entries: in the order of slots; ids are distinct.
  init(_ entries: [PointTable.Entry]) {
    var table = PointTable()
    for entry in entries { _ = table.insert(entry) }
    self.init(livingOf: table)
  }

  /// What a build writes of a table.
  init(livingOf table: PointTable) {
    let slots = table.alive.ones
    bytes = [:]
    for column in SealedColumn.allCases {
      bytes[column.rawValue] = []
      table.forEachBlock(of: column, slots) { bytes[column.rawValue]?.append(contentsOf: $0) }
    }
    if let order = table.order(of: slots) {
      bytes[PointTable.orderSection] = PackedArray<UInt32>.bytes(of: order)
    }
  }

  func section(_ name: String) -> MemorySlice? {
    bytes[name].map { MemorySlice(MemoryRegion(copying: $0)) }
  }

  func points() throws(RequestError) -> SealedPoints { try SealedPoints(sections: section) }
}
