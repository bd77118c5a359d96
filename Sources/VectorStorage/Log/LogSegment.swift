/// The segment that operations are appended to: an open file and the place of its next record.
struct LogSegment: Sendable {
  let file: any File
  let first: UInt64
  /// The header's checksum, which seeds those of the records.
  let seed: UInt32
  /// Where the next record begins.
  var offset: UInt64
  /// The end of the space that is reserved for the file.
  var allocatedThrough: UInt64
  /// The highest durable-through that this segment's header or records carry.
  var provenSequence: UInt64

  private static let blockBytes: UInt64 = 4096

  /// Makes a segment whose name appears only once its header, `records` and all are durable.
  /// - Parameter fill: appends records to the bytes of the header, given the seed of their checksums, and
  ///   returns false after the last piece; the bytes of each piece are written and dropped.
  static func create(
    _ fileSystem: any FileSystem, directory: String, header: SegmentHeader,
    fill: (inout [UInt8], _ seed: UInt32) throws(StorageError) -> Bool = { (_, _) in false }
  ) throws(StorageError) -> LogSegment {
    let path = directory + "/" + SegmentHeader.fileName(firstSequence: header.firstSequence)
    let temporary = try fileSystem.open(path + ".tmp", .createOrTruncate)
    var (bytes, seed) = header.encoded()
    var offset: UInt64 = 0
    var more = true
    while more {
      more = try fill(&bytes, seed)
      try temporary.writeAll(bytes.span, at: offset)
      offset += UInt64(bytes.count)
      bytes.removeAll(keepingCapacity: true)
    }
    try temporary.sync()
    try temporary.close()
    try fileSystem.rename(path + ".tmp", to: path)
    try fileSystem.syncDirectory(directory)
    return LogSegment(
      file: try fileSystem.open(path, .append), first: header.firstSequence, seed: seed, offset: offset,
      allocatedThrough: offset, provenSequence: header.durableThrough)
  }

  /// Opens a segment of an earlier process again, to mark its end.
  static func reopen(
    _ fileSystem: any FileSystem, directory: String, identity: LogIdentity, _ segment: LogRecovery.Segment
  ) throws(StorageError) -> LogSegment {
    let window = try SegmentWindow(fileSystem, directory: directory, identity: identity, first: segment.first)
    return LogSegment(
      file: try fileSystem.open(window.path, .append), first: segment.first, seed: window.seed,
      offset: segment.byteCount, allocatedThrough: segment.byteCount,
      provenSequence: window.header.durableThrough)
  }

  /// Reserves space for a mark, as far as the last block has none.
  func reserveMark() throws(StorageError) {
    let end = offset + UInt64(RecordHeader.byteCount)
    try file.preallocate(offset..<((end + Self.blockBytes - 1) & ~(Self.blockBytes - 1)))
  }

  /// Reserves space for `byteCount` more bytes and a mark, in whole blocks; at least doubles it up to
  /// `segmentBytes`.
  mutating func reserve(_ byteCount: Int, _ options: SegmentedLog.Options) throws(StorageError) {
    let end = offset + UInt64(byteCount + RecordHeader.byteCount)
    guard end > allocatedThrough else { return }
    let doubled = min(max(2 * allocatedThrough, options.preallocationBytesMin), options.segmentBytes)
    let target = (max(end, doubled) + Self.blockBytes - 1) & ~(Self.blockBytes - 1)
    try file.preallocate(allocatedThrough..<target)
    allocatedThrough = target
  }

  /// Appends an operation's records to `bytes`, in parts below 1 MiB, and moves the offset past them.
  mutating func encode(
    _ body: Span<UInt8>, sequence: UInt64, timeMilliseconds: UInt64, durableThrough: UInt64,
    into bytes: inout [UInt8]
  ) {
    offset += UInt64(Self.byteCount(bodyByteCount: body.count))
    provenSequence = max(provenSequence, durableThrough)
    Self.encode(
      body, sequence: sequence, timeMilliseconds: timeMilliseconds, durableThrough: durableThrough,
      seed: seed,
      into: &bytes)
  }

  /// Appends an operation's records to `bytes`.
  static func encode(
    _ body: Span<UInt8>, sequence: UInt64, timeMilliseconds: UInt64, durableThrough: UInt64, seed: UInt32,
    into bytes: inout [UInt8]
  ) {
    var start = 0
    var part: UInt32 = 0
    repeat {
      let end = min(start + RecordHeader.bodyBytesMax, body.count)
      let header = RecordHeader(
        bodyByteCount: end - start, sequence: sequence, timeMilliseconds: timeMilliseconds,
        durableThrough: durableThrough, part: part, isLast: end == body.count)
      header.append(to: &bytes, body: body.extracting(start..<end), seed: seed)
      start = end
      part += 1
    } while start < body.count
  }

  /// Bytes that an operation takes in a segment.
  static func byteCount(bodyByteCount: Int) -> Int {
    let partBytes = RecordHeader.bodyBytesMax
    let fullCount = max(bodyByteCount - 1, 0) / partBytes
    return fullCount * RecordHeader.recordByteCount(bodyByteCount: partBytes)
      + RecordHeader.recordByteCount(bodyByteCount: bodyByteCount - fullCount * partBytes)
  }

  /// Appends a mark behind the operation of `sequence`.
  mutating func encodeMark(sequence: UInt64, durableThrough: UInt64, isEnd: Bool, into bytes: inout [UInt8]) {
    let header = RecordHeader(
      bodyByteCount: 0, sequence: sequence, timeMilliseconds: 0, durableThrough: durableThrough, part: 0,
      isLast: true, isMark: true, isEnd: isEnd)
    header.append(to: &bytes, body: [UInt8]().span, seed: seed)
    offset += UInt64(header.recordByteCount)
    provenSequence = max(provenSequence, durableThrough)
  }
}
