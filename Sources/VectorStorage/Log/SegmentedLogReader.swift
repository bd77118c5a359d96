/// Reads the operations of a `SegmentedLog` from its files, joining parts.
final class SegmentedLogReader: LogReader {
  private let fileSystem: any FileSystem
  private let directory: String
  private let identity: LogIdentity
  /// First sequences of the segments that are still to be read, ascending.
  private var firsts: ArraySlice<UInt64>
  private let through: UInt64
  private var window: SegmentWindow?
  private var offset: UInt64 = 0
  /// The last sequence that was read or skipped.
  private var sequence: UInt64

  /// - Parameters:
  ///   - firsts: the first sequences of the log's segments, ascending; the first is at most `after + 1`.
  ///   - through: the last sequence to read, which is on disk.
  init(
    _ fileSystem: any FileSystem, directory: String, identity: LogIdentity, firsts: [UInt64],
    after: UInt64, through: UInt64
  ) {
    self.fileSystem = fileSystem
    self.directory = directory
    self.identity = identity
    self.through = through
    let start = firsts.lastIndex { $0 <= after + 1 } ?? firsts.startIndex
    self.firsts = firsts[start...]
    skipThrough = after
    sequence = (firsts.isEmpty ? after + 1 : firsts[start]) - 1
  }

  private let skipThrough: UInt64

  func next() throws(StorageError) -> LogRecord? {
    while sequence < through {
      let record = try readOperation()
      if record.sequence > skipThrough { return record }
    }
    return nil
  }

  private func readOperation() throws(StorageError) -> LogRecord {
    if let first = firsts.first, first == sequence + 1 {
      window = try SegmentWindow(fileSystem, directory: directory, identity: identity, first: first)
      offset = UInt64(SegmentHeader.byteCount)
      firsts.removeFirst()
    }
    guard var window else {
      throw .missing(
        file: directory + "/" + SegmentHeader.fileName(firstSequence: sequence + 1), what: "a log segment")
    }
    // The window is used in place: a second reference would copy its buffer.
    self.window = nil
    defer { self.window = window }
    var body: [UInt8] = []
    var part: UInt32 = 0
    while true {
      guard let record = try window.record(at: offset) else {
        throw .damaged(
          file: window.path, offset: offset, what: "no valid record of sequence \(sequence + 1) begins here")
      }
      if record.header.isMark, part == 0, record.header.sequence == sequence {
        offset += UInt64(record.header.recordByteCount)
        continue
      }
      guard record.header.sequence == sequence + 1, record.header.part == part, !record.header.isMark else {
        throw .damaged(
          file: window.path, offset: offset,
          what: "found part \(record.header.part) of sequence \(record.header.sequence), "
            + "expected part \(part) of \(sequence + 1)")
      }
      offset += UInt64(record.header.recordByteCount)
      if record.header.sequence <= skipThrough {
        if record.header.isLast {
          sequence += 1
          return LogRecord(sequence: sequence, timeMilliseconds: record.header.timeMilliseconds, body: [])
        }
      } else {
        body.append(contentsOf: window.body(record))
        if record.header.isLast {
          sequence += 1
          return LogRecord(sequence: sequence, timeMilliseconds: record.header.timeMilliseconds, body: body)
        }
      }
      part += 1
    }
  }
}
