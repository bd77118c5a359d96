import VectorModel

@testable import VectorStorage

/// A log directory in memory, and what the tests expect of it.
struct LogTesting {
  static let directory = "/log"
  static let identity = LogIdentity(collection: UUID128(high: 0x0123_4567_89AB_CDEF, low: 42), epoch: 3)

  static func makeFileSystem() throws -> SimulatedFileSystem {
    let fileSystem = SimulatedFileSystem()
    try fileSystem.createDirectory(directory)
    return fileSystem
  }

  static func smallOptions(segmentBytes: UInt64 = 1024) -> SegmentedLog.Options {
    var options = SegmentedLog.Options()
    options.segmentBytes = segmentBytes
    options.preallocationBytesMin = 256
    return options
  }

  static func create(_ fileSystem: any FileSystem, _ options: SegmentedLog.Options = smallOptions())
    throws(StorageError)
    -> SegmentedLog
  {
    try SegmentedLog.create(fileSystem, directory: directory, identity: identity, options: options)
  }

  static func open(
    _ fileSystem: any FileSystem, requiredSequence: UInt64 = 0,
    _ options: SegmentedLog.Options = smallOptions()
  ) throws(StorageError) -> SegmentedLog {
    try SegmentedLog.open(
      fileSystem, directory: directory, identity: identity, requiredSequence: requiredSequence,
      options: options)
  }

  /// The body that the operation of `sequence` has in these tests.
  static func body(_ sequence: UInt64, count: Int) -> [UInt8] {
    var random = SplitMix64(seed: sequence)
    return random.bytes(count: count)
  }
}

extension SegmentedLog {
  @discardableResult
  func append(_ body: [UInt8], time: UInt64 = 0) throws(StorageError) -> UInt64 {
    try append(body.span, expecting: lastSequence, epoch: identity.epoch, timeMilliseconds: time)
  }

  func allRecords(after sequence: UInt64? = nil) throws(StorageError) -> [LogRecord] {
    let reader = try records(after: sequence ?? (firstSequence - 1))
    var result: [LogRecord] = []
    while let record = try reader.next() { result.append(record) }
    return result
  }
}
