/// Finds the operations that a log holds, and tells a torn tail from damage.
///
/// The first place where no expected record begins ends the log. It is the torn tail of a crash when nothing
/// says that the missing operation was durable; such a tail is cut. It is damage when a later record, any
/// segment's header or the caller says so; then the log is refused.
struct LogRecovery {
  /// A segment whose operations are accepted, and the end of its last one.
  struct Segment: Equatable, Sendable {
    var first: UInt64
    var byteCount: UInt64
  }

  private let fileSystem: any FileSystem
  private let directory: String
  private let identity: LogIdentity
  private(set) var segments: [Segment] = []
  private(set) var lastSequence: UInt64 = 0
  /// The highest accepted sequence that is known to be durable.
  private(set) var provenSequence: UInt64 = 0
  /// First sequences of segments behind the cut.
  private(set) var dropped: [UInt64] = []

  /// Reads the whole log; changes nothing on disk.
  /// - Parameter requiredSequence: an operation that the caller knows to be durable.
  /// - Throws: `missing` without any segment, `damaged` naming file and offset.
  init(
    _ fileSystem: any FileSystem, directory: String, identity: LogIdentity, requiredSequence: UInt64
  ) throws(StorageError) {
    self.fileSystem = fileSystem
    self.directory = directory
    self.identity = identity
    let firsts = try fileSystem.list(directory).compactMap(SegmentHeader.firstSequence(fileName:)).sorted()
    guard let oldest = firsts.first else {
      throw .missing(file: directory, what: "it holds no log segment")
    }
    lastSequence = oldest - 1
    // What lies before the oldest segment was discarded, which only durable operations are.
    provenSequence = lastSequence
    for (index, first) in firsts.enumerated() {
      var window = try SegmentWindow(fileSystem, directory: directory, identity: identity, first: first)
      provenSequence = max(provenSequence, window.header.durableThrough)
      let next = index + 1 < firsts.count ? firsts[index + 1] : nil
      let end = try scan(&window, before: next)
      segments.append(Segment(first: first, byteCount: end))
      if next == lastSequence + 1 { continue }
      let later = firsts[(index + 1)...]
      if try isProvenDurable(lastSequence + 1, required: requiredSequence, &window, from: end, later) {
        throw .damaged(
          file: window.path, offset: end,
          what: "the operation of sequence \(lastSequence + 1), which was durable, is not here")
      }
      dropped = Array(later)
      break
    }
  }

  /// Reads operations up to the one before sequence `next` and returns the end of the last whole one.
  private mutating func scan(_ window: inout SegmentWindow, before next: UInt64?) throws(StorageError)
    -> UInt64
  {
    var offset = UInt64(SegmentHeader.byteCount)
    var end = offset
    var part: UInt32 = 0
    while next.map({ lastSequence + 1 < $0 }) ?? true, let record = try window.record(at: offset) {
      let header = record.header
      offset += UInt64(header.recordByteCount)
      if header.isMark {
        guard part == 0, header.sequence == lastSequence else { break }
        if header.isEnd, next == nil {
          throw .missing(
            file: directory + "/" + SegmentHeader.fileName(firstSequence: lastSequence + 1),
            what: "the segment before it ends with a mark that this one follows")
        }
      } else {
        guard header.sequence == lastSequence + 1, header.part == part else { break }
        part = header.isLast ? 0 : part + 1
        if !header.isLast { continue }
        lastSequence += 1
      }
      provenSequence = max(provenSequence, header.durableThrough)
      end = offset
    }
    return end
  }

  private func isProvenDurable(
    _ sequence: UInt64, required: UInt64, _ window: inout SegmentWindow, from offset: UInt64,
    _ later: ArraySlice<UInt64>
  ) throws(StorageError) -> Bool {
    if required >= sequence || provenSequence >= sequence { return true }
    if try window.provesDurable(sequence, from: offset) { return true }
    for first in later {
      var window = try SegmentWindow(fileSystem, directory: directory, identity: identity, first: first)
      if window.header.durableThrough >= sequence { return true }
      if try window.provesDurable(sequence, from: UInt64(SegmentHeader.byteCount)) { return true }
    }
    return false
  }

  /// Makes the accepted operations durable and removes everything else.
  ///
  /// Operations that were read but are not known to be durable may exist in the page cache only, so they are
  /// written anew into a segment of their own, whose header says that they are durable; where there is no space for
  /// it, to the places where they are.
  /// - Returns: that segment, or nil where there is none.
  mutating func repair() throws(StorageError) -> LogSegment? {
    for name in try fileSystem.list(directory) where name.hasSuffix(".tmp") {
      try fileSystem.unlink(directory + "/" + name)
    }
    try remove(dropped)
    guard lastSequence > provenSequence else { return nil }
    let tail: LogSegment
    do throws(StorageError) { tail = try copyTail() } catch {
      guard error.isOutOfSpace else { throw error }
      try rewriteTail()
      return nil
    }
    try remove(segments.map(\.first).filter { $0 > tail.first })
    segments.removeAll { $0.first >= tail.first }
    segments.append(Segment(first: tail.first, byteCount: tail.offset))
    provenSequence = lastSequence
    return tail
  }

  /// Writes the segments with operations that are not known to be durable over themselves, which takes no space.
  private mutating func rewriteTail() throws(StorageError) {
    for (index, segment) in segments.enumerated() {
      let last = index + 1 < segments.count ? segments[index + 1].first - 1 : lastSequence
      guard last > provenSequence else { continue }
      let path = directory + "/" + SegmentHeader.fileName(firstSequence: segment.first)
      // Through the page cache: what stands behind the operations, an end mark perhaps, stays.
      let file = try fileSystem.open(path, .readWrite)
      var offset: UInt64 = 0
      while offset < segment.byteCount {
        let bytes = try file.readBytes(count: Int(min(segment.byteCount - offset, 1 << 20)), at: offset)
        try file.writeAll(bytes.span, at: offset)
        offset += UInt64(bytes.count)
      }
      try file.sync()
      try file.close()
    }
    provenSequence = lastSequence
  }

  private func copyTail() throws(StorageError) -> LogSegment {
    let reader = SegmentedLogReader(
      fileSystem, directory: directory, identity: identity, firsts: segments.map(\.first),
      after: provenSequence,
      through: lastSequence)
    let header = SegmentHeader(
      collection: identity.collection, epoch: identity.epoch, firstSequence: provenSequence + 1,
      durableThrough: lastSequence)
    return try LogSegment.create(fileSystem, directory: directory, header: header) {
      (bytes, seed) throws(StorageError) in
      while let record = try reader.next() {
        LogSegment.encode(
          record.body.span, sequence: record.sequence, timeMilliseconds: record.timeMilliseconds,
          durableThrough: record.sequence - 1, seed: seed, into: &bytes)
        if bytes.count > 1 << 20 { return true }
      }
      return false
    }
  }

  /// Removes segments, newest first, so that what remains is never taken for a log with a hole.
  private func remove(_ firsts: [UInt64]) throws(StorageError) {
    guard !firsts.isEmpty else { return }
    for first in firsts.reversed() {
      try fileSystem.unlink(directory + "/" + SegmentHeader.fileName(firstSequence: first))
    }
    try fileSystem.syncDirectory(directory)
  }
}
