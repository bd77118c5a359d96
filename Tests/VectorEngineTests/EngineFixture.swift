import Logging
import Synchronization
import VectorModel

@testable import VectorEngine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An engine on a directory of its own.
final class EngineFixture {
  let directory: String
  private(set) var engine: Engine
  let configure: (inout EngineConfiguration) -> Void

  init(
    directory: String = "/tmp/needletail-engine-\(UUID128.random())",
    _ configure: @escaping (inout EngineConfiguration) -> Void = { _ in }
  ) throws {
    self.directory = directory
    self.configure = configure
    engine = try Self.open(directory, configure)
  }

  private static func open(
    _ directory: String, _ configure: (inout EngineConfiguration) -> Void
  ) throws -> Engine {
    var configuration = EngineConfiguration(dataDirectory: directory)
    configuration.commitMillisecondsMax = 40
    configure(&configuration)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return try Engine.open(configuration, logger: logger)
  }

  deinit {
    try? engine.shutdown()
    try? POSIXTree.remove(directory)
  }

  /// Stops the engine and starts it on the same directory.
  func restart() throws {
    try engine.shutdown()
    engine = try Self.open(directory, configure)
  }

  /// Starts an engine in the place of one that was shut down.
  func reopen() throws { engine = try Self.open(directory, configure) }

  /// Runs what blocks until other tasks have gone on. Tasks have two threads here: two tests that block them wait for
  /// each other for ever.
  static func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    let thread = WorkerPool("test", threadCount: 1, queueCountMax: 1)
    defer { thread.stop() }
    return try await withCheckedThrowingContinuation { continuation in
      let isAccepted = thread.submit { continuation.resume(with: Result { try body() }) }
      precondition(isAccepted)
    }
  }

  func send(_ request: Request) async throws -> Response.Result {
    try await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Response, RequestError>, Never>) in
      engine.handle(request) { continuation.resume(returning: $0) }
    }.get().result
  }

  /// The response, or the error that it was answered with.
  func outcome(_ request: Request) async -> Result<Response, RequestError> {
    await withCheckedContinuation { continuation in
      engine.handle(request) { continuation.resume(returning: $0) }
    }
  }
}

import VectorStorage

enum POSIXTree {
  static func remove(_ path: String) throws { try POSIXFileSystem().removeTree(path) }
}

extension EngineFixture {
  func create(_ configuration: CollectionConfiguration, named name: String = "c") async throws {
    _ = try await send(.createCollection(name, configuration))
  }

  func write(_ operation: WriteOperation, to name: String = "c") async throws -> UpdateResult {
    guard case .update(let result) = try await send(.write(collection: name, operation, UpdateParameters()))
    else {
      throw RequestError.internalError("not an update")
    }
    return result
  }

  func query(_ query: QueryRequest, _ name: String = "c") async throws -> [ScoredPoint] {
    guard case .points(let points, _) = try await send(.query(collection: name, query, .points)) else {
      throw RequestError.internalError("not points")
    }
    return points
  }

  func count(_ filter: Filter? = nil, _ name: String = "c") async throws -> Int {
    var request = CountRequest()
    request.filter = filter
    guard case .count(let count) = try await send(.count(collection: name, request)) else {
      throw RequestError.internalError("not a count")
    }
    return count
  }

  func information(_ name: String = "c") async throws -> CollectionInfo {
    guard case .collection(let information) = try await send(.collectionInfo(name)) else {
      throw RequestError.internalError("not a collection")
    }
    return information
  }

  /// Waits until no build runs or is due.
  func waitForBuilds(_ name: String = "c") async throws {
    while try await information(name).status != .green { await Task.yield() }
  }

  /// Waits until parts hold so many vectors.
  func waitForIndexed(_ count: Int, _ name: String = "c") async throws {
    while try await information(name).indexedVectorsCount < count { await Task.yield() }
  }
}

extension EngineConfiguration {
  /// Rows get links where they lie, be they few, as if somebody searched.
  mutating func linksEarly() {
    linkedRowsMin = 8
    linkedTierRowsMin = 16
  }

  /// Rows get parts of their own.
  mutating func freezesOnly() { linksRows = false }
}
