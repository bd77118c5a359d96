import ArgumentParser
import Testing
import VectorModel
import VectorServer

@testable import needletail

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A whole server of the program, with both its ports.
@Suite("Imports into a running server", .timeLimit(.minutes(10)))
struct ImportTests {
  private let directory = "/tmp/needletail-import-\(UInt64.random(in: 0 ... .max))"

  private func withServer(_ body: (_ flags: [String], RESTClient) async throws -> Void) async throws {
    let (starts, hasStarted) = AsyncStream.makeStream(of: Server.Addresses.self)
    let settings = try ServeOptions.parse(
      ["--data-dir", directory, "--http-port", "0", "--binary-port", "0"]
    ).settings()
    let log = ClientOptions.quietLog
    let server = Task {
      try await Server.run(
        settings, log: log, open: engineOpener(settings.engine, log: log),
        onReady: { hasStarted.yield($0) })
    }
    for await addresses in starts {
      let url = "http://\(addresses.http)"
      let rest = try await RESTClient.connect(to: RESTEndpoint(url: url), key: nil)
      let configuration = Array(#"{"vectors":{"size":2,"distance":"Dot"}}"#.utf8)
      _ = try await rest.result(.PUT, "/collections/c", configuration)
      let port = addresses.binary.split(separator: ":").last.map(String.init) ?? ""
      try await body(
        [
          "--collection", "c", "--input", directory + "/lines", "--url", url, "--binary-port", port, "--json",
        ],
        rest)
      rest.close()
      break
    }
    server.cancel()
    _ = await server.result
    #expect(unsafe system("rm -r \(directory)") == 0)
  }

  private func write(_ lines: [String]) throws {
    let file = try LocalFile(writing: directory + "/lines")
    for line in lines { try file.write(Array((line + "\n").utf8)) }
    try file.finish()
  }

  private func count(_ rest: RESTClient) async throws -> String? {
    try await rest.result(.POST, "/collections/c/points/count", Array("{}".utf8))["count"]?.text
  }

  private func line(_ id: Int, vector: String = "[1,0.5]") -> String {
    #"{"id":\#(id),"vector":\#(vector),"payload":{"n":\#(id)}}"#
  }

  @Test func pointsAreStreamed() async throws {
    try await withServer { flags, rest in
      try write((1...1000).map { line($0) })
      try await ImportCommand.parse(flags + ["--batch", "7"]).run()
      #expect(try await count(rest) == "1000")
      let point = try await rest.result(.GET, "/collections/c/points/1000")
      #expect(point["payload"]?.text == #"{"n":1000}"#)
      #expect(point["vector"]?.text == "[1.0,0.5]")
    }
  }

  /// Whether the server or the client finds the fault, its batch is named and those before it are in.
  @Test(arguments: [
    (#"{"id":25,"vector":[1,2,3]}"#, "points 21 to 30 of "),
    (#"{"id":-1,"vector":[1,2]}"#, "points 21 to 30 of "),
    ("{bad", "line 25 of "),
  ])
  func whatDoesNotFitIsNamed(bad: String, name: String) async throws {
    try await withServer { flags, rest in
      try write((1...24).map { line($0) } + [bad] + (26...100).map { line($0) })
      let error = await #expect(throws: RequestError.self) {
        try await ImportCommand.parse(flags + ["--batch", "10"]).run()
      }
      #expect(error?.message.hasPrefix(name + directory + "/lines: ") == true, "\(error?.message ?? "")")
      #expect(try await count(rest) == "20")
    }
  }

  @Test func aPortIsAServers() {
    #expect(throws: (any Error).self) {
      try ImportCommand.parse(
        ["--collection", "c", "--input", "x", "--binary-port", "6335", "--data-dir", "x"])
    }
  }
}
