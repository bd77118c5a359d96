extension OptimizersDifference {
  /// Reads `optimizers_config`.
  ///
  /// - Throws: status 422 naming the key whose value is out of bounds.
  init(json reader: inout JSONReader) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      let name = "optimizers_config.\(key)"
      switch key {
      case "deleted_threshold": deletedThreshold = try reader.readDouble(name, in: 0...1)
      case "vacuum_min_vector_number": vacuumMinVectorNumber = try reader.readInt(name, in: 100...Int.max)
      case "default_segment_number": defaultSegmentNumber = try reader.readInt(name)
      case "max_segment_size": maxSegmentSize = try reader.readInt(name, in: 1...Int.max)
      case "memmap_threshold": memmapThreshold = try reader.readInt(name)
      case "indexing_threshold": indexingThreshold = try reader.readInt(name)
      case "flush_interval_sec": flushIntervalSeconds = try reader.readInt(name)
      case "max_optimization_threads":
        if try reader.peek() == .string {
          maxOptimizationThreads = try reader.readWord(name, ["auto": nil])
        } else {
          maxOptimizationThreads = try reader.readInt(name)
        }
      case "prevent_unoptimized": preventUnoptimized = try reader.readBool()
      default: try reader.skipValue()
      }
    }
  }
}

extension OptimizersConfiguration {
  /// Writes every setting; clients read those that are null.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("deleted_threshold", deletedThreshold)
      writer.member("vacuum_min_vector_number", vacuumMinVectorNumber)
      writer.member("default_segment_number", defaultSegmentNumber)
      writer.nullableMember("max_segment_size", maxSegmentSize)
      writer.nullableMember("memmap_threshold", memmapThreshold)
      writer.nullableMember("indexing_threshold", indexingThreshold)
      writer.member("flush_interval_sec", flushIntervalSeconds)
      writer.nullableMember("max_optimization_threads", maxOptimizationThreads)
      writer.member("prevent_unoptimized", preventUnoptimized)
    }
  }
}

extension WALConfiguration {
  /// Reads `wal_config` over the defaults.
  init(json reader: inout JSONReader) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      let name = "wal_config.\(key)"
      switch key {
      case "wal_capacity_mb": capacityMegabytes = try reader.readInt(name, in: 1...Int.max)
      case "wal_segments_ahead": segmentsAhead = try reader.readInt(name)
      case "wal_retain_closed": retainClosed = try reader.readInt(name)
      default: try reader.skipValue()
      }
    }
  }

  /// Writes every setting; `wal_retain_closed`, which older clients refuse, only where it was changed.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("wal_capacity_mb", capacityMegabytes)
      writer.member("wal_segments_ahead", segmentsAhead)
      if retainClosed != WALConfiguration().retainClosed { writer.member("wal_retain_closed", retainClosed) }
    }
  }
}
