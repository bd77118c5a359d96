import Testing
import VectorModel

@testable import VectorStorage

extension SectionFileWriter {
  func section(_ name: String, bytes: [UInt8]) throws(StorageError) { try section(name, bytes: bytes.span) }
}

@Suite struct SectionFileTests {
  private static let path = "/part"

  /// A file of four sections: one empty, one of exactly a page, and two that end between pages.
  private static func make(_ fileSystem: any FileSystem, path: String = path) throws -> [String: [UInt8]] {
    let contents = [
      "slots": LogTesting.body(1, count: 5000), "empty": [], "page": LogTesting.body(2, count: 4096),
      "links": LogTesting.body(3, count: 10),
    ]
    let writer = try SectionFileWriter(fileSystem, path: path)
    try writer.section("slots") { (section) throws(StorageError) in
      let bytes = LogTesting.body(1, count: 5000)
      try section.append(bytes.span.extracting(0..<1234))
      try section.append(bytes.span.extracting(1234..<5000))
    }
    try writer.section("empty", bytes: [])
    let region = MemoryRegion(copying: [0] + LogTesting.body(2, count: 4096))
    try writer.section(
      "page", slices: [MemorySlice(region, offset: 1, count: 96), MemorySlice(region, offset: 97)])
    try writer.section("links", bytes: LogTesting.body(3, count: 10))
    let byteCount = try writer.finish()
    #expect(byteCount < 6 * 4096)
    return contents
  }

  @Test func sectionsComeBack() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/part"
    let contents = try Self.make(directory.fileSystem, path: path)
    let file = try SectionFile(directory.fileSystem, path: path, verify: .all)
    #expect(file.names == ["slots", "empty", "page", "links"])
    for (name, bytes) in contents {
      let slice = try file.requireSection(name)
      #expect(unsafe Array(slice.bytes) == bytes)
      #expect(slice.offset % 4096 == 0)
    }
    #expect(file.section("other") == nil)
    #expect(throws: StorageError.self) { try file.requireSection("other") }
    #expect(try directory.fileSystem.list(directory.path) == ["part"])
  }

  @Test func aSectionIsReadBeforeTheFileIsFinished() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/part"
    let body = LogTesting.body(4, count: 1_500_000)
    var writer: SectionFileWriter? = try SectionFileWriter(directory.fileSystem, path: path)
    try writer?.section("small", bytes: [1, 2, 3])
    try writer?.section("large", bytes: body)
    let mapped = try #require(try writer?.mapped("large"))
    #expect(unsafe Array(mapped.bytes) == body)
    try writer?.section("later", bytes: body)
    writer = nil
    #expect(try directory.fileSystem.list(directory.path) == [])
    #expect(unsafe Array(mapped.bytes) == body, "the bytes outlive the file that was given up")
    let finished = try SectionFileWriter(directory.fileSystem, path: path)
    try finished.section("large", bytes: body)
    _ = try finished.mapped("large")
    try finished.section("later", bytes: [7])
    _ = try finished.finish()
    let file = try SectionFile(directory.fileSystem, path: path, verify: .all)
    let later = try file.requireSection("later")
    #expect(unsafe Array(later.bytes) == [7])
  }

  @Test func largeSectionsAreStreamed() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/part"
    let piece = LogTesting.body(9, count: 700_000)
    let writer = try SectionFileWriter(directory.fileSystem, path: path)
    try writer.section("large") { (section) throws(StorageError) in
      for _ in 0..<20 { try section.append(piece.span) }
    }
    try writer.section("small", bytes: [1])
    #expect(try writer.finish() > 14_000_000)
    let file = try SectionFile(directory.fileSystem, path: path, verify: .all)
    let slice = try file.requireSection("large")
    #expect(slice.count == 14_000_000)
    #expect(unsafe Array(slice.bytes.suffix(700_000)) == piece)
  }

  @Test func anUnfinishedFileLeavesNothing() throws {
    let directory = try TemporaryDirectory()
    do {
      let writer = try SectionFileWriter(directory.fileSystem, path: directory.path + "/part")
      try writer.section("a", bytes: [1])
    }
    #expect(try directory.fileSystem.list(directory.path).isEmpty)
  }

  @Test func everyByteFlippedOrCutOffIsNoticed() throws {
    let fileSystem = SimulatedFileSystem()
    _ = try Self.make(fileSystem)
    let contents = try #require(fileSystem.contents(Self.path))
    for index in contents.indices {
      var flipped = contents
      flipped[index] ^= 1 << (index % 8)
      fileSystem.replace(Self.path, flipped)
      Self.expectDamage(fileSystem, "flipped at \(index)")
    }
    for length in 0..<contents.count {
      fileSystem.replace(Self.path, Array(contents[..<length]))
      Self.expectDamage(fileSystem, "truncated to \(length)")
    }
    fileSystem.replace(Self.path, contents + [0])
    Self.expectDamage(fileSystem, "lengthened")
  }

  private static func expectDamage(_ fileSystem: SimulatedFileSystem, _ comment: String) {
    do throws(StorageError) {
      _ = try SectionFile(fileSystem, path: path, verify: .all)
      Issue.record("\(comment) was not noticed")
    } catch {
      #expect(error.isDamage && error.description.hasPrefix(path), "\(comment): \(error)")
    }
  }

  @Test func onlyTheNamedSectionsAreRead() throws {
    let fileSystem = SimulatedFileSystem()
    _ = try Self.make(fileSystem)
    var contents = try #require(fileSystem.contents(Self.path))
    contents[4096 + 17] ^= 1
    fileSystem.replace(Self.path, contents)
    let file = try SectionFile(fileSystem, path: Self.path, verify: .named(["page", "links"]))
    let error = #expect(throws: StorageError.self) { try file.verify() }
    #expect(
      error?.description
        == "/part is damaged at offset 4096: the checksum of the section slots does not match")
    #expect(throws: StorageError.self) { try file.verify(.named(["absent"])) }
  }

  @Test(arguments: SimulatedFileSystem.Fault.allCases)
  func everyCallMetByAFault(_ fault: SimulatedFileSystem.Fault) throws {
    let whole = SimulatedFileSystem()
    whole.arm(.shortWrite, atCall: .max)
    _ = try Self.make(whole)
    let expected = try #require(whole.contents(Self.path))
    var fired: Set<String> = []
    for call in 0..<whole.callCount {
      for end in 0..<3 {
        let fileSystem = SimulatedFileSystem()
        fileSystem.arm(fault, atCall: call)
        let isDone = (try? Self.make(fileSystem)) != nil
        if let operation = fileSystem.firedOperation { fired.insert(operation) }
        var random = SplitMix64(seed: UInt64(call * 3 + end))
        if end == 0 { fileSystem.kill() } else { fileSystem.losePower(&random) }
        let found = fileSystem.contents(Self.path)
        #expect(found == expected || (found == nil && !isDone), "\(fault) at call \(call), end \(end)")
      }
    }
    let expectedCalls: Set<String> =
      fault == .shortWrite ? ["write"] : ["open", "write", "sync", "close", "rename", "sync directory"]
    #expect(fired.subtracting(["unlink"]) == expectedCalls)
  }
}
