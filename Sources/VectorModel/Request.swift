/// What a client says. Both fronts turn their input into one of these, and the engine answers it.
package enum Request: Sendable {
  case listCollections
  case collectionInfo(String)
  case collectionExists(String)
  case createCollection(String, CollectionConfiguration)
  case updateCollection(String, CollectionUpdate)
  case deleteCollection(String)
  case addVector(collection: String, NamedVectorParameters, UpdateParameters)
  case removeVector(collection: String, name: String, UpdateParameters)

  case changeAliases([AliasAction])
  case listAliases
  case collectionAliases(String)

  case write(collection: String, WriteOperation, UpdateParameters)
  case writeBatch(collection: String, [WriteOperation], UpdateParameters)

  case getPoint(collection: String, PointID)
  case retrieve(collection: String, RetrieveRequest)
  case scroll(collection: String, ScrollRequest)
  case count(collection: String, CountRequest)
  case facet(collection: String, FacetRequest)
  case query(collection: String, QueryRequest, ResultForm)
  case queryBatch(collection: String, [QueryRequest], ResultForm)

  /// The newer routes answer `{points: […]}`, the older search routes a bare list.
  package enum ResultForm: Sendable { case points, list }

  /// Whether a read-only key may say this.
  package var isReadOnly: Bool {
    switch self {
    case .createCollection, .updateCollection, .deleteCollection, .addVector, .removeVector, .changeAliases,
      .write, .writeBatch:
      false
    case .listCollections, .collectionInfo, .collectionExists, .listAliases, .collectionAliases, .getPoint,
      .retrieve, .scroll, .count, .facet, .query, .queryBatch:
      true
    }
  }
}

/// How a write is to be answered.
package struct UpdateParameters: Hashable, Sendable {
  /// Only the word of the answer depends on it: `completed` or `acknowledged`.
  package var wait = false
  package var timeoutMilliseconds: Int?
  /// The write's identity for recognising a retry.
  package var producer: ProducerStamp?
  /// It came in a stream, whose writes arrive in the order of their sequences: one that is not above the producer's
  /// last is a repeat. Anywhere else only the last one is; an older one is refused, since nobody knows of it.
  package var isStreamed = false

  package init() {}
}

/// Who sent a write, and which of its writes it is: a repeat gets its first answer.
package struct ProducerStamp: Hashable, Sendable {
  package var producer: UUID128
  package var sequence: UInt64

  package init(producer: UUID128, sequence: UInt64) {
    self.producer = producer
    self.sequence = sequence
  }
}

package enum AliasAction: Hashable, Sendable {
  case create(alias: String, collection: String)
  case delete(alias: String)
  case rename(old: String, new: String)
}

/// One change of a collection's points or payload indexes.
package enum WriteOperation: Sendable {
  case upsert(UpsertOperation)
  case delete(PointSelector)
  case setPayload(PayloadPatch)
  case overwritePayload(PayloadPatch)
  case deletePayloadKeys([PayloadPath], PointSelector)
  case clearPayload(PointSelector)
  case updateVectors([PointVectors], filter: Filter?)
  case deleteVectors(names: [String], PointSelector)
  case createIndex(PayloadField)
  case deleteIndex(String)

  /// How many points, ids or operations one request may hold.
  package static let pointsMax = 100_000
  package static let operationsMax = 10_000
}

package struct UpsertOperation: Sendable {
  package enum Mode: Sendable { case upsert, insertOnly, updateOnly }

  package var points: [Point]
  package var mode = Mode.upsert
  /// Existing points are replaced only where it matches; new ones are always inserted.
  package var filter: Filter?

  package init(points: [Point]) { self.points = points }
}

/// Which points a change means.
package enum PointSelector: Hashable, Sendable {
  case ids([PointID])
  case filter(Filter)
}

package struct PayloadPatch: Sendable {
  /// A JSON object as received.
  package var payload: [UInt8]
  package var selector: PointSelector
  /// Where in the payload the object goes; absent is the top.
  package var key: PayloadPath?

  package init(payload: [UInt8], selector: PointSelector, key: PayloadPath? = nil) {
    self.payload = payload
    self.selector = selector
    self.key = key
  }
}

package struct PointVectors: Hashable, Sendable {
  package var id: PointID
  package var vectors: NamedVectors

  package init(id: PointID, vectors: NamedVectors) {
    self.id = id
    self.vectors = vectors
  }
}

package struct RetrieveRequest: Hashable, Sendable {
  package var ids: [PointID]
  package var withPayload = PayloadSelection.all
  package var withVector = VectorSelection.none

  package init(ids: [PointID]) { self.ids = ids }
}

package struct ScrollRequest: Hashable, Sendable {
  /// The first id of the page.
  package var offset: PointID?
  package var limit = 10
  package var filter: Filter?
  package var orderBy: OrderBy?
  package var withPayload = PayloadSelection.all
  package var withVector = VectorSelection.none
  package var timeoutMilliseconds: Int?

  package init() {}
}

package struct CountRequest: Hashable, Sendable {
  package var filter: Filter?
  package var isExact = true
  package var timeoutMilliseconds: Int?

  package init() {}
}

package struct FacetRequest: Hashable, Sendable {
  package var key: PayloadPath
  package var limit = 10
  package var filter: Filter?
  package var isExact = false

  package init(key: PayloadPath) { self.key = key }
}
