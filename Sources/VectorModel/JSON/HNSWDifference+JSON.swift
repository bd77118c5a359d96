extension HNSWDifference {
  /// Reads `hnsw_config`.
  ///
  /// - Throws: status 422 naming the key under `field` whose value is out of bounds.
  init(_ field: String, json reader: inout JSONReader) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      let name = "\(field).\(key)"
      switch key {
      case "m": m = try reader.readInt(name, in: 0...HNSWConfiguration.mMax)
      case "ef_construct": efConstruction = try reader.readInt(name, in: 4...HNSWConfiguration.efMax)
      case "full_scan_threshold": fullScanThreshold = try reader.readInt(name, in: 10...Int.max)
      case "max_indexing_threads": maxIndexingThreads = try reader.readInt(name)
      case "on_disk": onDisk = try reader.readBool()
      case "payload_m": payloadM = try reader.readInt(name, in: 0...HNSWConfiguration.mMax)
      case "inline_storage": inlineStorage = try reader.readBool()
      case "memory": throw .notImplemented("`\(name)`")
      default: try reader.skipValue()
      }
    }
  }

  /// Writes the keys that are given.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("m", m)
      writer.member("ef_construct", efConstruction)
      writer.member("full_scan_threshold", fullScanThreshold)
      writer.member("max_indexing_threads", maxIndexingThreads)
      writer.member("on_disk", onDisk)
      writer.member("payload_m", payloadM)
      writer.member("inline_storage", inlineStorage)
    }
  }
}

extension HNSWConfiguration {
  /// Writes every setting; those that are off by being absent are left out.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("m", m)
      writer.member("ef_construct", efConstruction)
      writer.member("full_scan_threshold", fullScanThreshold)
      writer.member("max_indexing_threads", maxIndexingThreads)
      writer.member("on_disk", onDisk)
      writer.member("payload_m", payloadM)
      writer.member("inline_storage", inlineStorage)
    }
  }
}
