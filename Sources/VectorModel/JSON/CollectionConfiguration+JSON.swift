extension CollectionConfiguration {
  /// Reads the body that creates a collection; what it does not say has its default.
  ///
  /// - Throws: status 400 for other forms, 422 for values out of bounds, 501 for what is not built yet.
  package init(json reader: inout JSONReader) throws(RequestError) {
    self.init(vectors: [])
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "shard_number":
        guard try reader.readInt(key, in: 1...Int(UInt32.max)) == 1 else {
          throw .notImplemented("`shard_number` above 1")
        }
      case "sharding_method": _ = try reader.readWord(key, ["auto": true], unbuilt: ["custom"])
      case "payload": throw .notImplemented("`payload`")
      case "optimizers_config": optimizers = optimizers.applying(try OptimizersDifference(json: &reader))
      case "init_from": throw .notImplemented("`init_from`")
      default:
        if try readParameter(key, json: &reader) { continue }
        if try !readSection(key, json: &reader) { try reader.skipValue() }
      }
    }
  }

  /// Reads a key of `params`; false, with nothing read, for any other.
  private mutating func readParameter(
    _ key: String, json reader: inout JSONReader
  ) throws(RequestError) -> Bool {
    let counts = 1...Int(UInt32.max)
    switch key {
    case "vectors": vectors = try NamedVectorParameters.list(json: &reader)
    case "sparse_vectors": sparseVectors = try NamedSparseVectorParameters.list(json: &reader)
    case "on_disk_payload": onDiskPayload = try reader.readBool()
    case "replication_factor": replicationFactor = try reader.readInt(key, in: counts)
    case "write_consistency_factor": writeConsistencyFactor = try reader.readInt(key, in: counts)
    default: return false
    }
    return true
  }

  /// Reads a key that creating requests and answers share; false, with nothing read, for any other.
  private mutating func readSection(
    _ key: String, json reader: inout JSONReader
  ) throws(RequestError) -> Bool {
    switch key {
    case "hnsw_config": hnsw = HNSWConfiguration().applying(try HNSWDifference(key, json: &reader))
    case "wal_config": wal = try WALConfiguration(json: &reader)
    case "quantization_config": quantization = try QuantizationCheck.read(key, json: &reader)
    case "strict_mode_config": strictMode = try StrictModeCheck.read(json: &reader)
    case "metadata": metadata = try reader.readObjectValue()
    default: return false
    }
    return true
  }

  /// Writes the members of `config` as `GET /collections/{name}` shows them.
  package func writeMembers(to writer: inout JSONWriter) {
    writer.key("params")
    writer.object { writer in
      writer.key("vectors")
      NamedVectorParameters.write(vectors, to: &writer)
      writer.member("shard_number", 1)
      writer.member("replication_factor", replicationFactor)
      writer.member("write_consistency_factor", writeConsistencyFactor)
      writer.member("on_disk_payload", onDiskPayload)
      if !sparseVectors.isEmpty {
        writer.key("sparse_vectors")
        NamedSparseVectorParameters.write(sparseVectors, to: &writer)
      }
    }
    writer.key("hnsw_config")
    hnsw.write(to: &writer)
    writer.key("optimizer_config")
    optimizers.write(to: &writer)
    writer.key("wal_config")
    wal.write(to: &writer)
    writer.member("quantization_config", quantization ?? .null)
    writer.member("strict_mode_config", strictMode)
    writer.member("metadata", metadata)
  }
}

// MARK: - The record's document

extension CollectionConfiguration {
  /// The whole configuration as one JSON document: `config` as answers show it, and `payload_schema` in order.
  package func document() -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writeMembers(to: &writer)
      writer.key("payload_schema")
      writer.array(payloadSchema) { writer, field in
        writer.object { writer in
          writer.member("field_name", field.path)
          writer.key("field_schema")
          field.writeSchema(to: &writer)
        }
      }
    }
    return writer.bytes
  }

  /// Reads what `document` wrote.
  ///
  /// - Throws: status 400, 422 or 501 where the document is not one of a version this server knows.
  package init(document: [UInt8]) throws(RequestError) {
    self = try JSONReader.read(document) { (reader) throws(RequestError) in
      try CollectionConfiguration(documentJSON: &reader)
    }
  }

  private init(documentJSON reader: inout JSONReader) throws(RequestError) {
    self.init(vectors: [])
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "params":
        try reader.openObject()
        while let key = try reader.nextPresentKey() {
          if try !readParameter(key, json: &reader) { try reader.skipValue() }
        }
      case "optimizer_config":
        let written = try OptimizersDifference(json: &reader)
        optimizers = OptimizersConfiguration().applying(written)
        optimizers.indexingThreshold = written.indexingThreshold
      case "payload_schema":
        payloadSchema = try reader.readList(key, atMost: Self.payloadFieldsMax) {
          (reader) throws(RequestError) in
          try PayloadField(json: &reader)
        }
      default:
        if try !readSection(key, json: &reader) { try reader.skipValue() }
      }
    }
  }
}
