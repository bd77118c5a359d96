extension CollectionUpdate {
  /// Reads the body that changes a collection; absent keys change nothing.
  ///
  /// - Throws: status 400 for other forms, 422 for values out of bounds, 501 for what is not built yet.
  package init(json reader: inout JSONReader) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "vectors": vectors = try Self.vectors(json: &reader)
      case "optimizers_config": optimizers = try OptimizersDifference(json: &reader)
      case "params": try readParameters(json: &reader)
      case "hnsw_config": hnsw = try HNSWDifference(key, json: &reader)
      case "quantization_config": quantization = try QuantizationCheck.readChange(key, json: &reader)
      case "strict_mode_config": strictMode = try StrictModeCheck.read(json: &reader)
      case "metadata": metadata = try reader.readObjectValue()
      case "sparse_vectors": throw .notImplemented("changing `sparse_vectors`")
      default: try reader.skipValue()
      }
    }
  }

  private mutating func readParameters(json reader: inout JSONReader) throws(RequestError) {
    let counts = 1...Int(UInt32.max)
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "on_disk_payload": onDiskPayload = try reader.readBool()
      case "replication_factor": replicationFactor = try reader.readInt("params.\(key)", in: counts)
      case "write_consistency_factor":
        writeConsistencyFactor = try reader.readInt("params.\(key)", in: counts)
      case "read_fan_out_factor", "read_fan_out_delay_ms", "payload": throw .notImplemented("`params.\(key)`")
      default: try reader.skipValue()
      }
    }
  }

  private static func vectors(json reader: inout JSONReader) throws(RequestError) -> [VectorUpdate] {
    var updates: [[UInt8]: VectorUpdate] = [:]
    try reader.openObject()
    while let name = try reader.nextKey() {
      try NamedVectorParameters.checkName(name)
      updates[Array(name.utf8)] = try VectorUpdate(name: name, json: &reader)
      try reader.checkCount("vectors", updates.count, atMost: CollectionConfiguration.vectorsMax)
    }
    return updates.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }
}

extension CollectionUpdate.VectorUpdate {
  fileprivate init(name: String, json reader: inout JSONReader) throws(RequestError) {
    self.init(name: name)
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      let field = "vectors.\(name).\(key)"
      switch key {
      case "hnsw_config": hnsw = try HNSWDifference(field, json: &reader)
      case "quantization_config": quantization = try QuantizationCheck.readChange(field, json: &reader)
      case "on_disk": onDisk = try reader.readBool()
      case "memory": throw .notImplemented("`\(field)`")
      default: try reader.skipValue()
      }
    }
  }
}
