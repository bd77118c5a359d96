import VectorModel
import VectorStorage

@testable import VectorEngine

extension EngineFixture {
  func snapshots(_ request: SnapshotRequest) async throws -> SnapshotResult {
    try await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<SnapshotResult, RequestError>, Never>) in
      engine.handle(snapshots: request) { continuation.resume(returning: $0) }
    }.get()
  }

  @discardableResult
  func snapshot(_ name: String? = "c", base: String? = nil) async throws -> SnapshotDescription {
    var options = SnapshotOptions()
    options.base = base
    let scope = name.map { SnapshotScope.collection($0) } ?? .storage
    guard case .one(let description) = try await snapshots(.create(scope, options, wait: true)) else {
      throw RequestError.internalError("not a snapshot")
    }
    return description
  }

  func list(_ name: String = "c") async throws -> [SnapshotDescription] {
    guard case .list(let descriptions) = try await snapshots(.list(.collection(name))) else {
      throw RequestError.internalError("not a list")
    }
    return descriptions
  }

  func recover(
    _ location: String, as name: String, until: SnapshotRecovery.Until? = nil, checksum: String? = nil
  ) async throws {
    var recovery = SnapshotRecovery(collection: name, source: .location(location))
    recovery.until = until
    recovery.checksum = checksum
    _ = try await snapshots(.recover(recovery, wait: true))
  }

  /// Everything that a collection is, in the order of the ids: what two equal collections have in common.
  func dump(_ name: String = "c") async throws -> [String] {
    var lines: [String] = []
    var request = ScrollRequest()
    request.limit = 1000
    request.withVector = .all
    while true {
      guard case .scroll(let records, let next) = try await send(.scroll(collection: name, request)) else {
        throw RequestError.internalError("not a page")
      }
      for record in records {
        let vectors = (record.vectors?.entries ?? []).sorted { $0.name < $1.name }
        lines.append("\(record.id) \(String(decoding: record.payload ?? [], as: UTF8.self)) \(vectors)")
      }
      guard let next else { return lines }
      request.offset = next
    }
  }

  /// What an offline verification finds; the engine is restarted behind it.
  func verifyOffline() throws -> DataDirectoryCheck.Report {
    try engine.shutdown()
    var check = try DataDirectoryCheck(directory)
    let report = try check.run()
    try reopen()
    return report
  }
}

extension Engine {
  /// Writes from any task.
  func write(_ operation: WriteOperation, to name: String) async throws {
    _ = try await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Response, RequestError>, Never>) in
      handle(.write(collection: name, operation, UpdateParameters())) { continuation.resume(returning: $0) }
    }.get()
  }
}

extension Engine {
  /// Makes a snapshot of the collection `c` from any task.
  func snapshot() async throws -> SnapshotDescription {
    let result = try await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<SnapshotResult, RequestError>, Never>) in
      handle(snapshots: .create(.collection("c"), SnapshotOptions(), wait: true)) {
        continuation.resume(returning: $0)
      }
    }.get()
    guard case .one(let description) = result else { throw RequestError.internalError("not a snapshot") }
    return description
  }
}

/// Random points and changes of a collection with vectors named `a` and `b`.
struct SnapshotWorkload {
  var random: SplitMix
  let idMax: UInt64

  init(seed: UInt64, idMax: UInt64 = 400) {
    random = SplitMix(seed: seed)
    self.idMax = idMax
  }

  static var configuration: CollectionConfiguration {
    CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "a", parameters: VectorParameters(dimension: 4, distance: .euclid)),
      NamedVectorParameters(name: "b", parameters: VectorParameters(dimension: 3, distance: .cosine)),
    ])
  }

  private mutating func id() -> PointID {
    let number = random.next() % idMax
    return number % 5 == 0 ? .uuid(UUID128(high: number, low: ~number)) : .number(number)
  }

  private mutating func vector(_ dimension: Int) -> VectorValue {
    .dense((0..<dimension).map { _ in Float(random.next() % 1000) / 500 - 1 + 0.001 })
  }

  private mutating func point() -> Point {
    var vectors = NamedVectors()
    if random.next() % 8 != 0 { vectors["a"] = vector(4) }
    if random.next() % 3 != 0 { vectors["b"] = vector(3) }
    let payload = random.next() % 6 == 0 ? "" : "{\"n\":\(random.next() % 50),\"s\":\"\(random.next())\"}"
    return Point(id: id(), vectors: vectors, payload: Array(payload.utf8))
  }

  /// One operation that cannot be refused.
  mutating func operation() -> WriteOperation {
    switch random.next() % 10 {
    case 0...4:
      let count = Int(random.next() % 20) + 1
      return .upsert(UpsertOperation(points: (0..<count).map { _ in point() }))
    case 5: return .delete(.ids((0..<3).map { _ in id() }))
    case 6: return .delete(.filter(Filter(must: [.hasID([id(), id()])])))
    case 7:
      let patch = "{\"p\":\(random.next() % 9)}"
      return .setPayload(
        PayloadPatch(
          payload: Array(patch.utf8), selector: .filter(Filter(must: [.hasID([id(), id(), id()])]))))
    case 8: return .clearPayload(.filter(Filter(must: [.hasID([id()])])))
    default: return .deleteVectors(names: ["b"], .filter(Filter(must: [.hasID([id(), id()])])))
    }
  }
}
