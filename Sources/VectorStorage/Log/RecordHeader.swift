/// The 40 bytes before a record's body: one part of an operation, or a mark.
///
/// ```
///  0  4  length           bytes after the checksum without padding: 32 + body, so never zero
///  4  4  CRC32C           seeded; over the length, the bytes after this field, and the padding
///  8  8  sequence
/// 16  8  time             milliseconds since 1970
/// 24  8  durable-through
/// 32  4  part             0, 1, … within the operation
/// 36  4  flags            1 last part, 2 mark, 4 end of the segment
/// 40     body, then zeros to a multiple of 8
/// ```
/// A mark has no body and repeats the last sequence. After a clean close it says that all before it is durable; at
/// the end of a full segment it says that the next segment exists.
struct RecordHeader: Equatable, Sendable {
  static let byteCount = 40
  static let recordBytesMax = 1 << 20
  static let bodyBytesMax = recordBytesMax - byteCount - 8
  private static let lastFlag: UInt32 = 1
  private static let markFlag: UInt32 = 2
  private static let endFlag: UInt32 = 4
  /// Bytes after the checksum that belong to the header.
  private static let coveredByteCount = 32

  var bodyByteCount: Int
  var sequence: UInt64
  var timeMilliseconds: UInt64
  var durableThrough: UInt64
  var part: UInt32
  var isLast: Bool
  var isMark: Bool
  var isEnd: Bool

  init(
    bodyByteCount: Int, sequence: UInt64, timeMilliseconds: UInt64, durableThrough: UInt64, part: UInt32,
    isLast: Bool, isMark: Bool = false, isEnd: Bool = false
  ) {
    self.bodyByteCount = bodyByteCount
    self.sequence = sequence
    self.timeMilliseconds = timeMilliseconds
    self.durableThrough = durableThrough
    self.part = part
    self.isLast = isLast
    self.isMark = isMark
    self.isEnd = isEnd
  }

  /// Reads the fields at the beginning of `bytes` (at least 40); nil when no record can begin like this.
  init?(_ bytes: Span<UInt8>) {
    let length: UInt32 = bytes.load(at: 0)
    let flags: UInt32 = bytes.load(at: 36)
    guard length >= Self.coveredByteCount, length <= Self.coveredByteCount + Self.bodyBytesMax,
      flags <= Self.lastFlag | Self.markFlag | Self.endFlag
    else { return nil }
    bodyByteCount = Int(length) - Self.coveredByteCount
    sequence = bytes.load(at: 8)
    timeMilliseconds = bytes.load(at: 16)
    durableThrough = bytes.load(at: 24)
    part = bytes.load(at: 32)
    isLast = flags & Self.lastFlag != 0
    isMark = flags & Self.markFlag != 0
    isEnd = flags & Self.endFlag != 0
    let isPlainMark = isLast && bodyByteCount == 0 && part == 0
    guard durableThrough <= sequence, isMark ? isPlainMark : !isEnd else { return nil }
  }

  /// Bytes of the whole record: header, body and padding.
  var recordByteCount: Int { Self.recordByteCount(bodyByteCount: bodyByteCount) }

  static func recordByteCount(bodyByteCount: Int) -> Int { byteCount + (bodyByteCount + 7) & ~7 }

  /// Appends the record with `body` to `target`, its checksum continuing from `seed`.
  func append(to target: inout [UInt8], body: Span<UInt8>, seed: UInt32) {
    precondition(body.count == bodyByteCount && bodyByteCount <= Self.bodyBytesMax)
    let start = target.count
    target.append(littleEndian: UInt32(Self.coveredByteCount + bodyByteCount))
    target.append(littleEndian: UInt32(0))
    target.append(littleEndian: sequence)
    target.append(littleEndian: timeMilliseconds)
    target.append(littleEndian: durableThrough)
    target.append(littleEndian: part)
    target.append(
      littleEndian: (isLast ? Self.lastFlag : 0) | (isMark ? Self.markFlag : 0) | (isEnd ? Self.endFlag : 0))
    target.append(copying: body)
    while (target.count - start) % 8 != 0 { target.append(0) }
    target.store(Self.checksum(target.span.extracting(start..<target.count), seed: seed), at: start + 4)
  }

  /// The checksum that belongs into a whole record.
  static func checksum(_ record: Span<UInt8>, seed: UInt32) -> UInt32 {
    let length = CRC32C.checksum(record.extracting(0..<4), continuing: seed)
    return CRC32C.checksum(record.extracting(8..<record.count), continuing: length)
  }
}
