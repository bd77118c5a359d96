/// Reads the records of one segment file through a window of bounded size, trusting nothing that it reads.
struct SegmentWindow {
  /// A record that passed its checksum; its body is in the window until the next call.
  struct Record {
    let header: RecordHeader
    let body: Range<Int>
  }

  private static let windowBytes = 256 << 10

  let path: String
  let header: SegmentHeader
  private let file: any File
  let seed: UInt32
  private var buffer: [UInt8]
  private var bufferOffset: UInt64 = 0
  private let fileByteCount: UInt64

  /// Opens a segment and checks its header against its name, its collection and its epoch.
  init(_ fileSystem: any FileSystem, directory: String, identity: LogIdentity, first: UInt64)
    throws(StorageError)
  {
    path = directory + "/" + SegmentHeader.fileName(firstSequence: first)
    file = try fileSystem.open(path, .read)
    fileByteCount = try file.byteCount()
    let start = try file.readBytes(count: SegmentHeader.byteCount, at: 0)
    (header, seed) = try SegmentHeader.decode(start.span, file: path)
    buffer = start
    guard header.collection == identity.collection else {
      throw .damaged(file: path, offset: 16, what: "it belongs to the collection \(header.collection)")
    }
    guard header.epoch == identity.epoch, header.firstSequence == first else {
      throw .damaged(
        file: path, offset: 32,
        what: "it has epoch \(header.epoch) and first sequence \(header.firstSequence), "
          + "expected \(identity.epoch) and \(first)")
    }
  }

  /// The record at `offset`, or nil when none begins there.
  mutating func record(at offset: UInt64) throws(StorageError) -> Record? {
    guard let start = try load(RecordHeader.byteCount, at: offset),
      let header = RecordHeader(buffer.span.extracting(start..<(start + RecordHeader.byteCount))),
      let start = try load(header.recordByteCount, at: offset)
    else { return nil }
    let record = buffer.span.extracting(start..<(start + header.recordByteCount))
    let checksum: UInt32 = record.load(at: 4)
    guard RecordHeader.checksum(record, seed: seed) == checksum else { return nil }
    let body = start + RecordHeader.byteCount
    return Record(header: header, body: body..<(body + header.bodyByteCount))
  }

  /// The bytes of a body that `record(at:)` has just returned.
  func body(_ record: Record) -> ArraySlice<UInt8> { buffer[record.body] }

  /// Whether a record at or after `offset` says that `sequence` was durable.
  ///
  /// Records begin at multiples of 8, so these places are tried.
  mutating func provesDurable(_ sequence: UInt64, from offset: UInt64) throws(StorageError) -> Bool {
    var position = (offset + 7) & ~7
    while position + UInt64(RecordHeader.byteCount) <= fileByteCount {
      guard let start = try load(RecordHeader.byteCount, at: position) else { return false }
      if let header = RecordHeader(buffer.span.extracting(start..<(start + RecordHeader.byteCount))),
        header.durableThrough >= sequence, try record(at: position) != nil
      {
        return true
      }
      position += 8
    }
    return false
  }

  /// Makes `count` bytes from `offset` available and returns their place in `buffer`; nil past the file's end.
  private mutating func load(_ count: Int, at offset: UInt64) throws(StorageError) -> Int? {
    let end = offset + UInt64(count)
    if offset >= bufferOffset, end <= bufferOffset + UInt64(buffer.count) {
      return Int(offset - bufferOffset)
    }
    guard end <= fileByteCount else { return nil }
    let wanted = Int(min(UInt64(max(count, Self.windowBytes)), fileByteCount - offset))
    if buffer.count < wanted {
      buffer = [UInt8](repeating: 0, count: wanted)
    } else {
      buffer.removeLast(buffer.count - wanted)
    }
    let read = try file.readAll(into: &buffer, 0..<wanted, at: offset)
    if read < wanted { buffer.removeLast(wanted - read) }
    bufferOffset = offset
    return read >= count ? 0 : nil
  }
}
