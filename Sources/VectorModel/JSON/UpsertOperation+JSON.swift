extension UpsertOperation {
  /// Reads `{points: […]}` or the columns `{batch: {ids, vectors, payloads}}`, with `update_mode` and `update_filter`.
  ///
  /// Vectors go straight into their arrays, payloads stay the bytes that were sent.
  /// - Throws: status 400 for other forms, 422 for too many points or columns of different lengths.
  /// - Complexity: linear in the length of the text.
  package init(json reader: inout JSONReader) throws(RequestError) {
    self.init(points: [])
    var points: [Point]?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "points": points = try Self.points(json: &reader)
      case "batch": points = try Columns(json: &reader).points()
      case "update_mode":
        mode = try reader.readWord(
          "update_mode", ["upsert": .upsert, "insert_only": .insertOnly, "update_only": .updateOnly])
      case "update_filter": filter = try Filter(json: &reader)
      case "shard_key": throw .notImplemented("`shard_key`")
      default: try reader.skipValue()
      }
    }
    guard let points else { throw reader.error("missing field `points` or `batch`") }
    self.points = points
  }

  private static func points(json reader: inout JSONReader) throws(RequestError) -> [Point] {
    var points: [Point] = []
    var expectedCount = 0
    try reader.openArray()
    while try reader.nextElement() {
      try reader.checkCount("points", points.count + 1, atMost: WriteOperation.pointsMax)
      let point = try Point(json: &reader, expectedCount: expectedCount)
      expectedCount = point.vectors.countMax
      points.append(point)
    }
    return points
  }
}

extension Point {
  /// Reads `{id, vector, payload}`; `expectedCount` is how many numbers to make room for in each vector.
  package init(json reader: inout JSONReader, expectedCount: Int = 0) throws(RequestError) {
    var id: PointID?
    var vectors: NamedVectors?
    var payload: [UInt8] = []
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "id": id = try PointID(json: &reader)
      case "vector", "vectors": vectors = try NamedVectors(json: &reader, expectedCount: expectedCount)
      case "payload": payload = try reader.readRawObject()
      default: try reader.skipValue()
      }
    }
    self.init(
      id: try reader.required("id", id), vectors: try reader.required("vector", vectors), payload: payload)
  }
}

extension PointVectors {
  /// Reads `{id, vector}`.
  init(json reader: inout JSONReader, expectedCount: Int) throws(RequestError) {
    let point = try Point(json: &reader, expectedCount: expectedCount)
    self.init(id: point.id, vectors: point.vectors)
  }
}

/// The columnar form of an upsert while it is read.
private struct Columns {
  private var ids: [PointID]?
  private var unnamed: [VectorValue]?
  private var named: [(name: String, values: [VectorValue])] = []
  private var payloads: [[UInt8]]?

  init(json reader: inout JSONReader) throws(RequestError) {
    var hasVectors = false
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "ids": ids = try PointID.list("batch.ids", json: &reader)
      case "vectors":
        hasVectors = true
        try readVectors(json: &reader)
      case "payloads":
        payloads = try reader.readList("batch.payloads", atMost: WriteOperation.pointsMax) {
          (reader) throws(RequestError) in try reader.readNull() ? [] : try reader.readRawObject()
        }
      default: try reader.skipValue()
      }
    }
    guard ids != nil else { throw reader.missing("ids") }
    guard hasVectors else { throw reader.missing("vectors") }
  }

  private mutating func readVectors(json reader: inout JSONReader) throws(RequestError) {
    unnamed = nil
    named = []
    guard try reader.peek() == .object else {
      unnamed = try Self.column(json: &reader)
      return
    }
    try reader.openObject()
    while let name = try reader.nextKey() {
      let values = try Self.column(json: &reader)
      named.removeAll { $0.name == name }
      named.append((name, values))
      try reader.checkCount("batch.vectors", named.count, atMost: CollectionConfiguration.vectorsMax)
    }
  }

  private static func column(json reader: inout JSONReader) throws(RequestError) -> [VectorValue] {
    var values: [VectorValue] = []
    var expectedCount = 0
    try reader.openArray()
    while try reader.nextElement() {
      try reader.checkCount("batch.vectors", values.count + 1, atMost: WriteOperation.pointsMax)
      let value = try VectorValue(json: &reader, expectedCount: expectedCount)
      if case .dense(let numbers) = value { expectedCount = numbers.count }
      values.append(value)
    }
    return values
  }

  /// The columns as points.
  func points() throws(RequestError) -> [Point] {
    let ids = ids ?? []
    for (column, count) in [("vectors", unnamed?.count), ("payloads", payloads?.count)]
      + named.map({ ("vectors.\($0.name)", $0.values.count) })
    {
      if let count, count != ids.count {
        throw .validation("[batch.\(column): \(count) elements, must be as many as the \(ids.count) ids]")
      }
    }
    return ids.indices.map { index in
      let vectors =
        unnamed.map { NamedVectors(unnamed: $0[index]) }
        ?? NamedVectors(named.map { NamedVectors.Entry(name: $0.name, value: $0.values[index]) })
      return Point(id: ids[index], vectors: vectors, payload: payloads?[index] ?? [])
    }
  }
}
