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

  /// What is exported can be imported, whichever vector goes into an array; a collection without points too.
  @Test func anExportComesBackWhole() async throws {
    let directory = Self.newDirectory()
    let client = try ClientOptions.parse(["--data-dir", directory])
    let points = #"""
      {"points":[
        {"id":1,"vector":{"a":[1,2],"b":[1,2,3]},"payload":{"n":123456789012345678901234567890,
         "x":[null,{"é":1.50}]}},
        {"id":"550e8400-e29b-41d4-a716-446655440000","vector":{"a":[3,-0.0]}},
        {"id":18446744073709551615,"vector":{"a":[1e-45,0.1],"b":[0.1,0.2,0.3]}}]}
      """#
    try await client.withServer(mayCreate: true) { server in
      let body = Array(
        #"{"vectors":{"a":{"size":2,"distance":"Dot"},"b":{"size":3,"distance":"Euclid"}}}"#.utf8)
      for name in ["from", "to", "none"] {
        _ = try await server.rest.result(.PUT, "/collections/\(name)", body)
      }
      _ = try await server.rest.result(.PUT, "/collections/from/points?wait=true", Array(points.utf8))
    }
    for (from, to) in [("from", "to"), ("none", "none")] {
      let files = [
        "--npy", directory + "/a.npy", "--vector-name", "a", "--data-dir", directory, "--json",
      ]
      try await ExportCommand.parse(["--collection", from, "--output", directory + "/l"] + files).run()
      try await ImportCommand.parse(["--collection", to, "--input", directory + "/l"] + files).run()
    }
    let found = try await client.withServer { server in
      var found: [String] = []
      for name in ["from", "to"] {
        let body = Array(#"{"with_vector":true}"#.utf8)
        let page = try PointPage(
          try await server.rest.answer(.POST, "/collections/\(name)/points/scroll", body))
        found.append(page.points.map { String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: "\n"))
      }
      return found
    }
    #expect(found[0] == found[1])
    for text in ["123456789012345678901234567890", "1.50", "1e-45", "-0.0", "18446744073709551615"] {
      #expect(found[0].contains(text), "\(found[0])")
    }
    #expect(Self.contents(directory + "/l") == "")
    let lines = try LocalFile(writing: directory + "/bad")
    try lines.write(Array("\n\n{\"id\":1}\n{bad\n".utf8))
    try lines.finish()
    let error = await #expect(throws: RequestError.self) {
      try await ImportCommand.parse(
        ["--collection", "to", "--input", directory + "/bad", "--data-dir", directory, "--json"]
      ).run()
    }
    #expect(error?.message.contains("line 4 of") == true, "\(error?.message ?? "")")
    #expect(unsafe system("rm -r \(directory)") == 0)
  }

  /// The answer comes while the body is still being sent, and the connection ends behind it.
  @Test func aRefusedUploadIsSaidWithTheServersWords() async throws {
    let directory = Self.newDirectory()
    let client = try ClientOptions.parse(["--data-dir", directory])
    let path = directory + ".large"
    let file = try LocalFile(writing: path)
    let piece = [UInt8](repeating: 0, count: 1 << 20)
    for _ in 0..<64 { try file.write(piece) }
    try file.finish()
    try await client.withServer(mayCreate: true) { server in
      let transfer = RESTTransfer(endpoint: server.transfer.endpoint, key: "wrong")
      let error = await #expect(throws: RequestError.self) {
        try await transfer.upload(
          try LocalFile(reading: path), to: "/collections/c/snapshots/upload", title: "", isQuiet: true)
      }
      #expect(error?.code == .unauthorized, "\(error?.message ?? "")")
    }
    #expect(unsafe system("rm -r \(directory) \(path)") == 0)
  }

  /// A script tells a damaged snapshot from one that cannot be read.
  @Test func theExitCodeOfAVerificationSaysWhatIsWrong() async throws {
    let path = Self.newDirectory()
    let file = try LocalFile(writing: path)
    try file.write(Array("no snapshot".utf8))
    try file.finish()
    await #expect(throws: ExitCode(4)) { try await SnapshotCommand.Verify.parse([path]).run() }
    #expect(unsafe unlink(path) == 0)
    await #expect(throws: RequestError.self) { try await SnapshotCommand.Verify.parse([path]).run() }
    await #expect(throws: RequestError.self) { try await SnapshotCommand.Verify.parse(["/tmp"]).run() }
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
