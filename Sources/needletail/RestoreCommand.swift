import ArgumentParser
import Logging
import VectorEngine
import VectorModel

/// `needletail restore`: a collection, or everything, from a snapshot; through a running server, or into a data
/// directory that no server has open.
struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Restore a collection, or the whole storage, from a snapshot.",
    discussion: """
      The snapshot is verified before anything is replaced: checksums, counts, digest, and exact searches whose \
      answers it holds. With --data-dir the restore runs here, and no server may have the directory open; \
      otherwise the file is sent to the server, or, with --on-server, its name is.
      """)

  @Argument(help: "The snapshot: a file, or a name among the server's snapshots with --on-server.")
  var snapshot: String
  @Option(help: "The name that the collection gets; one of this name is replaced.") var collection: String?
  @Option(help: "The last operation to restore: a sequence, or a time as 2026-01-31T12:00:00Z.")
  var until: String?
  @Option(help: "Restore into this data directory; without --collection the whole storage.")
  var dataDir: String?
  @Flag(help: "The snapshot is the name of one that the server has.") var onServer = false
  @OptionGroup var client: ClientOptions

  func run() async throws {
    if let dataDir {
      try await restore(into: dataDir)
    } else {
      try await restoreThroughServer()
    }
    StandardOutput.line(client.json ? "true" : "restored \(collection.map { "`\($0)`" } ?? "the storage")")
  }

  private func restoreThroughServer() async throws {
    guard let collection else { throw ValidationError("--collection is needed, or --data-dir") }
    let path = "/collections/\(pathSegment(collection))/snapshots"
    guard onServer else {
      let query = until.map { "?until=\(pathSegment($0))" } ?? ""
      _ = try await client.transfer().upload(
        LocalFile(reading: snapshot), to: path + "/upload" + query, title: "upload", isQuiet: client.json)
      return
    }
    let server = try await client.connect()
    defer { server.close() }
    var body = JSONWriter()
    body.object { writer in
      writer.member("location", snapshot)
      writer.member("until", until)
    }
    _ = try await server.result(.PUT, path + "/recover", body.bytes)
  }

  private func restore(into directory: String) async throws {
    var log = Logger(label: "needletail")
    log.logLevel = .error
    let engine = try Engine.open(EngineConfiguration(dataDirectory: directory), logger: log)
    let result = await outcome(engine)
    try engine.shutdown()
    try result.get()
  }

  private func outcome(_ engine: Engine) async -> Result<Void, RequestError> {
    do throws(RequestError) {
      let file = try LocalFile(reading: snapshot)
      let until = try until.map(SnapshotRecovery.Until.init)
      guard case .sink(let sink) = try await Self.answer(engine, .beginUpload) else { return .success(()) }
      var progress = Progress("copy", isQuiet: client.json)
      var copied = 0
      while true {
        let piece = try file.read(1 << 20)
        if piece.isEmpty { break }
        try sink.write(piece)
        copied += piece.count
        progress.show(copied, of: file.byteCount)
      }
      if let collection {
        var recovery = SnapshotRecovery(collection: collection, source: .upload(sink))
        recovery.until = until
        _ = try await Self.answer(engine, .recover(recovery, wait: true))
      } else {
        _ = try await Self.answer(engine, .recoverStorage(sink))
      }
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  private static func answer(
    _ engine: Engine, _ request: SnapshotRequest
  ) async throws(RequestError) -> SnapshotResult {
    try await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<SnapshotResult, RequestError>, Never>) in
      engine.handle(snapshots: request) { continuation.resume(returning: $0) }
    }.get()
  }
}
