import Testing
import VectorModel

@testable import VectorStorage

/// The snapshot's file: what is written is read, and nothing else is ever taken for it.
@Suite struct SnapshotFileTests {
  private static func item(_ section: SnapshotSection, _ bytes: [UInt8]) -> SnapshotFileReader.Item {
    SnapshotFileReader.Item(section: section, bytes: bytes)
  }

  /// Items of all sections, one of them over several frames.
  private static let items: [SnapshotFileReader.Item] =
    [item(.collection, Array("origin".utf8))]
    + (0..<40).map { item(.points, Array(repeating: UInt8($0), count: Int($0) * 7)) }
    + [
      item(.operations, []),
      item(.operations, (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }),
      item(.summary, [1, 2, 3]),
    ]

  private static func write(
    _ items: [SnapshotFileReader.Item], _ fileSystem: any FileSystem, _ path: String = "/a.snapshot",
    salt: UInt64 = 7
  ) throws(StorageError) {
    let writer = try SnapshotFileWriter(fileSystem, path: path, salt: salt)
    for item in items { try writer.item(item.section, item.bytes.span) }
    try writer.finish()
  }

  private static func read(
    _ fileSystem: any FileSystem, _ path: String = "/a.snapshot"
  ) throws(StorageError) -> [SnapshotFileReader.Item] {
    let reader = try SnapshotFileReader(fileSystem, path: path)
    var items: [SnapshotFileReader.Item] = []
    while let item = try reader.next() { items.append(item) }
    #expect(reader.offset == reader.byteCount)
    return items
  }

  @Test func itemsComeBackInOrder() throws {
    let fileSystem = SimulatedFileSystem()
    var observed: [UInt8] = []
    let writer = try SnapshotFileWriter(fileSystem, path: "/a.snapshot") { observed.append(copying: $0) }
    for item in Self.items { try writer.item(item.section, item.bytes.span) }
    #expect(fileSystem.contents("/a.snapshot") == nil)
    try writer.finish()
    #expect(try Self.read(fileSystem) == Self.items)
    #expect(fileSystem.contents("/a.snapshot") == observed)
    #expect(writer.byteCount == UInt64(observed.count))
  }

  @Test func aDroppedWriterLeavesNothing() throws {
    let fileSystem = SimulatedFileSystem()
    do {
      let writer = try SnapshotFileWriter(fileSystem, path: "/a.snapshot")
      let bytes: [UInt8] = [1]
      try writer.item(.points, bytes.span)
    }
    #expect(fileSystem.paths == [])
  }

  /// Every byte flipped, and every length cut to: refused with the file's name, never other items.
  @Test func everyFlipAndCutIsFound() throws {
    let fileSystem = SimulatedFileSystem()
    let small = Array(Self.items.prefix(12)) + [Self.item(.summary, [9])]
    try Self.write(small, fileSystem)
    let bytes = try #require(fileSystem.contents("/a.snapshot"))
    func expectRefused(_ changed: [UInt8], _ comment: String) {
      fileSystem.replace("/a.snapshot", changed)
      do throws(StorageError) {
        _ = try Self.read(fileSystem)
        Issue.record("\(comment): read")
      } catch {
        #expect(error.description.contains("/a.snapshot"), "\(comment): \(error)")
      }
    }
    for index in bytes.indices {
      for mask: UInt8 in [1, 0x80, 0xFF] {
        var changed = bytes
        changed[index] ^= mask
        expectRefused(changed, "byte \(index) ^ \(mask)")
      }
    }
    for count in bytes.indices { expectRefused(Array(bytes[..<count]), "\(count) bytes") }
    expectRefused(bytes + [0], "a byte more")
    expectRefused(bytes + bytes, "twice")
  }

  /// Frames of another file, or in another order, are not taken.
  @Test func framesBelongToTheirFileAndPlace() throws {
    let fileSystem = SimulatedFileSystem()
    let items = [Self.item(.collection, [1]), Self.item(.points, [2]), Self.item(.operations, [3])]
    try Self.write(items, fileSystem, "/a.snapshot", salt: 1)
    try Self.write(items, fileSystem, "/b.snapshot", salt: 2)
    let (a, b) = (
      try #require(fileSystem.contents("/a.snapshot")), try #require(fileSystem.contents("/b.snapshot"))
    )
    #expect(a.count == b.count)
    let header = SnapshotFileHeader.byteCount
    fileSystem.replace("/a.snapshot", Array(a[..<header]) + b[header...])
    #expect(throws: StorageError.self) { try Self.read(fileSystem) }
  }

  /// Declared sizes give no memory: a frame whose content would be larger than it says is refused.
  @Test func declaredSizesAreNotTrusted() throws {
    let fileSystem = SimulatedFileSystem()
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    try Self.write([Self.item(.points, zeros)], fileSystem)
    var bytes = try #require(fileSystem.contents("/a.snapshot"))
    #expect(bytes.count < 2000)
    let start = SnapshotFileHeader.byteCount
    let seed: UInt32 = bytes.span.load(at: start - 4)
    bytes.store(UInt32(100), at: start + 8)
    let stored: UInt32 = bytes.span.load(at: start + 4)
    let copy = bytes
    let header = copy.span.extracting(start..<(start + SnapshotFrame.headerByteCount))
    let frame = copy.span.extracting(
      (start + SnapshotFrame.headerByteCount)..<(start + SnapshotFrame.headerByteCount + Int(stored)))
    let checksum = SnapshotFrame.checksum(header, frame, seed: seed)
    bytes.store(checksum, at: start + 12)
    fileSystem.replace("/a.snapshot", bytes)
    #expect(throws: StorageError.self) { try Self.read(fileSystem) }
  }

  /// Each call of writing a snapshot meets each fault: the name appears only with the whole file behind it.
  @Test(arguments: SimulatedFileSystem.Fault.allCases)
  func faultsLeaveAWholeFileOrNone(_ fault: SimulatedFileSystem.Fault) throws {
    var random = SplitMix64(seed: 20)
    var operations: Set<String> = []
    let items = Array(Self.items.prefix(9))
    for call in 0..<100 {
      let fileSystem = SimulatedFileSystem()
      fileSystem.arm(fault, atCall: call)
      let outcome = Result { () throws(StorageError) in try Self.write(items, fileSystem) }
      guard let fired = fileSystem.firedOperation else {
        // Only writes can be short; any other fault is past the last call here.
        if fault == .shortWrite { continue }
        #expect(operations.isSuperset(of: ["open", "write", "sync", "rename", "sync directory"]))
        break
      }
      operations.insert(fired)
      fileSystem.disarm()
      fileSystem.losePower(&random)
      if case .success = outcome { #expect(try Self.read(fileSystem) == items, "call \(call): \(fired)") }
      if fileSystem.contents("/a.snapshot") != nil {
        #expect(try Self.read(fileSystem) == items, "call \(call): \(fired)")
      }
    }
  }
}
