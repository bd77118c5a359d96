/// What the items of a snapshot's frames are; consecutive frames of a kind hold one stream of items.
package enum SnapshotSection: UInt32, Sendable {
  /// One item: whose points follow, and what they stand on.
  case collection = 1
  /// One item a point.
  case points = 2
  /// One item: ids that the base has and this snapshot does not.
  case removals = 3
  /// One item an operation of the log.
  case operations = 4
  /// One item: what a restored collection must be equal to.
  case summary = 5
  /// One item: the aliases of the whole storage.
  case aliases = 6
  /// One item: how many frames and bytes came before; nothing comes after.
  case end = 7
}

/// The 24 bytes before a frame's stored bytes.
///
/// ```
///  0  4  section
///  4  4  stored bytes    a zstd frame
///  8  4  content bytes   at most 1 MiB
/// 12  4  CRC32C          seeded with the file header's; over the other fields and the stored bytes
/// 16  8  index           0, 1, … within the file
/// ```
struct SnapshotFrame: Equatable {
  static let headerByteCount = 24
  static let contentBytesMax = 1 << 20
  /// More than zstd ever makes of the largest content.
  static let storedBytesMax = contentBytesMax + (64 << 10)

  var section: SnapshotSection
  var storedByteCount: Int
  var contentByteCount: Int
  var index: UInt64

  init(section: SnapshotSection, storedByteCount: Int, contentByteCount: Int, index: UInt64) {
    self.section = section
    self.storedByteCount = storedByteCount
    self.contentByteCount = contentByteCount
    self.index = index
  }

  /// Reads the fields of a header; nil where no frame can begin like this.
  init?(_ header: Span<UInt8>) {
    guard header.count == Self.headerByteCount,
      let section = SnapshotSection(rawValue: header.load(UInt32.self, at: 0))
    else { return nil }
    let (stored, content): (UInt32, UInt32) = (header.load(at: 4), header.load(at: 8))
    guard stored <= Self.storedBytesMax, content <= Self.contentBytesMax else { return nil }
    self.init(
      section: section, storedByteCount: Int(stored), contentByteCount: Int(content),
      index: header.load(at: 16))
  }

  /// The header of these fields and the stored bytes that follow it.
  func header(_ stored: Span<UInt8>, seed: UInt32) -> [UInt8] {
    var header: [UInt8] = []
    header.append(littleEndian: section.rawValue)
    header.append(littleEndian: UInt32(storedByteCount))
    header.append(littleEndian: UInt32(contentByteCount))
    header.append(littleEndian: UInt32(0))
    header.append(littleEndian: index)
    header.store(Self.checksum(header.span, stored, seed: seed), at: 12)
    return header
  }

  static func checksum(_ header: Span<UInt8>, _ stored: Span<UInt8>, seed: UInt32) -> UInt32 {
    var checksum = CRC32C(seed)
    checksum.update(header.extracting(0..<12))
    checksum.update(header.extracting(16..<headerByteCount))
    checksum.update(stored)
    return checksum.value
  }
}

/// The first 64 bytes of a snapshot.
///
/// ```
///  0  8  magic                    16  8  salt
///  8  4  version                  24 36  zeros
/// 12  4  bytes of this header     60  4  CRC32C of the bytes before
/// ```
/// The checksum covers a random salt and seeds the frames' checksums, so that no frame of another file is
/// taken for one of this file.
struct SnapshotFileHeader: Equatable {
  static let byteCount = 64
  static let version: UInt32 = 1
  private static let magic = Array("NTAILSNP".utf8)

  var salt: UInt64

  /// The header's bytes and their checksum.
  func encoded() -> (bytes: [UInt8], checksum: UInt32) {
    var bytes = Self.magic
    bytes.append(littleEndian: Self.version)
    bytes.append(littleEndian: UInt32(Self.byteCount))
    bytes.append(littleEndian: salt)
    bytes.append(contentsOf: [UInt8](repeating: 0, count: Self.byteCount - 4 - bytes.count))
    let checksum = CRC32C.checksum(bytes.span)
    bytes.append(littleEndian: checksum)
    return (bytes, checksum)
  }

  /// Reads the header and returns its checksum.
  /// - Throws: `damaged` or `newerFormat` naming `file`.
  static func checksum(of bytes: [UInt8], file: String) throws(StorageError) -> UInt32 {
    guard bytes.count == byteCount, Array(bytes[0..<8]) == magic else {
      throw .damaged(file: file, offset: 0, what: "it does not begin as a snapshot")
    }
    let checksum: UInt32 = bytes.span.load(at: byteCount - 4)
    guard CRC32C.checksum(bytes.span.extracting(0..<(byteCount - 4))) == checksum else {
      throw .damaged(file: file, offset: 0, what: "the header's checksum does not match")
    }
    let version: UInt32 = bytes.span.load(at: 8)
    guard version <= Self.version else {
      throw .newerFormat(file: file, found: version, supported: Self.version)
    }
    return checksum
  }
}
