/// What the engine answers. Both fronts write it in their own form.
package struct Response: Sendable {
  package var result: Result
  /// What the server applied of its own accord; absent where it applied nothing.
  package var applied: Applied?
  /// How the query was answered, where it asked: an object; of a batch a list with null where one did not ask.
  package var explanation: JSONValue?

  package init(_ result: Result, applied: Applied? = nil) {
    self.result = result
    self.applied = applied
  }

  package enum Result: Sendable {
    case bool(Bool)
    case exists(Bool)
    case collections([String])
    case collection(CollectionInfo)
    case aliases([Alias])
    case update(UpdateResult)
    case updates([UpdateResult])
    case record(PointRecord)
    case records([PointRecord])
    case scroll([PointRecord], nextPageOffset: PointID?)
    case count(Int)
    case facet([FacetHit])
    case points([ScoredPoint], Request.ResultForm)
    case pointBatches([[ScoredPoint]], Request.ResultForm)
    case groups([PointGroup])
  }

  /// Languages that the pre-filter kept.
  package struct Applied: Sendable {
    package var languages: [String]

    package init(languages: [String]) { self.languages = languages }
  }
}

package struct Alias: Hashable, Sendable {
  package var alias: String
  package var collection: String

  package init(alias: String, collection: String) {
    self.alias = alias
    self.collection = collection
  }
}

package struct UpdateResult: Hashable, Sendable {
  package enum Status: Sendable { case acknowledged, completed, waitTimeout }

  /// The sequence of the operation's record.
  package var operationID: UInt64
  package var status: Status

  package init(operationID: UInt64, status: Status) {
    self.operationID = operationID
    self.status = status
  }
}

package struct CollectionInfo: Sendable {
  package enum Status: Sendable { case green, yellow, grey, red }

  package var status: Status
  /// Why optimising stopped; absent is `ok`.
  package var optimizerError: String?
  package var pointsCount: Int
  package var indexedVectorsCount: Int
  package var segmentsCount: Int
  package var configuration: CollectionConfiguration
  /// How many points each payload index holds, in the order of the configuration's schema.
  package var indexedPointsCounts: [Int]
  package var warnings: [String]

  package init(
    status: Status, optimizerError: String?, pointsCount: Int, indexedVectorsCount: Int, segmentsCount: Int,
    configuration: CollectionConfiguration, indexedPointsCounts: [Int], warnings: [String] = []
  ) {
    self.status = status
    self.optimizerError = optimizerError
    self.pointsCount = pointsCount
    self.indexedVectorsCount = indexedVectorsCount
    self.segmentsCount = segmentsCount
    self.configuration = configuration
    self.indexedPointsCounts = indexedPointsCounts
    self.warnings = warnings
  }
}

/// A point as it is read.
package struct PointRecord: Hashable, Sendable {
  package var id: PointID
  /// The selected payload as a JSON object; absent where none was asked for.
  package var payload: [UInt8]?
  /// The selected vectors; absent where none were asked for.
  package var vectors: NamedVectors?
  package var orderValue: OrderValue?

  package init(
    id: PointID, payload: [UInt8]? = nil, vectors: NamedVectors? = nil, orderValue: OrderValue? = nil
  ) {
    self.id = id
    self.payload = payload
    self.vectors = vectors
    self.orderValue = orderValue
  }
}

package struct ScoredPoint: Hashable, Sendable {
  package var record: PointRecord
  /// The last operation that touched the point.
  package var version: UInt64
  /// In the distance's own sense: larger is nearer for cosine and dot, smaller for Euclid and Manhattan.
  package var score: Float

  package init(record: PointRecord, version: UInt64, score: Float) {
    self.record = record
    self.version = version
    self.score = score
  }
}

package struct FacetHit: Hashable, Sendable {
  package var value: JSONValue
  package var count: Int

  package init(value: JSONValue, count: Int) {
    self.value = value
    self.count = count
  }
}

package struct PointGroup: Sendable {
  package var id: JSONValue
  package var hits: [ScoredPoint]
  package var lookup: PointRecord?

  package init(id: JSONValue, hits: [ScoredPoint], lookup: PointRecord? = nil) {
    self.id = id
    self.hits = hits
    self.lookup = lookup
  }
}
