/// The ordered, durable operations of one shard: the truth that everything else is derived from.
///
/// An operation gets the next sequence when it is appended and is durable after a `sync` that returns this
/// sequence or a later one. The protocol is small enough to be served by an existing replicated log.
package protocol OperationLog: AnyObject, Sendable {
  /// The sequence of the oldest operation that is kept; `lastSequence + 1` when there is none.
  var firstSequence: UInt64 { get }
  /// The sequence of the newest operation, durable or not.
  var lastSequence: UInt64 { get }
  /// The highest sequence that is known to survive a crash.
  var durableSequence: UInt64 { get }

  /// Adds an operation and returns its sequence; the bytes are in memory until `sync`.
  /// - Throws: `conflict` when `lastSequence` or `epoch` is not the log's, `limit`, `poisoned`, or a full disk;
  ///   nothing was appended then.
  func append(
    _ body: Span<UInt8>, expecting lastSequence: UInt64, epoch: UInt64, timeMilliseconds: UInt64
  ) throws(StorageError) -> UInt64

  /// Makes every operation appended before the call durable and returns the durable sequence.
  ///
  /// Concurrent calls share one write and one sync. A full disk leaves the operations waiting for the next
  /// call; any other failure refuses all later appends and syncs until the log is reopened.
  func sync() throws(StorageError) -> UInt64

  /// The durable operations whose sequence is above `sequence`, in order.
  /// - Throws: `missing` when some of them were discarded.
  func records(after sequence: UInt64) throws(StorageError) -> any LogReader

  /// Gives back space of operations up to `sequence`, as far as whole units of space hold nothing newer.
  func discard(through sequence: UInt64) throws(StorageError)

  /// Bytes that hold the operations above `sequence`, rounded up to whole units of space.
  func byteCount(after sequence: UInt64) -> UInt64

  /// Frees memory that is kept for the next operations; for a log that rests.
  func giveBack()

  /// Syncs and releases files; later calls fail.
  func close() throws(StorageError)
}

/// One operation as it was appended.
package struct LogRecord: Equatable, Sendable {
  package let sequence: UInt64
  /// When the operation was appended, in milliseconds since 1970, as its caller said.
  package let timeMilliseconds: UInt64
  package let body: [UInt8]

  package init(sequence: UInt64, timeMilliseconds: UInt64, body: [UInt8]) {
    self.sequence = sequence
    self.timeMilliseconds = timeMilliseconds
    self.body = body
  }
}

/// Reads operations in order; used by one thread at a time.
package protocol LogReader: AnyObject {
  /// The next operation, or nil after the last that was durable when the reader was made.
  /// - Throws: `damaged` naming file and offset, or `missing` when the operation was discarded meanwhile.
  func next() throws(StorageError) -> LogRecord?
}
