import Logging
import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

/// Each call that making and restoring a snapshot gives to the file system fails once: nothing that was there
/// changes, and the next start finds everything whole.
@Suite struct SnapshotFaultTests {
  private let directory = "/tmp/needletail-fault-\(UUID128.random())"

  private func engine(_ fileSystem: any FileSystem) throws -> Engine {
    var configuration = EngineConfiguration(dataDirectory: directory)
    configuration.commitMillisecondsMax = 1_000_000
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return try Engine(configuration, fileSystem: fileSystem, logger: logger)
  }

  private func snapshots(
    _ engine: Engine, _ request: SnapshotRequest
  ) async -> Result<SnapshotResult, RequestError> {
    await withCheckedContinuation { continuation in
      engine.handle(snapshots: request) { continuation.resume(returning: $0) }
    }
  }

  private func send(_ engine: Engine, _ request: Request) async throws -> Response.Result {
    try await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Response, RequestError>, Never>) in
      engine.handle(request) { continuation.resume(returning: $0) }
    }.get().result
  }

  private func digest(_ engine: Engine, _ name: String) throws -> StateDigest {
    try engine.collections.view(of: engine.catalogue.current.collection(named: name)).state.digest
  }

  @Test(arguments: FaultyFileSystem.Fault.allCases)
  func aFailedRestoreLeavesTheOld(_ fault: FaultyFileSystem.Fault) async throws {
    defer { try? POSIXTree.remove(directory) }
    let disk = FaultyFileSystem()
    var server = try engine(disk)
    _ = try await send(server, .createCollection("c", SnapshotWorkload.configuration))
    var workload = SnapshotWorkload(seed: 30, idMax: 40)
    for _ in 0..<6 { try await server.write(workload.operation(), to: "c") }
    let created = await snapshots(server, .create(.collection("c"), SnapshotOptions(), wait: true))
    guard case .success(.one(let snapshot)) = created else { throw RequestError.internalError("no snapshot") }
    let restored = try digest(server, "c")
    for _ in 0..<6 { try await server.write(workload.operation(), to: "c") }
    var old = try digest(server, "c")
    #expect(old != restored)
    var firedCount = 0
    let (first, stride) = TestLength.places(every: 13)
    for call in Swift.stride(from: first, to: 10_000, by: stride) {
      disk.arm(fault, atCall: call)
      let recovery = SnapshotRecovery(collection: "c", source: .location(snapshot.name))
      let outcome = await snapshots(server, .recover(recovery, wait: true))
      guard disk.disarm() != nil else { break }
      firedCount += 1
      // The server goes on, or ends with what it has: either way the next start is sound.
      try? server.shutdown()
      server = try engine(disk)
      let found = try digest(server, "c")
      if case .success = outcome { #expect(found == restored, "call \(call)") }
      #expect(found == old || found == restored, "call \(call)")
      // Some failures are made good; then the next call finds another state to keep.
      while try digest(server, "c") == restored { try await server.write(workload.operation(), to: "c") }
      old = try digest(server, "c")
      try server.shutdown()
      var check = try DataDirectoryCheck(directory)
      let report = try check.run()
      #expect(report.defects == [] && report.unnamed == [], "call \(call)")
      server = try engine(disk)
      #expect(try digest(server, "c") == old)
    }
    #expect(firedCount > (TestLength.isLong ? 60 : 4), "\(firedCount) calls failed")
    try server.shutdown()
  }

  @Test(arguments: FaultyFileSystem.Fault.allCases)
  func aFailedSnapshotLeavesNone(_ fault: FaultyFileSystem.Fault) async throws {
    defer { try? POSIXTree.remove(directory) }
    let disk = FaultyFileSystem()
    var server = try engine(disk)
    _ = try await send(server, .createCollection("c", SnapshotWorkload.configuration))
    var workload = SnapshotWorkload(seed: 31, idMax: 40)
    for _ in 0..<6 { try await server.write(workload.operation(), to: "c") }
    let before = try digest(server, "c")
    var firedCount = 0
    let (first, stride) = TestLength.places(every: 5)
    for call in Swift.stride(from: first, to: 10_000, by: stride) {
      disk.arm(fault, atCall: call)
      let outcome = await snapshots(server, .create(.collection("c"), SnapshotOptions(), wait: true))
      guard disk.disarm() != nil else { break }
      firedCount += 1
      try? server.shutdown()
      server = try engine(disk)
      #expect(try digest(server, "c") == before)
      guard case .success(.list(let list)) = await snapshots(server, .list(.collection("c"))) else {
        throw RequestError.internalError("no list")
      }
      if case .success = outcome { #expect(!list.isEmpty, "call \(call)") }
      for snapshot in list {
        let path = "\(directory)/snapshots/\(snapshot.name)"
        #expect(try verifySnapshot(at: path).description().checksum == snapshot.checksum, "call \(call)")
        guard
          case .success = await snapshots(
            server, .delete(.collection("c"), name: snapshot.name, wait: true))
        else { throw RequestError.internalError("not deleted") }
      }
    }
    #expect(firedCount > (TestLength.isLong ? 8 : 1), "\(firedCount) calls failed")
    try server.shutdown()
  }
}
