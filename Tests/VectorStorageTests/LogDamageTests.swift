import Testing
import VectorModel

@testable import VectorStorage

/// Every byte of a small log of several segments, flipped and cut off.
@Suite struct LogDamageTests {
  /// A log of four segments whose last group of two operations is not known to be durable.
  private static func makeLog() throws -> (SimulatedFileSystem, [[UInt8]]) {
    let fileSystem = try LogTesting.makeFileSystem()
    let log = try LogTesting.create(fileSystem, LogTesting.smallOptions(segmentBytes: 600))
    var bodies: [[UInt8]] = []
    for sequence in 1...14 as ClosedRange<UInt64> {
      let body = LogTesting.body(sequence, count: Int(sequence * 37 % 120))
      try log.append(body)
      bodies.append(body)
      if sequence % 2 == 0 { _ = try log.sync() }
    }
    fileSystem.kill()
    #expect(fileSystem.paths.count == 4)
    return (fileSystem, bodies)
  }

  /// What is read is a prefix of what was written, at least as long as what later records prove durable; or the
  /// log is refused by a message with its directory.
  private static func check(
    _ fileSystem: SimulatedFileSystem, _ bodies: [[UInt8]], provenCount: Int, _ comment: String
  ) throws -> Bool {
    let log: SegmentedLog
    do throws(StorageError) {
      log = try LogTesting.open(fileSystem)
    } catch {
      #expect(error.isDamage, "\(comment): \(error)")
      #expect(error.description.contains(LogTesting.directory), "\(comment): \(error)")
      return false
    }
    let records = try log.allRecords()
    #expect(records.count >= provenCount, "\(comment): durable operations are gone")
    #expect(records.map(\.body) == Array(bodies.prefix(records.count)), "\(comment)")
    #expect(records.map(\.sequence) == Array(1...UInt64(records.count)), "\(comment)")
    // The log goes on from there, and what it says now survives.
    try log.append([9, 9, 9])
    _ = try log.sync()
    fileSystem.kill()
    let bodiesAfter = try LogTesting.open(fileSystem).allRecords().map(\.body)
    #expect(bodiesAfter == records.map(\.body) + [[9, 9, 9]], "\(comment)")
    return true
  }

  @Test func everyByteFlipped() throws {
    let (original, bodies) = try Self.makeLog()
    var refusedCount = 0
    var cutCount = 0
    for path in original.paths {
      let contents = try #require(original.contents(path))
      for index in contents.indices {
        let fileSystem = original.copy()
        var flipped = contents
        flipped[index] ^= 1 << (index % 8)
        fileSystem.replace(path, flipped)
        let isOpen = try Self.check(fileSystem, bodies, provenCount: 12, "\(path) flipped at \(index)")
        if isOpen { cutCount += 1 } else { refusedCount += 1 }
      }
    }
    #expect(refusedCount > 0 && cutCount > 0, "\(refusedCount) refused, \(cutCount) read")
  }

  @Test func everyLengthTruncated() throws {
    let (original, bodies) = try Self.makeLog()
    for path in original.paths {
      let contents = try #require(original.contents(path))
      for length in 0..<contents.count {
        let fileSystem = original.copy()
        fileSystem.replace(path, Array(contents[..<length]))
        _ = try Self.check(fileSystem, bodies, provenCount: 12, "\(path) truncated to \(length)")
      }
    }
  }

  @Test func everySegmentLost() throws {
    let (original, bodies) = try Self.makeLog()
    for (index, path) in original.paths.enumerated() {
      let fileSystem = original.copy()
      fileSystem.lose(path)
      do throws(StorageError) {
        let log = try LogTesting.open(fileSystem)
        // Without the first segment the log begins later; the manifest's first needed sequence shows that.
        #expect(index == 0 && log.firstSequence > 1)
        let first = Int(log.firstSequence)
        #expect(try log.allRecords().map(\.body) == Array(bodies[(first - 1)...]))
      } catch {
        #expect(index > 0 && error.isDamage)
      }
    }
  }

  /// The segment that a start begins, or that it copied what may not have been durable into.
  @Test(arguments: [false, true]) func theSegmentOfALaterProcessIsMissed(isClosed: Bool) throws {
    let fileSystem = try LogTesting.makeFileSystem()
    let first = try LogTesting.create(fileSystem, SegmentedLog.Options())
    for sequence in 1...3 as ClosedRange<UInt64> {
      try first.append(LogTesting.body(sequence, count: 20))
      _ = try first.sync()
    }
    if isClosed { try first.close() }
    fileSystem.kill()
    var expected = first.firstSequence
    for _ in 0..<3 {
      let log = try LogTesting.open(fileSystem)
      expected = log.lastSequence + 1
      try log.append(LogTesting.body(expected, count: 20))
      _ = try log.sync()
      fileSystem.kill()
      #expect(try LogTesting.open(fileSystem.copy()).lastSequence == expected)
      let copy = fileSystem.copy()
      let newest = try #require(copy.paths.max())
      copy.lose(newest)
      let error = #expect(throws: StorageError.self) { try LogTesting.open(copy) }
      #expect(error?.isDamage == true, "\(newest): \(String(describing: error))")
    }
    #expect(expected == 6)
  }

  /// Wherever the operations that a start copies begin, in the middle of a segment or with one.
  @Test func theSegmentOfACopiedTailIsMissed() throws {
    for count in 2...20 as ClosedRange<UInt64> {
      for groupSize in 1...4 as ClosedRange<UInt64> {
        let fileSystem = try LogTesting.makeFileSystem()
        let log = try LogTesting.create(fileSystem, LogTesting.smallOptions(segmentBytes: 600))
        for sequence in 1...count {
          try log.append(LogTesting.body(sequence, count: Int(sequence * 37 % 120)))
          if sequence % groupSize == 0 { _ = try log.sync() }
        }
        _ = try log.sync()
        fileSystem.kill()
        #expect(try LogTesting.open(fileSystem).lastSequence == count)
        fileSystem.kill()
        #expect(try LogTesting.open(fileSystem.copy()).lastSequence == count)
        guard fileSystem.paths.count > 1 else { continue }
        fileSystem.lose(try #require(fileSystem.paths.max()))
        let error = #expect(throws: StorageError.self, "\(count) operations, \(groupSize) a group") {
          try LogTesting.open(fileSystem)
        }
        #expect(error?.isDamage == true)
      }
    }
  }

  @Test func everyByteFlippedAfterACleanClose() throws {
    let fileSystem = try LogTesting.makeFileSystem()
    let log = try LogTesting.create(fileSystem)
    let bodies = [LogTesting.body(1, count: 20), LogTesting.body(2, count: 0), LogTesting.body(3, count: 33)]
    for body in bodies { try log.append(body) }
    try log.close()
    let path = fileSystem.paths[0]
    let contents = try #require(fileSystem.contents(path))
    let markStart = contents.count - RecordHeader.byteCount
    for index in contents.indices {
      let copy = fileSystem.copy()
      var flipped = contents
      flipped[index] ^= 0x80
      copy.replace(path, flipped)
      let isOpen = try Self.check(copy, bodies, provenCount: 3, "flipped at \(index)")
      #expect(isOpen == (index >= markStart), "only the mark itself may be lost, flipped at \(index)")
    }
  }

  @Test func bytesThatLookLikeRecordsInABodyProveNothing() throws {
    // A client sends as a body what would be a valid record of another segment.
    let foreign = try LogTesting.makeFileSystem()
    let foreignLog = try LogTesting.create(foreign)
    for sequence in 1...9 as ClosedRange<UInt64> {
      try foreignLog.append([UInt8(sequence)])
      _ = try foreignLog.sync()
    }
    let forged = try #require(foreign.contents(foreign.paths[0])).dropFirst(SegmentHeader.byteCount)

    let fileSystem = try LogTesting.makeFileSystem()
    let log = try LogTesting.create(fileSystem, SegmentedLog.Options())
    try log.append([1])
    try log.append(Array(forged))
    _ = try log.sync()
    fileSystem.kill()
    let path = fileSystem.paths[0]
    var contents = try #require(fileSystem.contents(path))
    contents[SegmentHeader.byteCount + 48 + 5] ^= 1
    fileSystem.replace(path, contents)
    let reopened = try LogTesting.open(fileSystem)
    #expect(reopened.lastSequence == 1)
  }

  @Test func zerosAreNotRecords() throws {
    #expect(RecordHeader([UInt8](repeating: 0, count: 4096).span) == nil)
  }

  @Test func randomBytesAreNeverALog() throws {
    var random = SplitMix64()
    for round in 0..<200 {
      let fileSystem = try LogTesting.makeFileSystem()
      try LogTesting.create(fileSystem).close()
      let path = fileSystem.paths[0]
      let header = try #require(fileSystem.contents(path))
      let kept = round % 2 == 0 ? header : []
      fileSystem.replace(path, kept + random.bytes(count: Int.random(in: 0..<5000, using: &random)))
      do throws(StorageError) {
        #expect(try LogTesting.open(fileSystem).lastSequence == 0, "seed \(random.seed)")
        #expect(round % 2 == 0, "seed \(random.seed)")
      } catch {
        #expect(error.isDamage, "seed \(random.seed)")
      }
    }
  }
}
