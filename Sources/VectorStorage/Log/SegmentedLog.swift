import Synchronization

/// An operation log in a directory of segment files, with group commit.
///
/// `append` encodes into memory, `sync` writes what has gathered with one write and one `fdatasync` into space
/// that is already reserved. An operation lies whole in one segment; a segment ends where the next begins.
package final class SegmentedLog: OperationLog {
  /// Limits, in bytes.
  package struct Options: Sendable {
    /// A segment is followed by the next when it would grow beyond this; only one operation may exceed it.
    package var segmentBytes: UInt64 = 32 << 20
    /// What a segment reserves first; doubled as it fills.
    package var preallocationBytesMin: UInt64 = 64 << 10
    /// The largest operation.
    package var operationBytesMax = 512 << 20
    /// What may wait for `sync`; a single operation may exceed it.
    package var pendingBytesMax = 256 << 20

    package init() {}
  }

  /// Bytes that wait for `sync`, for one place of one file.
  struct PendingWrite: Sendable {
    let file: any File
    let offset: UInt64
    var bytes: [UInt8]
  }

  /// What `append` changes.
  struct Tail: Sendable {
    var segments: [LogRecovery.Segment]
    var active: LogSegment?
    var lastSequence: UInt64
    var pending: [PendingWrite] = []
    /// An emptied buffer whose memory is used again.
    var spare: [UInt8] = []
    var failure: StorageError?
  }

  /// Where the segments are.
  package let directory: String
  /// Whose operations these are.
  package let identity: LogIdentity
  let fileSystem: any FileSystem
  let options: Options
  let tail: Mutex<Tail>
  /// Held while writing, so that pieces reach the file in order.
  let writing = Mutex<Void>(())
  let discarding = Mutex<Void>(())
  let durable: Atomic<UInt64>

  init(
    _ fileSystem: any FileSystem, directory: String, identity: LogIdentity, options: Options,
    segments: [LogRecovery.Segment], active: LogSegment?, lastSequence: UInt64
  ) {
    self.fileSystem = fileSystem
    self.directory = directory
    self.identity = identity
    self.options = options
    tail = Mutex(Tail(segments: segments, active: active, lastSequence: lastSequence))
    durable = Atomic(lastSequence)
  }

  /// Makes a new log in the directory, which must exist and hold no segment.
  /// - Parameter firstSequence: the sequence of the first operation, at least 1.
  /// - Throws: `conflict` when there is a log already.
  package static func create(
    _ fileSystem: any FileSystem, directory: String, identity: LogIdentity, firstSequence: UInt64 = 1,
    options: Options = Options()
  ) throws(StorageError) -> SegmentedLog {
    precondition(firstSequence >= 1)
    if let name = try fileSystem.list(directory).first(where: {
      SegmentHeader.firstSequence(fileName: $0) != nil
    }) {
      throw .conflict(file: directory + "/" + name, what: "a log is here already")
    }
    let header = SegmentHeader(
      collection: identity.collection, epoch: identity.epoch, firstSequence: firstSequence,
      durableThrough: firstSequence - 1)
    let active = try LogSegment.create(fileSystem, directory: directory, header: header)
    return SegmentedLog(
      fileSystem, directory: directory, identity: identity, options: options,
      segments: [LogRecovery.Segment(first: firstSequence, byteCount: active.offset)], active: active,
      lastSequence: firstSequence - 1)
  }

  /// Opens a log after whatever happened to it; afterwards every operation in it is durable.
  /// - Parameter requiredSequence: the highest sequence that is durable elsewhere (in the store), so that a log
  ///   that ends before it is refused.
  /// - Throws: `missing` when there is no segment, `damaged` naming file and offset.
  /// - Complexity: O(bytes of the log).
  package static func open(
    _ fileSystem: any FileSystem, directory: String, identity: LogIdentity, requiredSequence: UInt64 = 0,
    options: Options = Options()
  ) throws(StorageError) -> SegmentedLog {
    var recovery = try LogRecovery(
      fileSystem, directory: directory, identity: identity, requiredSequence: requiredSequence)
    let active = try recovery.repair()
    if active != nil, let last = recovery.segments.dropLast().last {
      var segment = try LogSegment.reopen(fileSystem, directory: directory, identity: identity, last)
      try segment.reserveMark()
      var mark: [UInt8] = []
      let (sequence, offset) = (recovery.lastSequence, segment.offset)
      segment.encodeMark(sequence: sequence, durableThrough: sequence, isEnd: true, into: &mark)
      try segment.file.writeAll(mark.span, at: offset)
      try segment.file.sync()
    }
    return SegmentedLog(
      fileSystem, directory: directory, identity: identity, options: options, segments: recovery.segments,
      active: active, lastSequence: recovery.lastSequence)
  }

  package var firstSequence: UInt64 {
    tail.withLock { $0.segments.first?.first ?? $0.lastSequence + 1 }
  }

  package var lastSequence: UInt64 { tail.withLock { $0.lastSequence } }

  package var durableSequence: UInt64 { durable.load(ordering: .acquiring) }

  package func byteCount(after sequence: UInt64) -> UInt64 {
    tail.withLock { tail in
      var count: UInt64 = 0
      for (index, segment) in tail.segments.enumerated() {
        let last = index + 1 < tail.segments.count ? tail.segments[index + 1].first - 1 : tail.lastSequence
        if last > sequence { count += segment.byteCount }
      }
      return count
    }
  }

  package func records(after sequence: UInt64) throws(StorageError) -> any LogReader {
    let through = durableSequence
    let firsts = tail.withLock { $0.segments.map(\.first) }
    if let oldest = firsts.first, oldest > sequence + 1 {
      throw .missing(
        file: directory + "/" + SegmentHeader.fileName(firstSequence: sequence + 1),
        what: "the log begins at sequence \(oldest)")
    }
    return SegmentedLogReader(
      fileSystem, directory: directory, identity: identity, firsts: firsts, after: sequence, through: through)
  }

  package func discard(through sequence: UInt64) throws(StorageError) {
    try discarding.withLock { (_) throws(StorageError) in
      let limit = min(sequence, durableSequence)
      let firsts = tail.withLock { tail in
        zip(tail.segments, tail.segments.dropFirst()).prefix { $1.first <= limit + 1 }.map { $0.0.first }
      }
      guard !firsts.isEmpty else { return }
      for first in firsts {
        try fileSystem.unlink(directory + "/" + SegmentHeader.fileName(firstSequence: first))
        tail.withLock { $0.segments.removeAll { $0.first == first } }
      }
      try fileSystem.syncDirectory(directory)
    }
  }
}
