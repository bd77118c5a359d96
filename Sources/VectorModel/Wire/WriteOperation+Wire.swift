/// One change: a kind, and what belongs to it. In `write`, `writeBatch` and the chunks of streams.
extension WriteOperation {
  private enum Kind: UInt8 {
    case upsert = 1
    case delete = 2
    case setPayload = 3
    case overwritePayload = 4
    case deletePayloadKeys = 5
    case clearPayload = 6
    case updateVectors = 7
    case deleteVectors = 8
    case createIndex = 9
    case deleteIndex = 10
  }

  package func write(to writer: inout ByteWriter) {
    switch self {
    case .upsert(let upsert):
      writer.byte(Kind.upsert.rawValue)
      upsert.write(to: &writer)
    case .delete(let selector):
      writer.byte(Kind.delete.rawValue)
      selector.write(to: &writer)
    case .setPayload(let patch):
      writer.byte(Kind.setPayload.rawValue)
      patch.write(to: &writer)
    case .overwritePayload(let patch):
      writer.byte(Kind.overwritePayload.rawValue)
      patch.write(to: &writer)
    case .deletePayloadKeys(let keys, let selector):
      writer.byte(Kind.deletePayloadKeys.rawValue)
      writer.list(keys) { $0.text($1.description) }
      selector.write(to: &writer)
    case .clearPayload(let selector):
      writer.byte(Kind.clearPayload.rawValue)
      selector.write(to: &writer)
    case .updateVectors(let points, let filter):
      writer.byte(Kind.updateVectors.rawValue)
      writer.filter(filter)
      PointColumns(ids: points.map(\.id), vectors: points.map(\.vectors)).write(to: &writer)
    case .deleteVectors(let names, let selector):
      writer.byte(Kind.deleteVectors.rawValue)
      writer.list(names) { $0.text($1) }
      selector.write(to: &writer)
    case .createIndex(let field):
      writer.byte(Kind.createIndex.rawValue)
      writer.json { field.writeCreation(to: &$0) }
    case .deleteIndex(let path):
      writer.byte(Kind.deleteIndex.rawValue)
      writer.text(path)
    }
  }

  package init(from reader: inout ByteReader) throws(RequestError) {
    let tag = try reader.byte()
    guard let kind = Kind(rawValue: tag) else { throw reader.malformed("operation of kind \(tag)") }
    switch kind {
    case .upsert: self = .upsert(try UpsertOperation(from: &reader))
    case .delete: self = .delete(try PointSelector(from: &reader))
    case .setPayload: self = .setPayload(try PayloadPatch(from: &reader))
    case .overwritePayload: self = .overwritePayload(try PayloadPatch(from: &reader))
    case .deletePayloadKeys:
      let keys = try reader.paths("keys")
      self = .deletePayloadKeys(keys, try PointSelector(from: &reader))
    case .clearPayload: self = .clearPayload(try PointSelector(from: &reader))
    case .updateVectors: self = try Self.readUpdateVectors(&reader)
    case .deleteVectors:
      let names = try reader.names("vector")
      guard !names.isEmpty else { throw .outOfBounds("vector", 0, "at least 1 name") }
      self = .deleteVectors(names: names, try PointSelector(from: &reader))
    case .createIndex: self = .createIndex(try reader.json(PayloadField.init(json:)))
    case .deleteIndex: self = .deleteIndex(try reader.text())
    }
  }

  private static func readUpdateVectors(
    _ reader: inout ByteReader
  ) throws(RequestError) -> WriteOperation {
    let filter = try reader.filter()
    let columns = try PointColumns(from: &reader, atMost: pointsMax)
    guard !columns.ids.isEmpty else { throw .outOfBounds("points", 0, "at least 1 element") }
    guard columns.payloads.isEmpty else { throw reader.malformed("payloads in an update of vectors") }
    var points: [PointVectors] = []
    points.reserveCapacity(columns.ids.count)
    for (index, id) in columns.ids.enumerated() {
      guard let vectors = columns.vectors.isEmpty ? nil : columns.vectors[index] else {
        throw reader.malformed("point \(id) has no vectors")
      }
      points.append(PointVectors(id: id, vectors: vectors))
    }
    return .updateVectors(points, filter: filter)
  }
}

extension UpsertOperation {
  fileprivate func write(to writer: inout ByteWriter) {
    let mode: UInt8 =
      switch mode {
      case .upsert: 0
      case .insertOnly: 1
      case .updateOnly: 2
      }
    writer.byte(mode)
    writer.filter(filter)
    PointColumns(
      ids: points.map(\.id), payloads: points.map { $0.payload.isEmpty ? nil : $0.payload },
      vectors: points.map(\.vectors)
    ).write(to: &writer)
  }

  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    let mode: Mode
    switch try reader.byte() {
    case 0: mode = .upsert
    case 1: mode = .insertOnly
    case 2: mode = .updateOnly
    case let tag: throw reader.malformed("update mode \(tag)")
    }
    let filter = try reader.filter()
    let columns = try PointColumns(from: &reader, atMost: WriteOperation.pointsMax)
    var points: [Point] = []
    points.reserveCapacity(columns.ids.count)
    for (index, id) in columns.ids.enumerated() {
      let payload = columns.payloads.isEmpty ? [] : columns.payloads[index] ?? []
      if !payload.isEmpty { try PayloadPatch.checkObject(payload) }
      let vectors = columns.vectors.isEmpty ? nil : columns.vectors[index]
      points.append(Point(id: id, vectors: vectors ?? NamedVectors(), payload: payload))
    }
    self.init(points: points)
    self.mode = mode
    self.filter = filter
  }
}

extension PointSelector {
  fileprivate func write(to writer: inout ByteWriter) {
    switch self {
    case .ids(let ids):
      writer.byte(0)
      writer.count(ids.count)
      PointColumns.writeIDs(ids, to: &writer)
    case .filter(let filter):
      writer.byte(1)
      writer.json { filter.write(to: &$0) }
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    switch try reader.byte() {
    case 0: self = .ids(try reader.ids())
    case 1:
      self = .filter(
        try reader.json { (json) throws(RequestError) in try Filter(json: &json) })
    case let tag: throw reader.malformed("selector of kind \(tag)")
    }
  }
}

extension PayloadPatch {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.optional(key) { $0.text($1.description) }
    selector.write(to: &writer)
    writer.lengthPrefixed(payload)
  }

  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    let key = try reader.optional { (reader) throws(RequestError) in try reader.path() }
    let selector = try PointSelector(from: &reader)
    let payload = try reader.lengthPrefixed()
    try Self.checkObject(payload)
    if let key { try PayloadDocument.checkMerge(payload, at: key) }
    self.init(payload: payload, selector: selector, key: key)
  }

  /// - Throws: status 400 where the bytes are not one valid JSON object.
  fileprivate static func checkObject(_ payload: [UInt8]) throws(RequestError) {
    try JSONReader.read(payload) { (reader) throws(RequestError) in
      guard try reader.peek() == .object else { throw reader.typeError(expected: "an object") }
      try reader.skipValue()
    }
  }
}

extension ByteWriter {
  /// An optional filter as JSON.
  mutating func filter(_ filter: Filter?) {
    optional(filter) { writer, filter in writer.json { filter.write(to: &$0) } }
  }
}

extension ByteReader {
  mutating func filter() throws(RequestError) -> Filter? {
    try optional { (reader) throws(RequestError) in
      try reader.json { (json) throws(RequestError) in try Filter(json: &json) }
    }
  }

  /// A count of ids and the ids, in any order.
  mutating func ids() throws(RequestError) -> [PointID] {
    let size = try count(bytesEach: 8)
    try Self.checkCount("ids", size, atMost: WriteOperation.pointsMax)
    return try PointColumns.readIDs(size, from: &self)
  }

  mutating func paths(_ field: String) throws(RequestError) -> [PayloadPath] {
    try list(field, atMost: PayloadPath.countMax) { (reader) throws(RequestError) in try reader.path() }
  }

  mutating func names(_ field: String) throws(RequestError) -> [String] {
    try list(field, atMost: CollectionConfiguration.vectorsMax) { (reader) throws(RequestError) in
      try reader.text()
    }
  }
}
