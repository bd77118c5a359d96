import Testing

@testable import VectorStorage

/// Files that are written past the page cache hold what others would.
@Suite struct DirectFileTests {
  @Test func piecesOfAnySizeLieBehindOneAnother() throws {
    let directory = try TemporaryDirectory()
    let (fileSystem, path) = (POSIXFileSystem(), directory.path + "/file")
    let beginning = [UInt8](repeating: 7, count: 80)
    let temporary = try fileSystem.open(path, .createNew)
    try temporary.writeAll(beginning.span, at: 0)
    try temporary.close()
    let file = try fileSystem.open(path, .append)
    try file.preallocate(80..<(8 << 20))
    var random = SplitMix64(seed: 5)
    var expected = beginning
    for piece in 0..<60 {
      let count = piece == 30 ? 3_000_000 : Int(random.next() % 9000) + 1
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ piece) }
      try file.writeAll(bytes.span, at: UInt64(expected.count))
      expected += bytes
      guard piece % 7 == 0 else { continue }
      try file.sync()
      let read = try fileSystem.open(path, .read).readBytes(count: expected.count + 1, at: 0)
      #expect(read == expected + [0], "what was reserved reads as zero")
    }
    #expect(try file.byteCount() == 8 << 20)
    #expect(try file.readBytes(count: 5000, at: 4000) == Array(expected[4000..<9000]))
    try file.truncate(to: UInt64(expected.count))
    let mark: [UInt8] = [1, 2, 3]
    try file.writeAll(mark.span, at: UInt64(expected.count))
    try file.close()
    let end = try fileSystem.open(path, .read).readBytes(count: 4096, at: UInt64(expected.count))
    #expect(Array(end.prefix(3)) == mark)
    #expect(throws: StorageError.self) { try file.writeAll(mark.span, at: 0) }
  }

  @Test func theFileMustExist() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: StorageError.self) { try POSIXFileSystem().open(directory.path + "/none", .append) }
  }
}
