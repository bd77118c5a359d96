import VectorModel

extension CollectionConfiguration {
  /// The configuration as it was created, checked against the limits and against what this server has.
  func checked() throws(RequestError) -> CollectionConfiguration {
    guard vectors.count + sparseVectors.count <= Self.vectorsMax else {
      throw .validation(
        "a collection of \(vectors.count + sparseVectors.count) named vectors, limit \(Self.vectorsMax)")
    }
    if let sparse = sparseVectors.first { throw .notImplemented("sparse vector `\(sparse.name)`") }
    var result = self
    result.vectors.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    for (index, vector) in result.vectors.enumerated() {
      if index > 0, result.vectors[index - 1].name == vector.name {
        throw .validation("vector name `\(vector.name)` stands twice")
      }
      try vector.parameters.check(vector.name)
      if vector.parameters.element == .bit, let kind = quantizationKind(of: vector.parameters) {
        throw .wrongInput(
          "`quantization_config` is \(kind), but the vectors `\(vector.name)` of \(vector.parameters.distance.word) "
            + "are bits already")
      }
    }
    try hnsw.check()
    // Whatever is logged must be readable at the next start.
    return try CollectionConfiguration(document: result.document())
  }

  /// The configuration after a change.
  /// - Throws: when the change does not fit.
  func applying(_ update: CollectionUpdate) throws(RequestError) -> CollectionConfiguration {
    var result = self
    for change in update.vectors {
      guard let index = result.vectors.firstIndex(where: { $0.name == change.name }) else {
        throw .wrongInput("Not existing vector name error: \(change.name)")
      }
      var parameters = result.vectors[index].parameters
      if let hnsw = change.hnsw { parameters.hnsw = parameters.hnsw.applying(hnsw) }
      if let onDisk = change.onDisk { parameters.onDisk = onDisk }
      parameters.quantization = change.quantization.applied(to: parameters.quantization)
      result.vectors[index].parameters = parameters
    }
    if let hnsw = update.hnsw { result.hnsw = result.hnsw.applying(hnsw) }
    if let optimizers = update.optimizers { result.optimizers = result.optimizers.applying(optimizers) }
    result.quantization = update.quantization.applied(to: quantization)
    if let strictMode = update.strictMode { result.strictMode = Self.merged(result.strictMode, strictMode) }
    if let metadata = update.metadata { result.metadata = Self.merged(result.metadata, metadata) }
    if let onDiskPayload = update.onDiskPayload { result.onDiskPayload = onDiskPayload }
    if let factor = update.replicationFactor { result.replicationFactor = factor }
    if let factor = update.writeConsistencyFactor { result.writeConsistencyFactor = factor }
    return try result.checked()
  }

  /// The members of `patch` over those of `value`; a null removes.
  private static func merged(_ value: JSONValue?, _ patch: JSONValue) -> JSONValue? {
    guard case .object(let changes) = patch else { return value }
    var members: [JSONValue.Member] = []
    if case .object(let old)? = value { members = old }
    for change in changes {
      members.removeAll { $0.key == change.key }
      if change.value != .null { members.append(change) }
    }
    return .object(members)
  }
}

extension VectorParameters {
  func check(_ name: String) throws(RequestError) {
    guard name.utf8.count <= CollectionConfiguration.vectorNameBytesMax else {
      throw .validation(
        "vector name of \(name.utf8.count) bytes, limit \(CollectionConfiguration.vectorNameBytesMax)")
    }
    guard (1...CollectionConfiguration.dimensionMax).contains(dimension) else {
      throw .validation(
        "vectors.size: value \(dimension) invalid, must be from 1 to \(CollectionConfiguration.dimensionMax)")
    }
    if isMultivector { throw .notImplemented("`multivector_config` of vector `\(name)`") }
    if let datatype, distance.comparesBits {
      throw .wrongInput(
        "vector `\(name)` has the datatype \(datatype.rawValue), \(distance.word) compares bits: leave it out"
      )
    }
    try HNSWConfiguration().applying(hnsw).check()
  }
}

extension HNSWConfiguration {
  func check() throws(RequestError) {
    guard (0...Self.mMax).contains(m) else {
      throw .validation("hnsw_config.m: value \(m) invalid, must be from 0 to \(Self.mMax)")
    }
    guard (4...Self.efMax).contains(efConstruction) else {
      throw .validation(
        "hnsw_config.ef_construct: value \(efConstruction) invalid, must be from 4 to \(Self.efMax)")
    }
  }
}

extension Optional {
  fileprivate func applied<Value>(to value: Value?) -> Value? where Wrapped == Change<Value> {
    switch self {
    case nil: value
    case .set(let new): new
    case .remove: nil
    }
  }
}
