// What changes collections, as the JSON of the bodies that the REST interface has for it.

extension CollectionConfiguration {
  /// Writes the body that creates this collection.
  ///
  /// A payload schema does not belong to it: payload indexes are created one by one.
  package func writeCreation(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("vectors")
      NamedVectorParameters.write(vectors, to: &writer)
      if !sparseVectors.isEmpty {
        writer.key("sparse_vectors")
        NamedSparseVectorParameters.write(sparseVectors, to: &writer)
      }
      writer.key("hnsw_config")
      hnsw.write(to: &writer)
      writer.key("optimizers_config")
      optimizers.write(to: &writer)
      writer.key("wal_config")
      wal.write(to: &writer)
      writer.member("quantization_config", quantization)
      writer.member("strict_mode_config", strictMode)
      writer.member("metadata", metadata)
      writer.member("on_disk_payload", onDiskPayload)
      writer.member("replication_factor", replicationFactor)
      writer.member("write_consistency_factor", writeConsistencyFactor)
    }
  }
}

extension CollectionUpdate {
  /// Writes the body that makes this change.
  package func write(to writer: inout JSONWriter) {
    writer.object { writer in
      if !vectors.isEmpty {
        writer.key("vectors")
        writer.object { writer in
          for vector in vectors {
            writer.key(vector.name)
            vector.write(to: &writer)
          }
        }
      }
      writer.difference(hnsw)
      if let optimizers {
        writer.key("optimizers_config")
        optimizers.write(to: &writer)
      }
      writer.quantization(quantization)
      writer.member("strict_mode_config", strictMode)
      writer.member("metadata", metadata)
      writer.key("params")
      writer.object { writer in
        writer.member("on_disk_payload", onDiskPayload)
        writer.member("replication_factor", replicationFactor)
        writer.member("write_consistency_factor", writeConsistencyFactor)
      }
    }
  }
}

extension CollectionUpdate.VectorUpdate {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.difference(hnsw)
      writer.quantization(quantization)
      writer.member("on_disk", onDisk)
    }
  }
}

extension OptimizersDifference {
  /// Writes the settings that are given.
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("deleted_threshold", deletedThreshold)
      writer.member("vacuum_min_vector_number", vacuumMinVectorNumber)
      writer.member("default_segment_number", defaultSegmentNumber)
      writer.member("max_segment_size", maxSegmentSize)
      writer.member("memmap_threshold", memmapThreshold)
      writer.member("indexing_threshold", indexingThreshold)
      writer.member("flush_interval_sec", flushIntervalSeconds)
      writer.member("max_optimization_threads", maxOptimizationThreads)
      writer.member("prevent_unoptimized", preventUnoptimized)
    }
  }
}

extension JSONWriter {
  fileprivate mutating func difference(_ difference: HNSWDifference?) {
    guard let difference else { return }
    key("hnsw_config")
    difference.write(to: &self)
  }

  fileprivate mutating func quantization(_ change: Change<JSONValue>?) {
    switch change {
    case .set(let value): member("quantization_config", value)
    case .remove: member("quantization_config", "Disabled")
    case nil: break
    }
  }
}

extension NamedVectorParameters {
  /// Writes the body that adds this vector to a collection; its name stands apart.
  func writeAddition(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("dense")
      parameters.write(to: &writer)
    }
  }
}

extension PayloadField {
  /// Writes the body that creates this index.
  func writeCreation(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("field_name", path)
      writer.key("field_schema")
      writeSchema(to: &writer)
    }
  }
}

extension AliasAction {
  /// Writes the body that does these actions together.
  static func write(_ actions: [AliasAction], to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("actions")
      writer.array(actions) { $1.write(to: &$0) }
    }
  }

  private func write(to writer: inout JSONWriter) {
    let (action, members) =
      switch self {
      case .create(let alias, let collection):
        ("create_alias", [("alias_name", alias), ("collection_name", collection)])
      case .delete(let alias): ("delete_alias", [("alias_name", alias)])
      case .rename(let old, let new):
        ("rename_alias", [("old_alias_name", old), ("new_alias_name", new)])
      }
    writer.object { writer in
      writer.key(action)
      writer.object { writer in
        for (key, value) in members { writer.member(key, value) }
      }
    }
  }
}
