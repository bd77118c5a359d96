/// Reads a log from its beginning to its end and changes nothing on disk.
package struct LogCheck {
  /// The first operation that is kept.
  package let firstSequence: UInt64
  /// The last operation that a start would accept.
  package let lastSequence: UInt64
  private let reader: SegmentedLogReader

  /// - Parameter requiredSequence: the highest sequence that is durable elsewhere (in the store).
  /// - Throws: `missing` when there is no segment, `damaged` naming file and offset.
  /// - Complexity: O(bytes of the log).
  package init(
    _ fileSystem: any FileSystem, directory: String, identity: LogIdentity, requiredSequence: UInt64 = 0
  ) throws(StorageError) {
    let recovery = try LogRecovery(
      fileSystem, directory: directory, identity: identity, requiredSequence: requiredSequence)
    firstSequence = recovery.segments.first?.first ?? recovery.lastSequence + 1
    lastSequence = recovery.lastSequence
    reader = SegmentedLogReader(
      fileSystem, directory: directory, identity: identity, firsts: recovery.segments.map(\.first),
      after: firstSequence - 1, through: recovery.lastSequence)
  }

  /// The next operation, from the first on; nil behind the last.
  package func next() throws(StorageError) -> LogRecord? { try reader.next() }
}
