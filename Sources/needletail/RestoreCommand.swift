import ArgumentParser
import VectorModel

/// `needletail restore`: a collection, or everything, from a snapshot; through a running server, or into a data
/// directory that no server has open.
struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Restore a collection, or the whole storage, from a snapshot.",
    discussion: """
      The snapshot is verified before anything is replaced: checksums, counts, digest, and exact searches whose \
      answers it holds. The file is sent to the server; with --on-server only a name is, or a URL that the server \
      permits. With --data-dir no server may have the directory open; a new one is made where none is.
      """)

  @Argument(help: "The snapshot: a file; with --on-server a name among the server's snapshots, or a URL.")
  var snapshot: String
  @Option(
    help: "The name that the collection gets; one of this name is replaced. Without it the whole storage.")
  var collection: String?
  @Option(help: "The last operation to restore: a sequence, or a time as 2026-01-31T12:00:00Z.")
  var until: String?
  @Flag(help: "The server has the snapshot, or fetches it.") var onServer = false
  @Option(help: "The SHA-256 that the file must have, as 64 hexadecimal digits.") var checksum: String?
  @OptionGroup var client: ClientOptions

  func validate() throws {
    if until != nil, collection == nil { throw ValidationError("--until needs --collection.") }
  }

  func run() async throws {
    // A snapshot that cannot be read is said before a directory is made for it.
    if !onServer { _ = try LocalFile(reading: snapshot) }
    try await client.withServer(mayCreate: true) { server in
      if onServer { try await recover(server.rest) } else { try await upload(server.transfer) }
    }
    StandardOutput.line(client.json ? "true" : "restored \(collection.map { "`\($0)`" } ?? "the storage")")
  }

  private var path: String { (collection.map { "/collections/\(pathSegment($0))" } ?? "") + "/snapshots" }

  private func recover(_ server: RESTClient) async throws(RequestError) {
    var body = JSONWriter()
    body.object { writer in
      writer.member("location", snapshot)
      writer.member("until", until)
      writer.member("checksum", checksum)
    }
    _ = try await server.result(.PUT, path + "/recover", body.bytes)
  }

  private func upload(_ server: RESTTransfer) async throws(RequestError) {
    let parameters = [("until", until), ("checksum", checksum)].compactMap { name, value in
      value.map { "\(name)=\(pathSegment($0))" }
    }
    let query = parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")
    _ = try await server.upload(
      LocalFile(reading: snapshot), to: path + "/upload" + query, title: "upload", isQuiet: client.json)
  }
}
