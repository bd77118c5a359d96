import ArgumentParser
import VectorEngine
import VectorModel

/// `needletail snapshot`: the snapshots of a running server.
struct SnapshotCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Make, list, check, fetch and delete snapshots.",
    discussion: """
      Of a running server, or with --data-dir of a data directory that no server has open.
      """,
    subcommands: [Create.self, List.self, Verify.self, Download.self, Delete.self])

  /// Whose snapshots are meant.
  struct Scope: ParsableArguments {
    @Option(help: "The collection; without it the whole storage is meant.")
    var collection: String?

    var path: String { collection.map { "/collections/\(pathSegment($0))/snapshots" } ?? "/snapshots" }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a snapshot while the server goes on.")
    @OptionGroup var scope: Scope
    @OptionGroup var client: ClientOptions
    @Option(help: "What to remember with it.") var description: String?
    @Option(help: "The snapshot that this one only adds to.") var base: String?

    func run() async throws {
      try await client.withServer { connection in
        let server = connection.rest
        var body = JSONWriter()
        body.object { writer in
          writer.member("description", description)
          writer.member("base", base)
        }
        let result = try await server.result(.POST, scope.path, body.bytes)
        StandardOutput.line(client.json ? result.text : SnapshotTable.text([result]))
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the snapshots of a running server.")
    @OptionGroup var scope: Scope
    @OptionGroup var client: ClientOptions

    func run() async throws {
      try await client.withServer { connection in
        let server = connection.rest
        let result = try await server.result(.GET, scope.path)
        guard !client.json, case .array(let snapshots) = result else {
          return StandardOutput.line(result.text)
        }
        StandardOutput.line(SnapshotTable.text(snapshots))
      }
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read a snapshot file and compare all its checksums; needs no server.",
      discussion: "Exit codes: 0 it is sound; 4 it is damaged; 1 it could not be read.")
    @Argument(help: "The file.") var file: String
    @Flag(help: "Print JSON instead of text.") var json = false

    func run() async throws {
      _ = try LocalFile(reading: file)
      let description: SnapshotDescription
      switch try verifySnapshot(at: file) {
      case .sound(let found): description = found
      case .damaged(let what):
        StandardError.line("needletail: \(what)")
        throw ExitCode(4)
      }
      var writer = JSONWriter()
      description.write(to: &writer)
      let value = try JSONValue(parsing: writer.bytes)
      StandardOutput.line(json ? value.text : SnapshotTable.text([value]))
    }
  }

  struct Download: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Fetch a snapshot from a running server.")
    @OptionGroup var scope: Scope
    @OptionGroup var client: ClientOptions
    @Argument(help: "The snapshot's name.") var name: String
    @Option(help: "The file to make; without it one of the snapshot's name.") var output: String?

    func run() async throws {
      let path = output ?? name.split(separator: "/").last.map(String.init) ?? "snapshot"
      let file = try LocalFile(writing: path)
      try await client.withServer { server in
        try await server.transfer.download(
          "\(scope.path)/\(pathSegment(name))", to: file, title: "download", isQuiet: client.json)
      }
      // The file gets its name once it has proved whole.
      let description = try verifySnapshot(at: file.path).description()
      try file.finish()
      var writer = JSONWriter()
      writer.object { writer in
        writer.member("file", path)
        writer.member("size", description.byteCount)
        writer.member("checksum", description.checksum)
      }
      StandardOutput.line(
        client.json
          ? String(decoding: writer.bytes, as: UTF8.self)
          : "\(path): \(description.byteCount) bytes, SHA-256 \(description.checksum)")
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a snapshot of a running server.")
    @OptionGroup var scope: Scope
    @OptionGroup var client: ClientOptions
    @Argument(help: "The snapshot's name.") var name: String

    func run() async throws {
      try await client.withServer { connection in
        let server = connection.rest
        let result = try await server.result(.DELETE, "\(scope.path)/\(pathSegment(name))")
        StandardOutput.line(client.json ? result.text : "deleted \(name)")
      }
    }
  }
}

/// Snapshots as text.
enum SnapshotTable {
  static func text(_ snapshots: [JSONValue]) -> String {
    var table = TextTable(
      ["name", "created", "bytes", "sequence", "earliest", "latest", "base", "description"],
      rightColumns: [2, 3, 4, 5])
    for snapshot in snapshots {
      table.add(
        [
          "name", "creation_time", "size", "sequence", "earliest_sequence", "latest_sequence", "base",
          "description",
        ].map { snapshot[$0]?.text ?? "" })
    }
    return table.text
  }
}
