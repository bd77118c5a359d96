import Logging
import VectorModel
import VectorStorage

@testable import VectorEngine

/// A history of everything that an engine writes, and what it is after each step: writes of all kinds, checkpoints,
/// builds, compactions, a snapshot, changes of the catalogue, a restart.
final class FaultHistory {
  enum Step {
    case request(Request)
    case snapshot
    case waitForBuilds
    case restart
  }

  let disk = FaultyFileSystem()
  let directory = "/tmp/needletail-history-\(UUID128.random())"
  private(set) var engine: Engine?
  private let hasUpkeep: Bool

  /// - Parameter hasUpkeep: whether stores are compacted in the background whenever that gains a little.
  init(hasUpkeep: Bool = true) { self.hasUpkeep = hasUpkeep }

  deinit {
    try? engine?.shutdown()
    try? POSIXTree.remove(directory)
  }

  static func steps(seed: UInt64) -> [Step] {
    var workload = SnapshotWorkload(seed: seed, idMax: 120)
    func writes(_ count: Int) -> [Step] {
      (0..<count).map { _ in
        .request(.write(collection: "c", workload.operation(), UpdateParameters()))
      }
    }
    var configuration = SnapshotWorkload.configuration
    configuration.optimizers.indexingThreshold = 1
    let field = PayloadField(path: "n", type: .integer)
    let small = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 2, distance: .dot))
    ])
    let point = Point(id: .number(7), vectors: NamedVectors(unnamed: .dense([1, 2])))
    var steps: [Step] = [.request(.createCollection("c", configuration))]
    steps += writes(6)
    steps.append(.request(.write(collection: "c", .createIndex(field), UpdateParameters())))
    steps += writes(6) + [.waitForBuilds]
    steps += [
      .request(.createCollection("d", small)),
      .request(.changeAliases([.create(alias: "e", collection: "d")])),
      .request(.write(collection: "e", .upsert(UpsertOperation(points: [point])), UpdateParameters())),
    ]
    steps += writes(5) + [.snapshot] + writes(3) + [.restart] + writes(6) + [.waitForBuilds]
    steps += [.request(.deleteCollection("d"))] + writes(3)
    return steps
  }

  private var configuration: EngineConfiguration {
    var configuration = EngineConfiguration(dataDirectory: directory)
    // Nothing happens by the clock.
    configuration.commitMillisecondsMax = 1_000_000
    configuration.commitPointsMax = 25
    configuration.logSegmentBytes = 3000
    configuration.deltaRowsMax = 60
    if hasUpkeep {
      configuration.compaction = CompactionPolicy(
        freeBytesMin: 0, freeShareMin: 0.02, intervalMilliseconds: 0)
    }
    return configuration
  }

  func open() throws(RequestError) {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    engine = try Engine(configuration, fileSystem: disk, logger: logger)
  }

  func shutdown() throws(RequestError) {
    defer { engine = nil }
    try engine?.shutdown()
  }

  func perform(_ step: Step) async throws {
    switch step {
    case .request(let request): _ = try await send(request)
    case .restart:
      try shutdown()
      try open()
    case .snapshot:
      guard let engine else { return }
      _ = try await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<SnapshotResult, RequestError>, Never>) in
        engine.handle(snapshots: .create(.collection("c"), SnapshotOptions(), wait: true)) {
          continuation.resume(returning: $0)
        }
      }.get()
    case .waitForBuilds:
      while case .collection(let information) = try await send(.collectionInfo("c")),
        information.status == .yellow, information.optimizerError == nil
      {
        await Task.yield()
      }
    }
  }

  private func send(_ request: Request) async throws -> Response.Result {
    guard let engine else { throw RequestError(.unavailable, "no engine") }
    return try await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Response, RequestError>, Never>) in
      engine.handle(request) { continuation.resume(returning: $0) }
    }.get().result
  }

  /// Names, aliases and all points: what two equal databases have in common.
  func dump() async throws -> [String] {
    guard case .collections(let names) = try await send(.listCollections),
      case .aliases(let aliases) = try await send(.listAliases)
    else { throw RequestError.internalError("no list") }
    var lines = aliases.map { "\($0)" }.sorted()
    for name in names.sorted() {
      var request = ScrollRequest()
      request.limit = 1000
      request.withVector = .all
      guard case .scroll(let records, nil) = try await send(.scroll(collection: name, request)),
        case .count(let count) = try await send(.count(collection: name, CountRequest()))
      else { throw RequestError.internalError("not a page") }
      lines.append("collection \(name) of \(count)")
      for record in records {
        let vectors = (record.vectors?.entries ?? []).sorted { $0.name < $1.name }
        lines.append("\(record.id) \(String(decoding: record.payload ?? [], as: UTF8.self)) \(vectors)")
      }
    }
    return lines
  }
}
