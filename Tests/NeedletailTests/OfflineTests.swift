import ArgumentParser
import Testing
import VectorModel

@testable import needletail

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite("Commands without a server")
struct OfflineTests {
  private static func newDirectory() -> String {
    "/tmp/needletail-offline-\(UInt64.random(in: 0 ... .max))"
  }

  private static func contents(_ path: String) -> String? {
    (try? LocalFile(reading: path).readAll()).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The same requests work on a data directory, one program after the other.
  @Test func aDataDirectoryAnswersAsAServer() async throws {
    let directory = Self.newDirectory()
    let client = try ClientOptions.parse(["--data-dir", directory])
    await #expect(throws: RequestError.badRequest("there is no data directory at \(directory)")) {
      try await client.withServer { _ in }
    }
    #expect(unsafe access(directory, F_OK) != 0, "a mistyped name makes nothing")
    try await client.withServer(mayCreate: true) { server in
      let body = Array(#"{"vectors":{"size":2,"distance":"Dot"}}"#.utf8)
      let made = try await server.rest.result(.PUT, "/collections/c", body)
      #expect(made == .bool(true))
      await #expect(throws: RequestError.self, "one program at a time") {
        try await client.withServer { _ in }
      }
    }
    let snapshot = try await client.withServer { server in
      try await server.rest.result(.POST, "/collections/c/snapshots", Array("{}".utf8))
    }
    let name = try #require(snapshot["name"]?.text)
    let copy = directory + "/copy"
    try await SnapshotCommand.Download.parse(
      ["--collection", "c", name, "--output", copy, "--data-dir", directory, "--json"]
    ).run()
    try await RestoreCommand.parse([copy, "--collection", "d", "--data-dir", directory, "--json"]).run()
    let names = try await client.withServer { try await $0.rest.result(.GET, "/collections") }
    #expect(names["collections"]?.text == #"[{"name":"c"},{"name":"d"}]"#)
    // What the server refuses is thrown, and the directory is closed all the same.
    await #expect(throws: RequestError.self) {
      try await client.withServer { try await $0.rest.result(.GET, "/collections/e") }
    }
    try await client.withServer { _ in }
    #expect(unsafe system("rm -r \(directory)") == 0)
  }

  @Test func aServerOrADirectoryButNotBoth() {
    #expect(throws: (any Error).self) {
      try CollectionsCommand.parse(["--url", "http://localhost", "--data-dir", "x"])
    }
    #expect(throws: (any Error).self) { try RestoreCommand.parse(["x", "--until", "5"]) }
  }

  /// What ends early leaves the file that was there.
  @Test func aFileHasItsNameInTheEnd() throws {
    let path = Self.newDirectory()
    func write(_ text: String, finishes: Bool) throws {
      let file = try LocalFile(writing: path)
      try file.write(Array(text.utf8))
      if finishes { try file.finish() }
    }
    try write("first", finishes: false)
    #expect(Self.contents(path) == nil)
    try write("second", finishes: true)
    try write("third", finishes: false)
    #expect(Self.contents(path) == "second")
    #expect(unsafe access(path + ".part", F_OK) != 0)
    #expect(unsafe unlink(path) == 0)
    let null = try LocalFile(writing: "/dev/null")
    try null.write([1])
    try null.finish()
  }
}
