import CScheduling
package import VectorModel

/// A mapped file of named, checksummed sections; immutable, so any thread may read it.
package final class SectionFile: Sendable {
  /// Which sections are read and compared with their checksums.
  package enum Verification: Sendable {
    case all
    case named([String])
    case none
  }

  /// The file's name.
  package let path: String
  private let region: MemoryRegion
  private let table: SectionTable
  private let places: [String: Int]
  /// Bytes whose checksum is computed before searches are given way.
  private static let pieceBytesMax = 1 << 20

  /// Maps a file and checks its size, header and table, then the sections that `verification` asks for.
  /// - Throws: `damaged`, `newerFormat` or `io`, each naming the file.
  /// - Complexity: O(bytes of the verified sections).
  package init(
    _ fileSystem: any FileSystem, path: String, verify verification: Verification
  ) throws(StorageError) {
    self.path = path
    region = try fileSystem.map(path)
    table = try unsafe SectionTable(region.bytes.assumingMemoryBound(to: UInt8.self).span, path: path)
    var places: [String: Int] = [:]
    for (index, entry) in table.entries.enumerated()
    where places.updateValue(index, forKey: entry.name) != nil {
      throw .damaged(file: path, offset: nil, what: "two sections are named \(entry.name)")
    }
    self.places = places
    try verify(verification)
  }

  /// The sections' names in the order of the file.
  package var names: [String] { table.entries.map(\.name) }

  /// Bytes of the file.
  package var byteCount: Int { region.count }

  /// A section's bytes, which keep the map alive; nil when there is none of this name.
  package func section(_ name: String) -> MemorySlice? {
    places[name].map {
      MemorySlice(region, offset: table.entries[$0].offset, count: table.entries[$0].byteCount)
    }
  }

  /// A section's bytes.
  /// - Throws: `damaged` when there is none of this name.
  package func requireSection(_ name: String) throws(StorageError) -> MemorySlice {
    guard let section = section(name) else {
      throw .damaged(file: path, offset: nil, what: "it has no section \(name)")
    }
    return section
  }

  /// Reads sections and compares them with their checksums.
  /// - Throws: `damaged` naming file, section and offset.
  package func verify(_ verification: Verification = .all) throws(StorageError) {
    switch verification {
    case .none: return
    case .all:
      try verifyPadding(
        after: SectionTable.headerByteCount, before: table.entries.first?.offset ?? table.offset)
      for index in table.entries.indices { try verify(index) }
    case .named(let names):
      for name in names {
        guard let index = places[name] else {
          throw .damaged(file: path, offset: nil, what: "it has no section \(name)")
        }
        try verify(index)
      }
    }
  }

  private func verify(_ index: Int) throws(StorageError) {
    let entry = table.entries[index]
    var checksum = CRC32C()
    for start in stride(from: entry.offset, to: entry.end, by: Self.pieceBytesMax) {
      withBytes(start..<min(entry.end, start + Self.pieceBytesMax)) { checksum.update($0) }
      scheduling_give_way()
    }
    guard checksum.value == entry.checksum else {
      throw .damaged(
        file: path, offset: UInt64(entry.offset),
        what: "the checksum of the section \(entry.name) does not match")
    }
    let next = index + 1 < table.entries.count ? table.entries[index + 1].offset : table.offset
    try verifyPadding(after: entry.end, before: next)
  }

  private func verifyPadding(after start: Int, before end: Int) throws(StorageError) {
    guard withBytes(start..<end, { $0.isZero }) else {
      throw .damaged(file: path, offset: UInt64(start), what: "the bytes between sections are not zero")
    }
  }

  private func withBytes<T>(_ range: Range<Int>, _ body: (Span<UInt8>) -> T) -> T {
    unsafe body(region.bytes.assumingMemoryBound(to: UInt8.self).span.extracting(range))
  }
}
