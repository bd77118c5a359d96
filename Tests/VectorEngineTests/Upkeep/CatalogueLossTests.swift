import Logging
import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

/// A start removes what the catalogue does not name, so a catalogue that has lost its end must be noticed.
@Suite struct CatalogueLossTests {
  private let disk = POSIXFileSystem()

  /// Three collections with points, stopped.
  private func stopped() async throws -> EngineFixture {
    let fixture = try EngineFixture()
    for name in ["a", "b", "c"] {
      try await fixture.create(EngineFixture.plain, named: name)
      try await fixture.put(0..<10, to: name)
    }
    try fixture.engine.shutdown()
    return fixture
  }

  private func expectAll(_ fixture: EngineFixture) async throws {
    try fixture.reopen()
    for name in ["a", "b", "c"] { #expect(try await fixture.count(nil, name) == 10) }
    try fixture.engine.shutdown()
  }

  private func expectRefused(_ fixture: EngineFixture, _ path: String, _ place: Comment) throws {
    let refusal = #expect(throws: RequestError.self, place) { try fixture.reopen() }
    #expect(refusal?.message.contains(path) == true, "\(refusal?.message ?? "")")
    #expect(try disk.list(fixture.directory + "/collections").count == 3, "nothing was removed")
  }

  @Test func aCatalogueWithoutItsEndIsRefused() async throws {
    let fixture = try await stopped()
    let directory = fixture.directory + "/catalogue"
    let path = try #require(try disk.list(directory).first.map { directory + "/" + $0 })
    let whole = try disk.readFile(path, byteCountMax: 1 << 20)
    // From the last operation's end backwards; what follows is room and the end's mark.
    let content = try #require(whole.lastIndex { $0 != 0 }) + 1
    for length in stride(from: 0, to: content - 48, by: 16) {
      try disk.replaceFile(path, with: whole.span.extracting(0..<length))
      try expectRefused(fixture, directory, "\(length) of \(content) bytes")
      var check = try DataDirectoryCheck(fixture.directory)
      #expect(
        try check.run().defects.contains { $0.kind == .damage && $0.what.contains(directory) }, "\(length)")
    }
    try disk.unlink(path)
    try expectRefused(fixture, directory, "no catalogue")
    try disk.replaceFile(path, with: whole.span)
    try await expectAll(fixture)
  }

  /// The log is begun anew behind a change that has happened: that it cannot be is no failure of the change.
  @Test func aChangeHoldsThoughTheLogCannotBeShortened() throws {
    let path = "/tmp/needletail-catalogue-\(UUID128.random())"
    defer { try? POSIXTree.remove(path) }
    let fileSystem = PickyFileSystem { operation, path in
      operation == "unlink" && path.contains("/catalogue/")
    }
    let directory = try DataDirectory(fileSystem, path: path)
    let catalogue = try Catalogue(
      directory, operationsMax: 3, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var ids: [UUID128] = []
    // A segment that is full enough to be left behind by the next one.
    for number in 0..<2_000 where !fileSystem.hasFailed {
      let id = UUID128.random()
      try catalogue.change(at: 0) { _ in .create(id, name: String(repeating: "n", count: 200) + "\(number)") }
      ids.append(id)
    }
    #expect(fileSystem.hasFailed)
    #expect(Set(catalogue.current.collections.values) == Set(ids))
    try? directory.close()
    let again = try DataDirectory(disk, path: path)
    #expect(Set(try Catalogue(again).current.collections.values) == Set(ids))
    try again.close()
  }

  @Test func aDamagedFormatIsADefectAndNoFailure() async throws {
    let fixture = try await stopped()
    let path = fixture.directory + "/FORMAT"
    let sound = try disk.readFile(path, byteCountMax: 100)
    let none: [UInt8] = []
    try disk.replaceFile(path, with: none.span)
    func expectDefect() throws {
      var check = try DataDirectoryCheck(fixture.directory)
      let defects = try check.run().defects
      #expect(defects.map(\.kind) == [.damage])
      #expect(defects.first?.what.hasPrefix(path) == true, "\(defects)")
    }
    try expectDefect()
    try disk.unlink(path)
    try expectDefect()
    #expect(throws: RequestError.self, "no data directory") {
      try DataDirectoryCheck(fixture.directory + "/0")
    }
    try disk.replaceFile(path, with: sound.span)
    try await expectAll(fixture)
  }

  @Test func anOlderCatalogueIsRefused() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(EngineFixture.plain, named: "a")
    try fixture.engine.shutdown()
    let directory = fixture.directory + "/catalogue"
    let path = try #require(try disk.list(directory).first.map { directory + "/" + $0 })
    let old = try disk.readFile(path, byteCountMax: 1 << 20)
    try fixture.reopen()
    for name in ["b", "c"] { try await fixture.create(EngineFixture.plain, named: name) }
    try fixture.engine.shutdown()
    for name in try disk.list(directory) { try disk.unlink(directory + "/" + name) }
    try disk.replaceFile(path, with: old.span)
    try expectRefused(fixture, directory, "a copy from before")
  }
}
