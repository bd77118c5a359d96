extension WriteOperation {
  /// Reads the body of `points/batch`: operations to be done in this order.
  package static func list(json reader: inout JSONReader) throws(RequestError) -> [WriteOperation] {
    var operations: [WriteOperation]?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if key == "operations" {
        operations = try reader.readList("operations", atMost: operationsMax) {
          (reader) throws(RequestError) in
          try WriteOperation(json: &reader)
        }
      } else {
        try reader.skipValue()
      }
    }
    return try reader.required("operations", operations)
  }

  /// Reads one operation: an object with its name as the only key.
  private init(json reader: inout JSONReader) throws(RequestError) {
    var operation: WriteOperation?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      guard operation == nil else {
        throw reader.error("an operation has one key, `\(JSONReader.excerpt(key))` is a second one")
      }
      switch key {
      case "upsert": operation = .upsert(try UpsertOperation(json: &reader))
      case "delete": operation = .delete(try PointSelector(json: &reader))
      case "set_payload": operation = .setPayload(try PayloadPatch(json: &reader))
      case "overwrite_payload": operation = .overwritePayload(try PayloadPatch(json: &reader))
      case "delete_payload": operation = try .deletePayloadKeys(json: &reader)
      case "clear_payload": operation = .clearPayload(try PointSelector(json: &reader))
      case "update_vectors": operation = try .updateVectors(json: &reader)
      case "delete_vectors": operation = try .deleteVectors(json: &reader)
      default:
        throw reader.unknownWord(
          key,
          expected: [
            "upsert", "delete", "set_payload", "overwrite_payload", "delete_payload", "clear_payload",
            "update_vectors", "delete_vectors",
          ])
      }
    }
    guard let operation else { throw reader.error("an operation has one key, it has none") }
    self = operation
  }

  /// Reads `{keys, points | filter}`.
  package static func deletePayloadKeys(json reader: inout JSONReader) throws(RequestError) -> WriteOperation
  {
    var keys: [PayloadPath]?
    var selector = SelectorKeys()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if key == "keys" {
        keys = try reader.readPaths("keys")
      } else if try !selector.readKey(key, json: &reader) {
        try reader.skipValue()
      }
    }
    return .deletePayloadKeys(try reader.required("keys", keys), try selector.selector(reader))
  }

  /// Reads `{points: [{id, vector}], update_filter}`.
  package static func updateVectors(json reader: inout JSONReader) throws(RequestError) -> WriteOperation {
    var points: [PointVectors]?
    var filter: Filter?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "points":
        var expectedCount = 0
        points = try reader.readList("points", atMost: pointsMax) { (reader) throws(RequestError) in
          let point = try PointVectors(json: &reader, expectedCount: expectedCount)
          expectedCount = point.vectors.countMax
          return point
        }
      case "update_filter": filter = try Filter(json: &reader)
      case "shard_key": throw .notImplemented("`shard_key`")
      default: try reader.skipValue()
      }
    }
    let list = try reader.required("points", points)
    guard !list.isEmpty else { throw .validation("[points: 0 elements, must be at least 1]") }
    return .updateVectors(list, filter: filter)
  }

  /// Reads `{vector: [names], points | filter}`.
  package static func deleteVectors(json reader: inout JSONReader) throws(RequestError) -> WriteOperation {
    var names: [String]?
    var selector = SelectorKeys()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if key == "vector" || key == "vectors" {
        names = try reader.readStrings("vector", atMost: CollectionConfiguration.vectorsMax)
      } else if try !selector.readKey(key, json: &reader) {
        try reader.skipValue()
      }
    }
    let list = try reader.required("vector", names)
    guard !list.isEmpty else { throw .validation("[vector: 0 elements, must be at least 1]") }
    return .deleteVectors(names: list, try selector.selector(reader))
  }
}

extension PointSelector {
  /// Reads `{points: [ids]}` or `{filter}`; with both, the ids are meant.
  package init(json reader: inout JSONReader) throws(RequestError) {
    var selector = SelectorKeys()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if try !selector.readKey(key, json: &reader) { try reader.skipValue() }
    }
    self = try selector.selector(reader)
  }
}

extension PayloadPatch {
  /// Reads `{payload, points | filter, key?}`.
  ///
  /// - Throws: also status 400 when the payload at the key would exceed the limits of a payload, whatever it meets.
  package init(json reader: inout JSONReader) throws(RequestError) {
    var payload: [UInt8]?
    var path: PayloadPath?
    var selector = SelectorKeys()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "payload": payload = try reader.readRawObject()
      case "key": path = try reader.readPath()
      default: if try !selector.readKey(key, json: &reader) { try reader.skipValue() }
      }
    }
    self.init(
      payload: try reader.required("payload", payload), selector: try selector.selector(reader), key: path)
    if let path { try PayloadDocument.checkMerge(self.payload, at: path) }
  }
}

/// The keys that name the points of a change, while they are read.
private struct SelectorKeys {
  private var points: [PointID]?
  private var filter: Filter?

  /// Reads a key that belongs here; false, with nothing read, for any other.
  mutating func readKey(_ key: String, json reader: inout JSONReader) throws(RequestError) -> Bool {
    switch key {
    case "points": points = try PointID.list("points", json: &reader)
    case "filter": filter = try Filter(json: &reader)
    case "shard_key": throw .notImplemented("`shard_key`")
    default: return false
    }
    return true
  }

  func selector(_ reader: borrowing JSONReader) throws(RequestError) -> PointSelector {
    if let points { return .ids(points) }
    if let filter { return .filter(filter) }
    throw reader.error("Either list of point ids or filter must be provided")
  }
}
