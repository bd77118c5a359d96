import Synchronization

extension SegmentedLog {
  package func append(
    _ body: Span<UInt8>, expecting lastSequence: UInt64, epoch: UInt64, timeMilliseconds: UInt64
  ) throws(StorageError) -> UInt64 {
    guard body.count <= options.operationBytesMax else {
      throw .limit(
        file: directory,
        what: "an operation of \(body.count) bytes is over the limit of \(options.operationBytesMax)")
    }
    guard epoch == identity.epoch else {
      throw .conflict(file: directory, what: "the log's epoch is \(identity.epoch), expected \(epoch)")
    }
    let byteCount = LogSegment.byteCount(bodyByteCount: body.count)
    return try tail.withLock { (tail) throws(StorageError) in
      if let failure = tail.failure { throw failure }
      guard tail.lastSequence == lastSequence else {
        throw .conflict(
          file: directory, what: "the log's last sequence is \(tail.lastSequence), expected \(lastSequence)")
      }
      let waiting = tail.pending.reduce(0) { $0 + $1.bytes.count }
      guard waiting == 0 || waiting + byteCount <= options.pendingBytesMax else {
        throw .limit(
          file: directory, what: "\(waiting) bytes wait to be written, at most \(options.pendingBytesMax) may"
        )
      }
      try prepare(&tail, for: byteCount)
      encode(body, timeMilliseconds: timeMilliseconds, in: &tail)
      return tail.lastSequence
    }
  }

  /// Makes the active segment take `byteCount` more bytes: nothing that can fail for want of space is left to
  /// `sync`.
  private func prepare(_ tail: inout Tail, for byteCount: Int) throws(StorageError) {
    var ended: LogSegment?
    if let active = tail.active, active.offset > UInt64(SegmentHeader.byteCount),
      active.offset + UInt64(byteCount) > options.segmentBytes
    {
      tail.active = nil
      ended = active
    }
    if tail.active == nil {
      // Once this was tried the name may be on disk and end the segment before it, so nothing is appended there.
      let header = SegmentHeader(
        collection: identity.collection, epoch: identity.epoch, firstSequence: tail.lastSequence + 1,
        durableThrough: durableSequence)
      if ended == nil, let last = tail.segments.last(where: { $0.first < header.firstSequence }) {
        ended = try .reopen(fileSystem, directory: directory, identity: identity, last)
        try ended?.reserveMark()
      }
      let segment = try LogSegment.create(fileSystem, directory: directory, header: header)
      tail.active = segment
      if tail.segments.last?.first == segment.first { tail.segments.removeLast() }
      tail.segments.append(LogRecovery.Segment(first: segment.first, byteCount: segment.offset))
      if let ended { end(ended, in: &tail) }
    }
    try tail.active?.reserve(byteCount, options)
  }

  /// Marks the end of a segment whose successor is durable, so that the successor's loss is noticed.
  private func end(_ segment: LogSegment, in tail: inout Tail) {
    var segment = segment
    var write = nextWrite(to: segment, in: &tail)
    segment.encodeMark(
      sequence: tail.lastSequence, durableThrough: durableSequence, isEnd: true, into: &write.bytes)
    tail.pending.append(write)
  }

  /// Takes the last pending write out when it is of the segment's file, or begins another.
  private func nextWrite(to segment: LogSegment, in tail: inout Tail) -> PendingWrite {
    if let last = tail.pending.last, last.file === segment.file { return tail.pending.removeLast() }
    defer { tail.spare = [] }
    return PendingWrite(file: segment.file, offset: segment.offset, bytes: tail.spare)
  }

  private func encode(_ body: Span<UInt8>, timeMilliseconds: UInt64, in tail: inout Tail) {
    guard var active = tail.active else { preconditionFailure("an append was not prepared") }
    var write = nextWrite(to: active, in: &tail)
    tail.lastSequence += 1
    active.encode(
      body, sequence: tail.lastSequence, timeMilliseconds: timeMilliseconds, durableThrough: durableSequence,
      into: &write.bytes)
    tail.pending.append(write)
    tail.segments[tail.segments.count - 1].byteCount = active.offset
    tail.active = active
  }

  package func sync() throws(StorageError) -> UInt64 {
    try writing.withLock { (_) throws(StorageError) in
      let (writes, target) = try takePending()
      guard !writes.isEmpty else { return durableSequence }
      do throws(StorageError) {
        for write in writes { try write.file.writeAll(write.bytes.span, at: write.offset) }
      } catch {
        tail.withLock { tail in
          if error.isOutOfSpace { tail.pending = writes + tail.pending } else { poison(&tail, error) }
        }
        throw error
      }
      do throws(StorageError) {
        for (index, write) in writes.enumerated() where index == 0 || writes[index - 1].file !== write.file {
          try write.file.sync()
        }
      } catch {
        tail.withLock { poison(&$0, error) }
        throw error
      }
      durable.store(target, ordering: .releasing)
      recycle(writes)
      return target
    }
  }

  private func takePending() throws(StorageError) -> ([PendingWrite], UInt64) {
    try tail.withLock { (tail) throws(StorageError) -> ([PendingWrite], UInt64) in
      if let failure = tail.failure { throw failure }
      defer { tail.pending = [] }
      return (tail.pending, tail.lastSequence)
    }
  }

  /// Keeps the memory of a written buffer for the next group, unless it is large.
  private func recycle(_ writes: consuming [PendingWrite]) {
    guard var bytes = writes.popLast()?.bytes, bytes.capacity <= 4 << 20 else { return }
    bytes.removeAll(keepingCapacity: true)
    tail.withLock { [bytes] in $0.spare = bytes }
  }

  package func giveBack() { tail.withLock { $0.spare = [] } }

  private func poison(_ tail: inout Tail, _ error: StorageError) {
    tail.failure = .poisoned(file: directory, cause: error.description)
    tail.pending = []
  }

  package func close() throws(StorageError) {
    let isOpen = tail.withLock { $0.failure == nil }
    guard isOpen else { return }
    _ = try sync()
    try writing.withLock { (_) throws(StorageError) in
      let active = tail.withLock { tail in
        defer {
          tail.active = nil
          tail.failure = .closed(file: directory)
        }
        return tail.active
      }
      guard var segment = active else { return }
      if segment.provenSequence < durableSequence {
        var bytes: [UInt8] = []
        let offset = segment.offset
        segment.encodeMark(
          sequence: durableSequence, durableThrough: durableSequence, isEnd: false, into: &bytes)
        try segment.file.writeAll(bytes.span, at: offset)
      }
      if segment.allocatedThrough > segment.offset { try segment.file.truncate(to: segment.offset) }
      try segment.file.sync()
      try segment.file.close()
    }
  }
}
