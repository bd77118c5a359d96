package import VectorModel

/// The points of a generation as named bytes: three columns in the order of slots.
///
/// `kinds` has a byte a point (0 a number, 1 a UUID); `ids` sixteen bytes, a number little-endian in the first
/// eight and zeros behind, a UUID in the order of its text; `numbers` and `versions` eight bytes each,
/// little-endian.
extension PointTable {
  package static func sections(_ entries: [Entry]) -> [(name: String, bytes: MemorySlice)] {
    var kinds = ByteWriter(reservingCapacity: entries.count)
    var ids = ByteWriter(reservingCapacity: 16 * entries.count)
    var numbers = ByteWriter(reservingCapacity: 8 * entries.count)
    var versions = ByteWriter(reservingCapacity: 8 * entries.count)
    for entry in entries {
      switch entry.id {
      case .number(let number):
        kinds.byte(0)
        ids.fixed64(number)
        ids.fixed64(0)
      case .uuid(let uuid):
        kinds.byte(1)
        ids.uuid(uuid)
      }
      numbers.fixed64(entry.number)
      versions.fixed64(entry.version)
    }
    return [("kinds", kinds), ("ids", ids), ("numbers", numbers), ("versions", versions)].map {
      (name: $0.0, bytes: MemorySlice(MemoryRegion(copying: $0.1.bytes)))
    }
  }

  /// Reads what `sections` wrote.
  /// - Throws: `internalError` where sizes or kinds do not fit, or an id stands twice.
  package static func entries(
    sections: (String) -> MemorySlice?
  ) throws(RequestError) -> [Entry] {
    guard let kinds = sections("kinds"), let ids = sections("ids"), let numbers = sections("numbers"),
      let versions = sections("versions"), ids.count == 16 * kinds.count, numbers.count == 8 * kinds.count,
      versions.count == 8 * kinds.count, kinds.count < Int(UInt32.max)
    else { throw .internalError("the columns of a generation's points do not fit together") }
    let (kindBytes, idBytes) = unsafe (kinds.bytes, ids.bytes)
    let (numberBytes, versionBytes) = unsafe (numbers.bytes, versions.bytes)
    var entries: [Entry] = []
    entries.reserveCapacity(kinds.count)
    for index in 0..<kinds.count {
      let first = unsafe idBytes.loadUnaligned(fromByteOffset: 16 * index, as: UInt64.self)
      let second = unsafe idBytes.loadUnaligned(fromByteOffset: 16 * index + 8, as: UInt64.self)
      let id: PointID
      switch unsafe kindBytes[index] {
      case 0: id = .number(UInt64(littleEndian: first))
      case 1: id = .uuid(UUID128(high: UInt64(bigEndian: first), low: UInt64(bigEndian: second)))
      case let kind: throw .internalError("a generation's point \(index) has an id of kind \(kind)")
      }
      let number = unsafe numberBytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
      let version = unsafe versionBytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
      entries.append(
        Entry(id: id, number: UInt64(littleEndian: number), version: UInt64(littleEndian: version)))
    }
    return entries
  }
}
