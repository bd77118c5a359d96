import VectorModel

/// Requests of every kind with every part that a frame can carry. Sets have one element, so that they print the same.
enum RequestSamples {
  static let uuid = UUID128(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)

  static func all() throws(RequestError) -> [(name: String, request: Request)] {
    try collections() + (try writes()) + (try reads())
  }

  static func collections() throws(RequestError) -> [(name: String, request: Request)] {
    var created = CollectionConfiguration(vectors: [])
    var text = VectorParameters(dimension: 4, distance: .cosine)
    text.hnsw.m = 24
    text.onDisk = false
    created.vectors = [
      NamedVectorParameters(name: "image", parameters: VectorParameters(dimension: 3, distance: .euclid)),
      NamedVectorParameters(name: "text", parameters: text),
    ]
    created.hnsw.efConstruction = 200
    created.metadata = .object([.init(key: "language_field", value: .string("lang"))])
    created.onDiskPayload = false
    var update = CollectionUpdate()
    update.hnsw = HNSWDifference()
    update.hnsw?.m = 32
    update.optimizers = OptimizersDifference()
    update.optimizers?.indexingThreshold = 20_000
    update.quantization = .remove
    update.metadata = .object([.init(key: "owner", value: .null)])
    update.onDiskPayload = true
    var named = CollectionUpdate.VectorUpdate(name: "text")
    named.hnsw = HNSWDifference()
    named.hnsw?.efConstruction = 64
    update.vectors = [named]
    let added = NamedVectorParameters(
      name: "sound", parameters: VectorParameters(dimension: 8, distance: .manhattan))
    return [
      ("list-collections", .listCollections),
      ("collection-info", .collectionInfo("films")),
      ("collection-exists", .collectionExists("films")),
      ("create-collection", .createCollection("films", created)),
      ("update-collection", .updateCollection("films", update)),
      ("delete-collection", .deleteCollection("films")),
      ("add-vector", .addVector(collection: "films", added, parameters())),
      ("remove-vector", .removeVector(collection: "films", name: "sound", UpdateParameters())),
      (
        "change-aliases",
        .changeAliases([
          .create(alias: "latest", collection: "films"), .delete(alias: "old"),
          .rename(old: "a", new: "b"),
        ])
      ),
      ("list-aliases", .listAliases),
      ("collection-aliases", .collectionAliases("films")),
    ]
  }

  static func parameters() -> UpdateParameters {
    var parameters = UpdateParameters()
    parameters.wait = true
    parameters.timeoutMilliseconds = 1500
    parameters.producer = ProducerStamp(producer: uuid, sequence: 7)
    return parameters
  }

  static func points() -> [Point] {
    [
      Point(
        id: .number(1), vectors: NamedVectors(unnamed: .dense([0.5, -1, 2])),
        payload: Array(#"{"lang":"de"}"#.utf8)),
      Point(id: .number(300), vectors: NamedVectors(unnamed: .dense([1, 0, -0.25]))),
    ]
  }

  static func mixedPoints() -> [Point] {
    let named = NamedVectors([
      .init(name: "text", value: .dense([1, 2])),
      .init(name: "tags", value: .sparse(indices: [3, 70_000], values: [0.5, 1.5])),
      .init(name: "parts", value: .multi(dimension: 2, values: [1, 2, 3, 4])),
    ])
    return [
      Point(id: .uuid(uuid), vectors: named, payload: Array("{}".utf8)),
      Point(id: .number(2), vectors: NamedVectors()),
    ]
  }

  /// Vectors of every element but float32, of one shape for all points.
  static func elementPoints() -> [Point] {
    let halves: [[Float]] = [[0.5, -1, 2], [1, 0, 65504]]
    let bytes: [[Float]] = [[0, 7, 255], [1, 2, 3]]
    let bits: [[Float]] = [[1, 0, 1, 1, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 1, 0]]
    return zip([1, 300] as [UInt64], 0...).map { id, row in
      Point(
        id: .number(id),
        vectors: NamedVectors([
          .init(name: "halves", value: .dense(halves[row], as: .float16)),
          .init(name: "bytes", value: .dense(bytes[row], as: .uint8)),
          .init(name: "bits", value: .dense(bits[row], as: .bit)),
        ]))
    }
  }

  /// The same, but each point has others of them.
  static func unlikePoints() -> [Point] {
    var points = elementPoints()
    points[0].vectors["halves"] = nil
    points[1].vectors.entries.removeLast(2)
    return points
  }

  static func writes() throws(RequestError) -> [(name: String, request: Request)] {
    let tag = try PayloadPath("tags[]")
    var conditional = UpsertOperation(points: mixedPoints())
    conditional.mode = .updateOnly
    conditional.filter = try filter()
    var insertion = UpsertOperation(points: points())
    insertion.mode = .insertOnly
    let object = Array(#"{"a":1}"#.utf8)
    let operations: [(name: String, operation: WriteOperation)] = [
      ("upsert", .upsert(UpsertOperation(points: points()))),
      ("upsert-uuids", .upsert(UpsertOperation(points: [mixedPoints()[0]]))),
      ("upsert-mixed", .upsert(conditional)),
      ("upsert-insertion", .upsert(insertion)),
      ("delete-ids", .delete(.ids([.number(9), .uuid(uuid)]))),
      ("delete-filter", .delete(.filter(try filter()))),
      ("set-payload", .setPayload(PayloadPatch(payload: object, selector: .ids([.number(1)]), key: tag))),
      ("overwrite-payload", .overwritePayload(PayloadPatch(payload: object, selector: .filter(Filter())))),
      ("delete-payload-keys", .deletePayloadKeys([tag], .ids([.number(1)]))),
      ("clear-payload", .clearPayload(.ids([]))),
      (
        "update-vectors",
        .updateVectors(
          [PointVectors(id: .number(4), vectors: NamedVectors([.init(name: "text", value: .dense([7]))]))],
          filter: try filter())
      ),
      ("delete-vectors", .deleteVectors(names: ["text"], .ids([.number(1)]))),
      ("create-index", .createIndex(PayloadField(path: "lang", type: .keyword))),
      ("delete-index", .deleteIndex("lang")),
    ]
    let elements: [(name: String, operation: WriteOperation)] = [
      ("upsert-elements", .upsert(UpsertOperation(points: elementPoints()))),
      ("upsert-elements-each", .upsert(UpsertOperation(points: unlikePoints()))),
    ]
    return (operations + elements).map {
      ($0.name, .write(collection: "films", $0.operation, parameters()))
    } + [
      ("write-batch", .writeBatch(collection: "films", operations.map(\.operation), UpdateParameters()))
    ]
  }

  static func filter() throws(RequestError) -> Filter {
    Filter(
      must: [.field(FieldCondition(try PayloadPath("lang"), match: .string("de")))],
      mustNot: [.hasID([.number(5)])],
      minShould: .init(
        conditions: [
          .field(FieldCondition(try PayloadPath("year"), range: .number(.init(lessThan: 1999.5))))
        ],
        minimumCount: 1))
  }

  static func reads() throws(RequestError) -> [(name: String, request: Request)] {
    let year = try PayloadPath("year")
    var retrieve = RetrieveRequest(ids: [.number(1), .number(2)])
    retrieve.withPayload = .include([year])
    retrieve.withVector = .named(["text"])
    var order = OrderBy(key: year)
    order.isDescending = true
    order.startFrom = .datetime(-5)
    var scroll = ScrollRequest()
    scroll.offset = .uuid(uuid)
    scroll.limit = 100
    scroll.filter = try filter()
    scroll.orderBy = order
    scroll.withPayload = .exclude([year])
    scroll.withVector = .all
    scroll.timeoutMilliseconds = 250
    var count = CountRequest()
    count.filter = try filter()
    count.isExact = false
    count.timeoutMilliseconds = 1
    var facet = FacetRequest(key: year)
    facet.limit = 3
    facet.filter = try filter()
    facet.isExact = true
    return [
      ("get-point", .getPoint(collection: "films", .number(258))),
      ("retrieve", .retrieve(collection: "films", retrieve)),
      ("scroll", .scroll(collection: "films", scroll)),
      ("scroll-plain", .scroll(collection: "films", ScrollRequest())),
      ("count", .count(collection: "films", count)),
      ("facet", .facet(collection: "films", facet)),
    ] + (try queries().map { ($0.name, .query(collection: "films", $0.query, .points)) }) + [
      ("query-batch", .queryBatch(collection: "films", try queries().map(\.query), .points))
    ]
  }
}
