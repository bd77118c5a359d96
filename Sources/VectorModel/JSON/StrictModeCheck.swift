/// Checks a `strict_mode_config`, which the model keeps as received.
enum StrictModeCheck {
  /// The smallest value of each number.
  private static let minimums: [String: Int] = [
    "max_query_limit": 1, "max_timeout": 1, "search_max_hnsw_ef": 0, "upsert_max_batchsize": 0,
    "search_max_batchsize": 0, "max_collection_vector_size_bytes": 0, "read_rate_limit": 1,
    "write_rate_limit": 1, "max_collection_payload_size_bytes": 0, "max_points_count": 1,
    "filter_max_conditions": 0, "condition_max_size": 0, "max_payload_index_count": 0,
    "max_resident_memory_percent": 1,
  ]
  private static let flags: Set<String> = [
    "enabled", "unindexed_filtering_retrieve", "unindexed_filtering_update", "search_allow_exact",
  ]

  /// Reads an object of limits.
  ///
  /// - Throws: status 400 for values of another type, 422 for values out of bounds.
  static func read(json reader: inout JSONReader) throws(RequestError) -> JSONValue {
    let value = try reader.lookAhead { (reader) throws(RequestError) in try reader.readObjectValue() }
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      let name = "strict_mode_config.\(key)"
      if flags.contains(key) {
        _ = try reader.readBool()
      } else if let minimum = minimums[key] {
        _ = try reader.readInt(name, in: minimum...(key == "max_resident_memory_percent" ? 100 : Int.max))
      } else if key == "search_max_oversampling" {
        _ = try reader.readDouble()
      } else if key == "multivector_config" || key == "sparse_config" {
        _ = try reader.readObjectValue()
      } else {
        try reader.skipValue()
      }
    }
    return value
  }
}
