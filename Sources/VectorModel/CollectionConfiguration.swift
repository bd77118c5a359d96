/// Everything that a collection was told about itself: what `config` and `payload_schema` show.
///
/// A change of it is logged as one JSON document of the whole, so every key survives a restart.
package struct CollectionConfiguration: Hashable, Sendable {
  /// The dense vectors by name, ascending by UTF-8; the unnamed vector's name is `""` and then it is alone.
  package var vectors: [NamedVectorParameters]
  package var sparseVectors: [NamedSparseVectorParameters] = []
  package var hnsw = HNSWConfiguration()
  package var optimizers = OptimizersConfiguration()
  package var wal = WALConfiguration()
  /// The collection's `quantization_config` as received, once checked; null is absent.
  package var quantization: JSONValue?
  package var strictMode: JSONValue?
  /// An object of the client's own; `language_field` in it declares the language pre-filter's payload key.
  package var metadata: JSONValue?
  package var onDiskPayload = true
  package var replicationFactor = 1
  package var writeConsistencyFactor = 1
  /// The declared payload indexes, in the order of their creation.
  package var payloadSchema: [PayloadField] = []

  package init(vectors: [NamedVectorParameters]) {
    self.vectors = vectors
  }

  package static let vectorsMax = 256
  package static let payloadFieldsMax = 256
  package static let nameBytesMax = 255
  package static let vectorNameBytesMax = 200
  package static let dimensionMax = 65_536

  /// The parameters of a dense vector.
  /// - Complexity: O(number of vectors).
  package func vector(named name: String) -> VectorParameters? {
    vectors.first { $0.name == name }?.parameters
  }

  /// The quantization of a vector as `kind` (`scalar`, `binary`, `product`): its own, or else the collection's.
  package func quantizationKind(of parameters: VectorParameters) -> String? {
    guard case .object(let members)? = parameters.quantization ?? quantization else { return nil }
    return ["scalar", "binary", "product"].first { kind in members.contains { $0.key == kind } }
  }

  /// The payload path whose values are the points' languages, where the metadata declares one.
  package var languageField: String? {
    guard case .object(let members)? = metadata,
      case .string(let field)? = members.first(where: { $0.key == "language_field" })?.value
    else { return nil }
    return field
  }
}

package struct NamedVectorParameters: Hashable, Sendable {
  package var name: String
  package var parameters: VectorParameters

  package init(name: String, parameters: VectorParameters) {
    self.name = name
    self.parameters = parameters
  }
}

package struct VectorParameters: Hashable, Sendable {
  /// 1…65536.
  package var dimension: Int
  package var distance: Distance
  /// Overrides of the collection's settings for this vector.
  package var hnsw = HNSWDifference()
  package var quantization: JSONValue?
  package var onDisk: Bool?
  package var datatype: Datatype?
  /// Whether the vector is a multivector compared by `max_sim`.
  package var isMultivector = false

  package enum Datatype: String, Hashable, Sendable, CaseIterable {
    case float32, float16, uint8
  }

  package init(dimension: Int, distance: Distance) {
    self.dimension = dimension
    self.distance = distance
  }

  /// What the vector's numbers are kept as.
  package var element: VectorElement {
    if distance.comparesBits { return .bit }
    return switch datatype {
    case .float32, nil: .float32
    case .float16: .float16
    case .uint8: .uint8
    }
  }
}

package struct NamedSparseVectorParameters: Hashable, Sendable {
  package var name: String
  package var usesIDF: Bool
  /// The `index` object as received.
  package var index: JSONValue?

  package init(name: String, usesIDF: Bool, index: JSONValue?) {
    self.name = name
    self.usesIDF = usesIDF
    self.index = index
  }
}

/// HNSW settings; the defaults are Qdrant's.
package struct HNSWConfiguration: Hashable, Sendable {
  /// Links a node above level 0; level 0 has twice as many. 0 builds no graph.
  package var m = 16
  package var efConstruction = 100
  /// KB of vectors below which a filtered search scans.
  package var fullScanThreshold = 10_000
  package var maxIndexingThreads = 0
  package var onDisk: Bool?
  package var payloadM: Int?
  package var inlineStorage: Bool?

  package init() {}

  package static let mMax = 512
  package static let efMax = 65_536

  /// These settings with those that `difference` gives in their place.
  package func applying(_ difference: HNSWDifference) -> HNSWConfiguration {
    var result = self
    if let m = difference.m { result.m = m }
    if let efConstruction = difference.efConstruction { result.efConstruction = efConstruction }
    if let threshold = difference.fullScanThreshold { result.fullScanThreshold = threshold }
    if let threads = difference.maxIndexingThreads { result.maxIndexingThreads = threads }
    if let onDisk = difference.onDisk { result.onDisk = onDisk }
    if let payloadM = difference.payloadM { result.payloadM = payloadM }
    if let inlineStorage = difference.inlineStorage { result.inlineStorage = inlineStorage }
    return result
  }
}

package struct HNSWDifference: Hashable, Sendable {
  package var m: Int?
  package var efConstruction: Int?
  package var fullScanThreshold: Int?
  package var maxIndexingThreads: Int?
  package var onDisk: Bool?
  package var payloadM: Int?
  package var inlineStorage: Bool?

  package init() {}

  package var isEmpty: Bool { self == HNSWDifference() }

  /// This difference with `later`'s keys over it.
  package func applying(_ later: HNSWDifference) -> HNSWDifference {
    var result = self
    result.m = later.m ?? m
    result.efConstruction = later.efConstruction ?? efConstruction
    result.fullScanThreshold = later.fullScanThreshold ?? fullScanThreshold
    result.maxIndexingThreads = later.maxIndexingThreads ?? maxIndexingThreads
    result.onDisk = later.onDisk ?? onDisk
    result.payloadM = later.payloadM ?? payloadM
    result.inlineStorage = later.inlineStorage ?? inlineStorage
    return result
  }
}

package struct OptimizersConfiguration: Hashable, Sendable {
  /// The share of deleted rows above which a generation is rebuilt.
  package var deletedThreshold = 0.2
  package var vacuumMinVectorNumber = 1000
  package var defaultSegmentNumber = 0
  package var maxSegmentSize: Int?
  package var memmapThreshold: Int?
  /// KB of vectors above which a graph is built; 0 builds none.
  package var indexingThreshold: Int? = Self.indexingThresholdDefault
  package var flushIntervalSeconds = 5
  package var maxOptimizationThreads: Int?
  package var preventUnoptimized: Bool?

  package init() {}

  package static let indexingThresholdDefault = 10_000
}

package struct WALConfiguration: Hashable, Sendable {
  package var capacityMegabytes = 32
  package var segmentsAhead = 0
  package var retainClosed = 1

  package init() {}
}

/// One declared payload index.
package struct PayloadField: Hashable, Sendable {
  package var path: String
  package var type: PayloadFieldType
  /// The schema as received when it was an object with options, to show it again.
  package var options: JSONValue?

  package init(path: String, type: PayloadFieldType, options: JSONValue? = nil) {
    self.path = path
    self.type = type
    self.options = options
  }
}

/// What a payload index takes from a field; the raw value is its tag in part files.
package enum PayloadFieldType: UInt8, Hashable, Sendable, CaseIterable {
  case keyword = 1
  case integer = 2
  case float = 3
  case bool = 4
  case datetime = 5
  case uuid = 6
  case geo = 7
  case text = 8

  package var name: String {
    switch self {
    case .keyword: "keyword"
    case .integer: "integer"
    case .float: "float"
    case .bool: "bool"
    case .datetime: "datetime"
    case .uuid: "uuid"
    case .geo: "geo"
    case .text: "text"
    }
  }

  package init?(name: String) {
    guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }
}

/// What `PATCH` changes; absent keys stay as they are.
package struct CollectionUpdate: Hashable, Sendable {
  package var vectors: [VectorUpdate] = []
  package var hnsw: HNSWDifference?
  package var optimizers: OptimizersDifference?
  package var quantization: Change<JSONValue>?
  package var strictMode: JSONValue?
  /// Merged into the collection's metadata; null removes a key.
  package var metadata: JSONValue?
  package var onDiskPayload: Bool?
  package var replicationFactor: Int?
  package var writeConsistencyFactor: Int?

  package struct VectorUpdate: Hashable, Sendable {
    package var name: String
    package var hnsw: HNSWDifference?
    package var quantization: Change<JSONValue>?
    package var onDisk: Bool?

    package init(name: String) { self.name = name }
  }

  package init() {}
}

/// A new value, or its removal.
package enum Change<Value: Hashable & Sendable>: Hashable, Sendable {
  case set(Value)
  case remove
}

package struct OptimizersDifference: Hashable, Sendable {
  package var deletedThreshold: Double?
  package var vacuumMinVectorNumber: Int?
  package var defaultSegmentNumber: Int?
  package var maxSegmentSize: Int?
  package var memmapThreshold: Int?
  package var indexingThreshold: Int?
  package var flushIntervalSeconds: Int?
  package var maxOptimizationThreads: Int?
  package var preventUnoptimized: Bool?

  package init() {}
}

extension OptimizersConfiguration {
  /// These settings with those that `difference` gives in their place.
  package func applying(_ difference: OptimizersDifference) -> OptimizersConfiguration {
    var result = self
    result.deletedThreshold = difference.deletedThreshold ?? deletedThreshold
    result.vacuumMinVectorNumber = difference.vacuumMinVectorNumber ?? vacuumMinVectorNumber
    result.defaultSegmentNumber = difference.defaultSegmentNumber ?? defaultSegmentNumber
    result.maxSegmentSize = difference.maxSegmentSize ?? maxSegmentSize
    result.memmapThreshold = difference.memmapThreshold ?? memmapThreshold
    result.indexingThreshold = difference.indexingThreshold ?? indexingThreshold
    result.flushIntervalSeconds = difference.flushIntervalSeconds ?? flushIntervalSeconds
    result.maxOptimizationThreads = difference.maxOptimizationThreads ?? maxOptimizationThreads
    result.preventUnoptimized = difference.preventUnoptimized ?? preventUnoptimized
    return result
  }
}
