/// Where the sections of a file are: its header of 64 bytes and the table behind the last section.
///
/// ```
///  0  8  magic                    32  8  bytes of the file
///  8  4  version                  40  4  CRC32C of the table
/// 12  4  count of sections        44 16  zeros
/// 16  8  offset of the table      60  4  CRC32C of the bytes before
/// 24  8  bytes of the table
/// ```
/// An entry of the table: the name (16-bit count, UTF-8), offset (8), bytes (8), CRC32C (4). Sections lie in the
/// table's order from 4,096 on, each at a multiple of 4,096; what is between them is zero.
struct SectionTable: Equatable, Sendable {
  struct Entry: Equatable, Sendable {
    let name: String
    let offset: Int
    let byteCount: Int
    let checksum: UInt32

    var end: Int { offset + byteCount }
  }

  static let headerByteCount = 64
  static let alignment = 4096
  static let version: UInt32 = 1
  static let sectionCountMax = 65_536
  private static let magic = Array("NTAILSEC".utf8)

  var entries: [Entry] = []

  /// The next multiple of 4,096.
  static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }

  /// Where the table begins.
  var offset: Int { Self.aligned(entries.last?.end ?? Self.headerByteCount) }

  /// The table's bytes and the header that belongs to them.
  func encoded() -> (header: [UInt8], table: [UInt8]) {
    var table: [UInt8] = []
    for entry in entries {
      table.append(string: entry.name)
      table.append(littleEndian: UInt64(entry.offset))
      table.append(littleEndian: UInt64(entry.byteCount))
      table.append(littleEndian: entry.checksum)
    }
    var header = Self.magic
    header.append(littleEndian: Self.version)
    header.append(littleEndian: UInt32(entries.count))
    header.append(littleEndian: UInt64(offset))
    header.append(littleEndian: UInt64(table.count))
    header.append(littleEndian: UInt64(offset + table.count))
    header.append(littleEndian: CRC32C.checksum(table.span))
    header.append(contentsOf: [UInt8](repeating: 0, count: Self.headerByteCount - 4 - header.count))
    header.append(littleEndian: CRC32C.checksum(header.span))
    return (header, table)
  }

  init() {}

  /// Reads header and table of a whole file.
  /// - Throws: `damaged` or `newerFormat` naming `path`.
  init(_ file: Span<UInt8>, path: String) throws(StorageError) {
    guard file.count >= Self.headerByteCount, Array(copying: file.extracting(0..<8)) == Self.magic else {
      throw .damaged(file: path, offset: 0, what: "it does not begin as a file of sections")
    }
    let header = file.extracting(0..<Self.headerByteCount)
    guard CRC32C.checksum(header.extracting(0..<60)) == header.load(UInt32.self, at: 60) else {
      throw .damaged(file: path, offset: 0, what: "the header's checksum does not match")
    }
    let version: UInt32 = header.load(at: 8)
    guard version <= Self.version else {
      throw .newerFormat(file: path, found: version, supported: Self.version)
    }
    let byteCount: UInt64 = header.load(at: 32)
    guard byteCount == UInt64(file.count) else {
      throw .damaged(
        file: path, offset: UInt64(file.count),
        what: "the file has \(file.count) bytes, expected \(byteCount)")
    }
    let (offset, count): (UInt64, UInt64) = (header.load(at: 16), header.load(at: 24))
    guard offset <= byteCount, count == byteCount - offset else {
      throw .damaged(file: path, offset: 16, what: "the table is not at the end")
    }
    let table = file.extracting(Int(offset)..<file.count)
    guard CRC32C.checksum(table) == header.load(UInt32.self, at: 40) else {
      throw .damaged(file: path, offset: offset, what: "the table's checksum does not match")
    }
    guard let entries = Self.entries(Array(copying: table), count: Int(header.load(UInt32.self, at: 12)))
    else {
      throw .damaged(file: path, offset: offset, what: "the table is malformed")
    }
    self.entries = entries
    guard self.offset == Int(offset) else {
      throw .damaged(file: path, offset: 16, what: "the table is not behind the last section")
    }
  }

  private static func entries(_ table: [UInt8], count: Int) -> [Entry]? {
    guard count <= sectionCountMax else { return nil }
    var reader = ByteReader(table)
    var entries: [Entry] = []
    var end = headerByteCount
    for _ in 0..<count {
      guard let name = reader.nextString(), let offset = reader.next(UInt64.self),
        let byteCount = reader.next(UInt64.self), let checksum = reader.next(UInt32.self),
        offset == UInt64(aligned(end)), byteCount < 1 << 48
      else { return nil }
      let entry = Entry(name: name, offset: Int(offset), byteCount: Int(byteCount), checksum: checksum)
      entries.append(entry)
      end = entry.end
    }
    return reader.remainingCount == 0 ? entries : nil
  }
}
