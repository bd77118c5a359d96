import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A snapshot of format version 1 as it was made once; every later program must restore it.
///
/// `NEEDLETAIL_WRITE_FIXTURES=1` makes it anew.
@Suite struct GoldenSnapshotTests {
  private static let fixtures =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    + "/Fixtures"

  private static func bytes(_ path: String) throws -> [UInt8] {
    try POSIXFileSystem().readFile(path, byteCountMax: 1 << 20)
  }

  @Test func versionOneIsRestored() async throws {
    let fixture = try EngineFixture()
    let names = (snapshot: "collection-v1.snapshot", dump: "collection-v1.txt")
    if unsafe getenv("NEEDLETAIL_WRITE_FIXTURES") != nil {
      try await fixture.create(SnapshotWorkload.configuration)
      var workload = SnapshotWorkload(seed: 40, idMax: 30)
      for _ in 0..<20 { _ = try await fixture.write(workload.operation()) }
      let made = try await fixture.snapshot()
      let disk = POSIXFileSystem()
      try disk.createDirectory(Self.fixtures)
      let snapshot = try Self.bytes("\(fixture.directory)/snapshots/\(made.name)")
      try disk.replaceFile("\(Self.fixtures)/\(names.snapshot)", with: snapshot.span)
      let dump = Array(try await fixture.dump().joined(separator: "\n").utf8)
      try disk.replaceFile("\(Self.fixtures)/\(names.dump)", with: dump.span)
    }
    let copy = try Self.bytes("\(Self.fixtures)/\(names.snapshot)")
    try POSIXFileSystem().replaceFile("\(fixture.directory)/snapshots/\(names.snapshot)", with: copy.span)
    try await fixture.recover(names.snapshot, as: "golden")
    let dump = try await fixture.dump("golden").joined(separator: "\n")
    #expect(Array(dump.utf8) == (try Self.bytes("\(Self.fixtures)/\(names.dump)")))
    #expect(try fixture.verifyOffline().defects == [])
  }
}
