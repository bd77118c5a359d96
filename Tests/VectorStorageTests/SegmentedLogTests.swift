import Testing

@testable import VectorStorage

@Suite struct SegmentedLogTests {
  @Test func recordsComeBackAfterReopening() throws {
    let fileSystem = try LogTesting.makeFileSystem()
    let log = try LogTesting.create(fileSystem)
    var expected: [LogRecord] = []
    for sequence in 1...100 as ClosedRange<UInt64> {
      let body = LogTesting.body(sequence, count: Int(sequence * 7 % 90))
      #expect(try log.append(body, time: 1000 + sequence) == sequence)
      expected.append(LogRecord(sequence: sequence, timeMilliseconds: 1000 + sequence, body: body))
      if sequence % 3 == 0 { #expect(try log.sync() == sequence) }
    }
    #expect(log.durableSequence == 99)
    #expect(try log.allRecords() == Array(expected.prefix(99)))
    #expect(try log.sync() == 100)
    #expect(try log.allRecords() == expected)
    #expect(try log.allRecords(after: 57) == Array(expected.dropFirst(57)))
    #expect(try log.allRecords(after: 100).isEmpty)

    fileSystem.kill()
    let reopened = try LogTesting.open(fileSystem)
    #expect(reopened.firstSequence == 1)
    #expect(reopened.lastSequence == 100)
    #expect(reopened.durableSequence == 100)
    #expect(try reopened.allRecords() == expected)
    #expect(try reopened.append([1, 2, 3]) == 101)
    #expect(try reopened.sync() == 101)
    #expect(try reopened.allRecords().count == 101)
  }

  @Test func operationsOfSeveralMegabytesAreSplitAndJoined() throws {
    let directory = try TemporaryDirectory()
    let log = try SegmentedLog.create(
      directory.fileSystem, directory: directory.path, identity: LogTesting.identity)
    let sizes = [
      0, 1, RecordHeader.bodyBytesMax - 1, RecordHeader.bodyBytesMax, RecordHeader.bodyBytesMax + 1,
      5_000_000,
      40_000_000, 17,
    ]
    for (index, size) in sizes.enumerated() {
      try log.append(LogTesting.body(UInt64(index + 1), count: size))
    }
    _ = try log.sync()
    try log.close()
    let reopened = try SegmentedLog.open(
      directory.fileSystem, directory: directory.path, identity: LogTesting.identity)
    let reader = try reopened.records(after: 0)
    for (index, size) in sizes.enumerated() {
      let record = try #require(try reader.next())
      #expect(record.sequence == UInt64(index + 1))
      #expect(record.body == LogTesting.body(UInt64(index + 1), count: size), "size \(size)")
    }
    #expect(try reader.next() == nil)
  }

  @Test func noRecordExceedsOneMebibyte() throws {
    var bytes: [UInt8] = []
    let body = [UInt8](repeating: 7, count: 3_000_000)
    LogSegment.encode(body.span, sequence: 1, timeMilliseconds: 0, durableThrough: 0, seed: 0, into: &bytes)
    #expect(bytes.count == LogSegment.byteCount(bodyByteCount: body.count))
    var offset = 0
    var partCount = 0
    while offset < bytes.count {
      let decoded = RecordHeader(bytes.span.extracting(offset..<(offset + RecordHeader.byteCount)))
      let header = try #require(decoded)
      #expect(header.recordByteCount <= 1 << 20)
      offset += header.recordByteCount
      partCount += 1
    }
    #expect(partCount == 3)
  }

  @Test func appendRefusesWhatTheCallerDidNotExpect() throws {
    let log = try LogTesting.create(try LogTesting.makeFileSystem())
    try log.append([1])
    #expect(throws: StorageError.self) {
      try log.append([UInt8]([2]).span, expecting: 0, epoch: 3, timeMilliseconds: 0)
    }
    #expect(throws: StorageError.self) {
      try log.append([UInt8]([2]).span, expecting: 1, epoch: 2, timeMilliseconds: 0)
    }
    #expect(log.lastSequence == 1)
    #expect(try log.append([2]) == 2)
  }

  @Test func limitsAreNamed() throws {
    var options = LogTesting.smallOptions()
    options.operationBytesMax = 500
    options.pendingBytesMax = 600
    let log = try LogTesting.create(try LogTesting.makeFileSystem(), options)
    let error = #expect(throws: StorageError.self) { try log.append([UInt8](repeating: 0, count: 501)) }
    #expect(error?.description.contains("501 bytes is over the limit of 500") == true)
    try log.append([UInt8](repeating: 0, count: 500))
    #expect(throws: StorageError.self) { try log.append([UInt8](repeating: 0, count: 100)) }
    #expect(try log.sync() == 1)
    #expect(try log.append([UInt8](repeating: 0, count: 100)) == 2)
  }

  @Test func discardRemovesWholeSegmentsOnly() throws {
    let fileSystem = try LogTesting.makeFileSystem()
    let log = try LogTesting.create(fileSystem)
    for sequence in 1...60 as ClosedRange<UInt64> { try log.append(LogTesting.body(sequence, count: 100)) }
    let total = log.byteCount(after: 0)
    try log.discard(through: 60)
    #expect(log.firstSequence == 1, "nothing is durable yet")
    _ = try log.sync()
    try log.discard(through: 30)
    let first = log.firstSequence
    #expect(first > 1 && first <= 31)
    #expect(log.byteCount(after: 0) < total)
    #expect(throws: StorageError.self) { try log.records(after: first - 2) }
    #expect(try log.allRecords().map(\.sequence) == Array(first...60))
    try log.discard(through: 60)
    #expect(log.firstSequence > 31)
    fileSystem.kill()
    let reopened = try LogTesting.open(fileSystem)
    #expect(reopened.lastSequence == 60)
    #expect(reopened.firstSequence == log.firstSequence)
  }

  @Test func aCleanlyClosedLogHasNothingToCopyAndNoReservedSpace() throws {
    let fileSystem = try LogTesting.makeFileSystem()
    let log = try LogTesting.create(fileSystem)
    try log.append([1, 2, 3])
    try log.close()
    #expect(throws: StorageError.self) { try log.append([4]) }
    let path = try #require(fileSystem.paths.first)
    // The header, one record of 48 bytes and one mark of 40.
    #expect(fileSystem.contents(path)?.count == SegmentHeader.byteCount + 48 + 40)
    let reopened = try LogTesting.open(fileSystem)
    #expect(fileSystem.paths == [path])
    #expect(reopened.lastSequence == 1)
    try reopened.close()
    #expect(fileSystem.paths == [path])
    let again = try LogTesting.open(fileSystem)
    try again.append([5])
    try again.close()
    #expect(try LogTesting.open(fileSystem).allRecords().map(\.body) == [[1, 2, 3], [5]])
  }

  @Test func anEmptyOrForeignLogIsRefused() throws {
    let fileSystem = try LogTesting.makeFileSystem()
    #expect(throws: StorageError.self) { try LogTesting.open(fileSystem) }
    let log = try LogTesting.create(fileSystem)
    #expect(throws: StorageError.self) { try LogTesting.create(fileSystem) }
    try log.append([1])
    try log.close()
    for identity in [
      LogIdentity(collection: LogTesting.identity.collection, epoch: 4),
      LogIdentity(collection: .init(high: 1, low: 1), epoch: 3),
    ] {
      #expect(throws: StorageError.self) {
        try SegmentedLog.open(fileSystem, directory: LogTesting.directory, identity: identity)
      }
    }
    let error = #expect(throws: StorageError.self) { try LogTesting.open(fileSystem, requiredSequence: 2) }
    #expect(error?.isDamage == true)
  }

  @Test func groupCommitSyncsOncePerGroup() throws {
    let fileSystem = try LogTesting.makeFileSystem()
    let log = try LogTesting.create(fileSystem, SegmentedLog.Options())
    try log.append([0])
    _ = try log.sync()
    let before = fileSystem.syncCount
    for _ in 0..<64 { try log.append([1, 2, 3]) }
    _ = try log.sync()
    _ = try log.sync()
    #expect(fileSystem.syncCount == before + 1)
  }

  @Test func writersOnManyThreadsShareSyncs() async throws {
    let directory = try TemporaryDirectory()
    let log = try SegmentedLog.create(
      directory.fileSystem, directory: directory.path, identity: LogTesting.identity)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          for index in 0..<50 {
            var sequence: UInt64?
            while sequence == nil {
              sequence = try? log.append([UInt8(writer), UInt8(index)])
            }
            let durable = try log.sync()
            #expect(durable >= sequence ?? 0)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(log.lastSequence == 400)
    let bodies = try log.allRecords().map(\.body)
    for writer in 0..<8 {
      #expect(bodies.filter { $0[0] == writer }.map { $0[1] } == Array(0..<50))
    }
  }
}
