// Points as answers carry them: columns, then what belongs to the kind of answer.

extension PointRecord {
  /// Columns of points, then u8 0, or u8 1 and for each point an optional value that it was ordered by.
  static func write(_ records: [PointRecord], to writer: inout ByteWriter) {
    PointColumns(
      ids: records.map(\.id), payloads: records.map(\.payload), vectors: records.map(\.vectors)
    ).write(to: &writer)
    let isOrdered = records.contains { $0.orderValue != nil }
    writer.bool(isOrdered)
    guard isOrdered else { return }
    for record in records { writer.optional(record.orderValue) { $1.write(to: &$0) } }
  }

  static func list(_ reader: inout ByteReader) throws(RequestError) -> [PointRecord] {
    let columns = try PointColumns(from: &reader, atMost: .max)
    let isOrdered = try reader.bool()
    var records: [PointRecord] = []
    records.reserveCapacity(columns.ids.count)
    for (index, id) in columns.ids.enumerated() {
      var record = PointRecord(
        id: id, payload: columns.payloads.isEmpty ? nil : columns.payloads[index],
        vectors: columns.vectors.isEmpty ? nil : columns.vectors[index])
      if isOrdered {
        record.orderValue = try reader.optional { (reader) throws(RequestError) in
          try OrderValue(from: &reader)
        }
      }
      records.append(record)
    }
    return records
  }
}

extension ScoredPoint {
  /// Records, pad, `[count]` u64 versions, `[count]` float32 scores.
  static func write(_ points: [ScoredPoint], to writer: inout ByteWriter) {
    PointRecord.write(points.map(\.record), to: &writer)
    writer.align()
    for point in points { writer.fixed64(point.version) }
    for point in points { writer.float32(point.score) }
  }

  static func list(_ reader: inout ByteReader) throws(RequestError) -> [ScoredPoint] {
    let records = try PointRecord.list(&reader)
    try reader.align()
    try reader.need(records.count, bytesEach: 12)
    var versions: [UInt64] = []
    versions.reserveCapacity(records.count)
    for _ in records { versions.append(try reader.fixed64()) }
    let scores = try reader.floats(records.count)
    return records.indices.map { ScoredPoint(record: records[$0], version: versions[$0], score: scores[$0]) }
  }
}

extension PointGroup {
  func write(to writer: inout ByteWriter) {
    writer.json { id.write(to: &$0) }
    ScoredPoint.write(hits, to: &writer)
    writer.optional(lookup) { PointRecord.write([$1], to: &$0) }
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    let id = try reader.json { (json) throws(RequestError) in try json.readValue() }
    let hits = try ScoredPoint.list(&reader)
    let lookup = try reader.optional { (reader) throws(RequestError) -> PointRecord in
      let records = try PointRecord.list(&reader)
      guard records.count == 1 else { throw reader.malformed("\(records.count) records instead of one") }
      return records[0]
    }
    self.init(id: id, hits: hits, lookup: lookup)
  }
}

extension UpdateResult {
  func write(to writer: inout ByteWriter) {
    writer.fixed64(operationID)
    let status: UInt8 =
      switch status {
      case .acknowledged: 0
      case .completed: 1
      case .waitTimeout: 2
      }
    writer.byte(status)
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    let operationID = try reader.fixed64()
    switch try reader.byte() {
    case 0: self.init(operationID: operationID, status: .acknowledged)
    case 1: self.init(operationID: operationID, status: .completed)
    case 2: self.init(operationID: operationID, status: .waitTimeout)
    case let tag: throw reader.malformed("status \(tag) of a write")
    }
  }
}

extension CollectionInfo {
  func write(to writer: inout ByteWriter) {
    let status: UInt8 =
      switch status {
      case .green: 0
      case .yellow: 1
      case .grey: 2
      case .red: 3
      }
    writer.byte(status)
    writer.optional(optimizerError) { $0.text($1) }
    writer.count(pointsCount)
    writer.count(indexedVectorsCount)
    writer.count(segmentsCount)
    writer.lengthPrefixed(configuration.document())
    writer.list(indexedPointsCounts) { $0.count($1) }
    writer.list(warnings) { $0.text($1) }
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    let status: Status
    switch try reader.byte() {
    case 0: status = .green
    case 1: status = .yellow
    case 2: status = .grey
    case 3: status = .red
    case let tag: throw reader.malformed("status \(tag) of a collection")
    }
    let error = try reader.optional { (reader) throws(RequestError) in try reader.text() }
    let points = try reader.number("points_count", in: 0...Int.max)
    let indexed = try reader.number("indexed_vectors_count", in: 0...Int.max)
    let segments = try reader.number("segments_count", in: 0...Int.max)
    let configuration = try CollectionConfiguration(document: try reader.lengthPrefixed())
    let counts = try reader.list("indexed points", atMost: CollectionConfiguration.payloadFieldsMax) {
      (reader) throws(RequestError) in try reader.number("points", in: 0...Int.max)
    }
    let warnings = try reader.list("warnings", atMost: .max) { (reader) throws(RequestError) in
      try reader.text()
    }
    self.init(
      status: status, optimizerError: error, pointsCount: points, indexedVectorsCount: indexed,
      segmentsCount: segments, configuration: configuration, indexedPointsCounts: counts, warnings: warnings)
  }
}
