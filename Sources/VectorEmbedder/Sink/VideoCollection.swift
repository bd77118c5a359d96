package import VectorModel

/// The collection of videos on the server: its shape, its record of models, its points.
package struct VideoCollection: Sendable {
  package var name: String
  /// The vectors by name with what makes them.
  package var vectors: [(name: String, identity: ModelIdentity)]
  private let sink: any PointSink

  /// The payload's key for the language, which the collection declares for recommendations.
  package static let languageField = "language"
  static let metadataKey = "needletail_embedder"

  package init(
    name: String, vectors: [(name: String, identity: ModelIdentity)], sink: any PointSink
  ) {
    self.name = name
    self.vectors = vectors
    self.sink = sink
  }

  /// Makes the collection when it is missing, adds vectors and indexes that it lacks, and checks whose models it holds.
  ///
  /// What the metadata promises is made behind it, so that a worker that is killed in between finds it undone.
  ///
  /// - Returns: the collection's own identity, which no other one has, not even one of the same name.
  /// - Throws: 400 when a vector there was made by another model, with the way to migrate.
  @discardableResult
  package func ensure() async throws(RequestError) -> String {
    guard case .exists(let exists) = try await sink.send(.collectionExists(name)).result else {
      throw .internalError("the server gave no answer about collection \(name)")
    }
    if !exists { try await create() }
    let found = try await check()
    let identity = found.configuration.metadata?[Self.metadataKey]?["id"]?.text ?? Self.newIdentity()
    let metadata = metadata(over: found.configuration.metadata, identity: identity)
    if metadata != found.configuration.metadata {
      var update = CollectionUpdate()
      update.metadata = metadata
      _ = try await sink.send(.updateCollection(name, update))
    }
    for vector in found.missing {
      _ = try await sink.send(
        .addVector(collection: name, parameters(of: vector), UpdateParameters()))
    }
    let indexed = Set(found.configuration.payloadSchema.map(\.path))
    for field in ["language", "tags", "sha256"] where !indexed.contains(field) {
      let operation = WriteOperation.createIndex(PayloadField(path: field, type: .keyword))
      _ = try await sink.send(.write(collection: name, operation, UpdateParameters()))
    }
    return identity
  }

  private static func newIdentity() -> String {
    UUID128.random().description
  }

  /// Checks whose models the collection holds, without changing it.
  ///
  /// - Returns: the vectors that it lacks.
  /// - Throws: 404 without the collection, 400 when a vector there was made by another model.
  package func check() async throws(RequestError) -> (
    missing: [(name: String, identity: ModelIdentity)], configuration: CollectionConfiguration
  ) {
    guard case .collection(let info) = try await sink.send(.collectionInfo(name)).result else {
      throw .internalError("the server gave no description of collection \(name)")
    }
    let recorded = info.configuration.metadata?[Self.metadataKey]?["vectors"]
    var missing: [(name: String, identity: ModelIdentity)] = []
    for vector in vectors {
      guard let parameters = info.configuration.vector(named: vector.name) else {
        missing.append(vector)
        continue
      }
      let hash = recorded?[vector.name]?["hash"]?.text
      let isOurs = hash == vector.identity.hash || (hash != nil && hash == vector.identity.earlierHash)
      let model = recorded?[vector.name]?["model"]?.text ?? "an unknown model"
      guard isOurs, parameters.dimension == vector.identity.dimension else {
        throw Self.refusal(collection: name, vector: vector, model: model, parameters: parameters)
      }
    }
    return (missing, info.configuration)
  }

  private static func refusal(
    collection: String, vector: (name: String, identity: ModelIdentity), model: String,
    parameters: VectorParameters
  ) -> RequestError {
    .wrongInput(
      """
      vector `\(vector.name)` of collection `\(collection)` holds \(parameters.dimension) numbers of \(model), \
      the configuration says \(vector.identity.dimension) numbers of \(vector.identity.name); they cannot be \
      compared. Give the new model a vector of its own (\(settingName(vector.name)): \(vector.name)_2), run again, \
      which adds that vector to every point, then search by the new name and delete the old vector
      """)
  }

  private static func settingName(_ vector: String) -> String {
    vector.contains("ocr") ? "ocr_vector" : vector.contains("video") ? "video_vector" : "transcript_vector"
  }

  private func create() async throws(RequestError) {
    var configuration = CollectionConfiguration(
      vectors: vectors.map(parameters).sorted { $0.name < $1.name })
    configuration.metadata = metadata(over: nil, identity: Self.newIdentity())
    do {
      _ = try await sink.send(.createCollection(name, configuration))
    } catch  where error.code == .alreadyExists {
      // Another worker was faster.
    }
  }

  private func parameters(of vector: (name: String, identity: ModelIdentity)) -> NamedVectorParameters {
    NamedVectorParameters(
      name: vector.name,
      parameters: VectorParameters(dimension: vector.identity.dimension, distance: .cosine))
  }

  /// What the collection's metadata says about language and models; all else in it stays, so do vectors of other
  /// names.
  private func metadata(over old: JSONValue?, identity: String) -> JSONValue {
    var recorded: [JSONValue.Member] = []
    if case .object(let members)? = old?[Self.metadataKey]?["vectors"] { recorded = members }
    for vector in vectors {
      let model: [JSONValue.Member] = [
        .init(key: "model", value: .string(vector.identity.name)),
        .init(key: "hash", value: .string(vector.identity.hash)),
        .init(key: "dimension", value: .integer(Int64(vector.identity.dimension))),
      ]
      Self.set(vector.name, .object(model), in: &recorded)
    }
    var members: [JSONValue.Member] = []
    if case .object(let found)? = old { members = found }
    if old?["language_field"]?.text == nil {
      Self.set("language_field", .string(Self.languageField), in: &members)
    }
    Self.set(
      Self.metadataKey,
      .object([.init(key: "id", value: .string(identity)), .init(key: "vectors", value: .object(recorded))]),
      in: &members)
    return .object(members)
  }

  private static func set(_ key: String, _ value: JSONValue, in members: inout [JSONValue.Member]) {
    if let place = members.firstIndex(where: { $0.key == key }) {
      members[place].value = value
    } else {
      members.append(.init(key: key, value: value))
    }
  }

  // MARK: Points

  /// Writes points; a repeat with the same `stamp` changes nothing.
  package func upsert(_ points: [Point], stamp: ProducerStamp) async throws(RequestError) {
    try await write(.upsert(UpsertOperation(points: points)), stamp: stamp)
  }

  /// Replaces payload and these vectors of a point that is there; its vectors of other names stay.
  ///
  /// - Throws: 404 when the point is not there.
  package func amend(_ point: Point, stamp: ProducerStamp) async throws(RequestError) {
    let selector = PointSelector.ids([point.id])
    let absent = vectors.map(\.name).filter { point.vectors[$0] == nil }
    var operations: [WriteOperation] = [
      .updateVectors([PointVectors(id: point.id, vectors: point.vectors)], filter: nil),
      .overwritePayload(PayloadPatch(payload: point.payload, selector: selector)),
    ]
    if !absent.isEmpty { operations.append(.deleteVectors(names: absent, selector)) }
    _ = try await sink.send(.writeBatch(collection: name, operations, parameters(stamp: stamp)))
  }

  /// Puts keys over a point's payload.
  package func setPayload(_ payload: [UInt8], of id: PointID, stamp: ProducerStamp) async throws(RequestError)
  {
    try await write(.setPayload(PayloadPatch(payload: payload, selector: .ids([id]))), stamp: stamp)
  }

  /// The paths of a point; nil where there is no such point.
  package func paths(of id: PointID) async throws(RequestError) -> [String]? {
    var request = RetrieveRequest(ids: [id])
    request.withPayload = .include([try PayloadPath("paths")])
    guard case .records(let records) = try await sink.send(.retrieve(collection: name, request)).result else {
      throw .internalError("the server answered with something else than points")
    }
    guard let record = records.first else { return nil }
    let payload = try record.payload.map { (bytes) throws(RequestError) in try JSONValue(parsing: bytes) }
    return payload?["paths"]?.elements?.compactMap(\.text) ?? []
  }

  package func delete(_ ids: [PointID], stamp: ProducerStamp) async throws(RequestError) {
    try await write(.delete(.ids(ids)), stamp: stamp)
  }

  private func write(_ operation: WriteOperation, stamp: ProducerStamp) async throws(RequestError) {
    _ = try await sink.send(.write(collection: name, operation, parameters(stamp: stamp)))
  }

  private func parameters(stamp: ProducerStamp) -> UpdateParameters {
    var parameters = UpdateParameters()
    parameters.wait = true
    parameters.producer = stamp
    return parameters
  }

  /// The nearest points of a vector, with their payloads.
  package func search(
    _ vector: [Float], using: String, limit: Int
  ) async throws(RequestError) -> [ScoredPoint] {
    try await query(.nearest(.vector(.dense(vector)), mmr: nil), using: using, limit: limit)
  }

  /// Points like these; where the collection declares a language, in the examples' language only.
  package func recommend(
    _ positive: [PointID], using: String, limit: Int
  ) async throws(RequestError) -> [ScoredPoint] {
    try await query(
      .recommend(RecommendQuery(positive: positive.map { .id($0) })), using: using, limit: limit)
  }

  private func query(
    _ query: Query, using: String, limit: Int
  ) async throws(RequestError) -> [ScoredPoint] {
    var request = QueryRequest()
    request.query = query
    request.using = using
    request.limit = limit
    request.withPayload = .all
    guard case .points(let points, _) = try await sink.send(.query(collection: name, request, .points)).result
    else { throw .internalError("the server answered a search with something else than points") }
    return points
  }
}
