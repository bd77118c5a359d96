import VectorModel

@testable import VectorEmbedder

/// A server in memory: what the worker asks for, with exact search, and failures on demand. As the server does, it
/// answers a write that is not newer than its producer's last as a repeat, which changes nothing.
actor FakeSink: PointSink {
  private(set) var configuration: CollectionConfiguration?
  private(set) var points: [PointID: Point] = [:]
  private(set) var upsertCount = 0
  private(set) var stamps: [ProducerStamp] = []
  private var applied: [UUID128: UInt64] = [:]
  /// Errors for the next writes, the first first.
  private var failures: [RequestError] = []
  /// Payloads with this text are refused for good.
  var poison: String?

  /// As if somebody had deleted the collection.
  func drop() {
    configuration = nil
    points = [:]
  }

  func failNext(_ errors: [RequestError]) { failures = errors }
  func failNextReads(_ errors: [RequestError]) { readFailures = errors }
  private var readFailures: [RequestError] = []
  func setPoison(_ text: String?) { poison = text }

  /// As if the client were killed behind so many requests; nil lets all through.
  func allowNext(_ count: Int?) { requestsLeft = count }
  private var requestsLeft: Int?

  /// Keeps the next write on its way until another one is applied.
  func holdNext() { holdsNext = true }
  private var holdsNext = false
  private var held: CheckedContinuation<Void, Never>?
  var isHolding: Bool { held != nil }

  func setMetadata(_ key: String, _ value: JSONValue) {
    guard case .object(let members)? = configuration?.metadata else { return }
    configuration?.metadata = .object([.init(key: key, value: value)] + members)
  }

  func send(_ request: Request) async throws(RequestError) -> Response {
    if let left = requestsLeft {
      guard left > 0 else { throw RequestError(.unavailable, "killed") }
      requestsLeft = left - 1
    }
    switch request {
    case .collectionExists: return Response(.exists(configuration != nil))
    case .createCollection(_, let new):
      configuration = new
      return Response(.bool(true))
    case .collectionInfo:
      guard let configuration else { throw RequestError.notFound("collection") }
      return Response(
        .collection(
          CollectionInfo(
            status: .green, optimizerError: nil, pointsCount: points.count, indexedVectorsCount: 0,
            segmentsCount: 1, configuration: configuration, indexedPointsCounts: [])))
    case .addVector(_, let parameters, _):
      configuration?.vectors.append(parameters)
      return Response(.bool(true))
    case .updateCollection(_, let update):
      configuration?.metadata = update.metadata
      return Response(.bool(true))
    case .write(_, let operation, let parameters):
      try await write([operation], parameters)
      return Response(.update(UpdateResult(operationID: 1, status: .completed)))
    case .writeBatch(_, let operations, let parameters):
      try await write(operations, parameters)
      return Response(.updates([]))
    case .retrieve(_, let request):
      if !readFailures.isEmpty { throw readFailures.removeFirst() }
      guard configuration != nil else { throw RequestError.notFound("collection") }
      return Response(
        .records(
          request.ids.compactMap { id in points[id].map { PointRecord(id: id, payload: $0.payload) } }))
    case .query(_, let query, let form): return Response(.points(search(query), form))
    default: throw RequestError.notImplemented("this request")
    }
  }

  private func write(_ operations: [WriteOperation], _ parameters: UpdateParameters)
    async throws(RequestError)
  {
    if holdsNext {
      holdsNext = false
      await withCheckedContinuation { held = $0 }
    }
    if let stamp = parameters.producer {
      stamps.append(stamp)
      guard stamp.sequence > applied[stamp.producer, default: 0] else { return }
      if !failures.isEmpty { throw failures.removeFirst() }
    }
    for operation in operations { try apply(operation) }
    if let stamp = parameters.producer { applied[stamp.producer] = stamp.sequence }
    held?.resume()
    held = nil
  }

  private func apply(_ operation: WriteOperation) throws(RequestError) {
    switch operation {
    case .createIndex(let field): configuration?.payloadSchema.append(field)
    case .upsert(let upsert):
      for point in upsert.points {
        if let poison, String(decoding: point.payload, as: UTF8.self).contains(poison) {
          throw RequestError.wrongInput("poison")
        }
      }
      upsertCount += 1
      for point in upsert.points { points[point.id] = point }
    case .updateVectors(let changes, _):
      for change in changes {
        guard points[change.id] != nil else { throw RequestError.notFound("point \(change.id)") }
        for entry in change.vectors.entries { points[change.id]?.vectors[entry.name] = entry.value }
      }
    case .overwritePayload(let patch):
      guard case .ids(let ids) = patch.selector else { throw RequestError.notImplemented("a filter") }
      for id in ids { points[id]?.payload = patch.payload }
    case .deleteVectors(let names, .ids(let ids)):
      for id in ids { for name in names { points[id]?.vectors[name] = nil } }
    case .delete(.ids(let ids)): for id in ids { points[id] = nil }
    case .setPayload(let patch):
      guard case .ids(let ids) = patch.selector else { throw RequestError.notImplemented("a filter") }
      for id in ids {
        guard let old = points[id]?.payload else { continue }
        points[id]?.payload = try Self.merged(old, patch.payload)
      }
    default: throw RequestError.notImplemented("this write")
    }
  }

  private static func merged(_ old: [UInt8], _ new: [UInt8]) throws(RequestError) -> [UInt8] {
    guard case .object(var members) = try JSONValue(parsing: old),
      case .object(let changes) = try JSONValue(parsing: new)
    else { return old }
    members.removeAll { member in changes.contains { $0.key == member.key } }
    var writer = JSONWriter()
    JSONValue.object(members + changes).write(to: &writer)
    return writer.bytes
  }

  private func search(_ request: QueryRequest) -> [ScoredPoint] {
    guard case .nearest(.vector(.dense(let target)), _)? = request.query else { return [] }
    let scored = points.values.compactMap { point -> ScoredPoint? in
      guard case .dense(let vector)? = point.vectors[request.using] else { return nil }
      return ScoredPoint(
        record: PointRecord(id: point.id, payload: point.payload), version: 1, score: vector.dot(target))
    }
    return Array(scored.sorted { $0.score > $1.score }.prefix(request.limit))
  }

  /// The payload of the point whose paths hold this name.
  func payload(ofFile name: String) -> JSONValue? {
    points.values.compactMap { try? JSONValue(parsing: $0.payload) }.first { payload in
      payload["paths"]?.elements?.contains { $0.text?.hasSuffix("/" + name) == true } == true
    }
  }

  func point(ofFile name: String) -> Point? {
    points.values.first { String(decoding: $0.payload, as: UTF8.self).contains("/" + name + "\"") }
  }
}
