import VectorModel

/// The first 80 bytes of a log segment.
///
/// Its checksum seeds the checksums of the segment's records. It covers a random salt, so that no other
/// segment's bytes and no bytes that a client chose are taken for a record of this segment.
struct SegmentHeader: Equatable, Sendable {
  static let byteCount = 80
  static let version: UInt32 = 1
  private static let magic = Array("NTAILLOG".utf8)

  var collection: UUID128
  var epoch: UInt64
  /// The sequence of the segment's first operation.
  var firstSequence: UInt64
  /// The highest sequence known to be durable when the segment was made.
  var durableThrough: UInt64
  var salt: UInt64

  /// The header's bytes and their checksum.
  func encoded() -> (bytes: [UInt8], checksum: UInt32) {
    var bytes = Self.magic
    bytes.append(littleEndian: Self.version)
    bytes.append(littleEndian: UInt32(Self.byteCount))
    bytes.append(collection)
    bytes.append(littleEndian: epoch)
    bytes.append(littleEndian: firstSequence)
    bytes.append(littleEndian: durableThrough)
    bytes.append(littleEndian: salt)
    bytes.append(contentsOf: [UInt8](repeating: 0, count: Self.byteCount - 4 - bytes.count))
    let checksum = CRC32C.checksum(bytes.span)
    bytes.append(littleEndian: checksum)
    return (bytes, checksum)
  }

  init(
    collection: UUID128, epoch: UInt64, firstSequence: UInt64, durableThrough: UInt64,
    salt: UInt64 = .random(in: .min ... .max)
  ) {
    self.collection = collection
    self.epoch = epoch
    self.firstSequence = firstSequence
    self.durableThrough = durableThrough
    self.salt = salt
  }

  /// Reads the header at the beginning of `bytes` and returns it with its checksum.
  /// - Throws: `damaged` or `newerFormat` naming `file`.
  static func decode(_ bytes: Span<UInt8>, file: String) throws(StorageError) -> (SegmentHeader, UInt32) {
    guard bytes.count >= byteCount else {
      throw .damaged(file: file, offset: UInt64(bytes.count), what: "it ends inside the segment header")
    }
    guard Array(copying: bytes.extracting(0..<8)) == magic else {
      throw .damaged(file: file, offset: 0, what: "it does not begin as a log segment")
    }
    let checksum: UInt32 = bytes.load(at: byteCount - 4)
    guard CRC32C.checksum(bytes.extracting(0..<(byteCount - 4))) == checksum else {
      throw .damaged(file: file, offset: 0, what: "the segment header's checksum does not match")
    }
    let version: UInt32 = bytes.load(at: 8)
    guard version <= Self.version else {
      throw .newerFormat(file: file, found: version, supported: Self.version)
    }
    let header = SegmentHeader(
      collection: bytes.loadUUID(at: 16), epoch: bytes.load(at: 32), firstSequence: bytes.load(at: 40),
      durableThrough: bytes.load(at: 48), salt: bytes.load(at: 56))
    return (header, checksum)
  }

  /// The file's name: 20 decimal digits, so that names sort as sequences do.
  static func fileName(firstSequence: UInt64) -> String {
    let digits = String(firstSequence)
    return String(repeating: "0", count: 20 - digits.count) + digits + ".log"
  }

  /// The sequence in a file's name; nil when it is not a segment's name.
  static func firstSequence(fileName: String) -> UInt64? {
    guard fileName.hasSuffix(".log"), let sequence = UInt64(fileName.dropLast(4)),
      Self.fileName(firstSequence: sequence) == fileName
    else { return nil }
    return sequence
  }
}
