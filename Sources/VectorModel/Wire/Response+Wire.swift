/// An answer as the body of a `result` frame: the time it took, what the server applied and how it went about it
/// where the frame's flags say so, a kind, and the content.
extension Response {
  /// The frame's flag for languages that the pre-filter kept.
  package static let hasLanguages: UInt8 = 1

  /// The frame's flag for an explanation.
  package static let hasExplanation: UInt8 = 2

  /// The frame's flags.
  package var flags: UInt8 {
    (applied == nil ? 0 : Self.hasLanguages) | (explanation == nil ? 0 : Self.hasExplanation)
  }

  /// Writes the body of the answer's frame.
  /// - Parameter microseconds: what the server needed for it.
  package func write(to writer: inout ByteWriter, microseconds: UInt64) {
    writer.count(microseconds)
    if let applied { writer.list(applied.languages) { $0.text($1) } }
    if let explanation { writer.json { explanation.write(to: &$0) } }
    result.write(to: &writer)
  }

  /// Reads the body of a `result` frame.
  /// - Throws: `badRequest` where the bytes are no answer.
  package init(
    body: [UInt8], flags: UInt8, microseconds: inout UInt64
  ) throws(RequestError) {
    var reader = ByteReader(body)
    guard flags & ~(Self.hasLanguages | Self.hasExplanation) == 0 else {
      throw reader.malformed("flags \(flags) of a result")
    }
    microseconds = try reader.varint()
    if flags & Self.hasLanguages != 0 {
      applied = Applied(
        languages: try reader.list("languages") { (reader) throws(RequestError) in try reader.text() })
    }
    if flags & Self.hasExplanation != 0 {
      explanation = try reader.json { (json) throws(RequestError) in try json.readValue() }
    }
    result = try Result(from: &reader)
    try reader.finish("the answer")
  }
}

extension Response.Result {
  private enum Kind: UInt8 {
    case bool = 1
    case exists = 2
    case collections = 3
    case collection = 4
    case aliases = 5
    case update = 6
    case updates = 7
    case record = 8
    case records = 9
    case scroll = 10
    case count = 11
    case facet = 12
    case points = 13
    case pointBatches = 14
    case groups = 15
  }

  private var kind: Kind {
    switch self {
    case .bool: .bool
    case .exists: .exists
    case .collections: .collections
    case .collection: .collection
    case .aliases: .aliases
    case .update: .update
    case .updates: .updates
    case .record: .record
    case .records: .records
    case .scroll: .scroll
    case .count: .count
    case .facet: .facet
    case .points: .points
    case .pointBatches: .pointBatches
    case .groups: .groups
    }
  }

  fileprivate func write(to writer: inout ByteWriter) {
    writer.byte(kind.rawValue)
    switch self {
    case .bool(let value), .exists(let value): writer.bool(value)
    case .collections(let names): writer.list(names) { $0.text($1) }
    case .collection(let info): info.write(to: &writer)
    case .aliases(let aliases):
      writer.list(aliases) { writer, alias in
        writer.text(alias.alias)
        writer.text(alias.collection)
      }
    case .update(let update): update.write(to: &writer)
    case .updates(let updates): writer.list(updates) { $1.write(to: &$0) }
    case .record(let record): PointRecord.write([record], to: &writer)
    case .records(let records): PointRecord.write(records, to: &writer)
    case .scroll(let records, let nextPageOffset):
      PointRecord.write(records, to: &writer)
      writer.optional(nextPageOffset) { $0.id($1) }
    case .count(let count): writer.count(count)
    case .facet(let hits):
      writer.list(hits) { writer, hit in
        writer.json { hit.value.write(to: &$0) }
        writer.count(hit.count)
      }
    case .points(let points, _): ScoredPoint.write(points, to: &writer)
    case .pointBatches(let batches, _): writer.list(batches) { ScoredPoint.write($1, to: &$0) }
    case .groups(let groups): writer.list(groups) { $1.write(to: &$0) }
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    let tag = try reader.byte()
    guard let kind = Kind(rawValue: tag) else { throw reader.malformed("answer of kind \(tag)") }
    switch kind {
    case .bool: self = .bool(try reader.bool())
    case .exists: self = .exists(try reader.bool())
    case .collections:
      self = .collections(
        try reader.list("collections") { (reader) throws(RequestError) in try reader.text() })
    case .collection: self = .collection(try CollectionInfo(from: &reader))
    case .aliases:
      self = .aliases(
        try reader.list("aliases", bytesEach: 2) { (reader) throws(RequestError) in
          let alias = try reader.text()
          return Alias(alias: alias, collection: try reader.text())
        })
    case .update: self = .update(try UpdateResult(from: &reader))
    case .updates:
      self = .updates(
        try reader.list("updates", bytesEach: 9) { (reader) throws(RequestError) in
          try UpdateResult(from: &reader)
        })
    case .record, .records, .scroll, .points, .pointBatches, .groups:
      self = try Self.readPoints(kind, &reader)
    case .count: self = .count(try reader.number("count", in: 0...Int.max))
    case .facet:
      self = .facet(
        try reader.list("hits", bytesEach: 3) { (reader) throws(RequestError) in
          let value = try reader.json { (json) throws(RequestError) in try json.readValue() }
          return FacetHit(value: value, count: try reader.number("count", in: 0...Int.max))
        })
    }
  }

  private static func readPoints(
    _ kind: Kind, _ reader: inout ByteReader
  ) throws(RequestError) -> Response.Result {
    switch kind {
    case .record:
      let records = try PointRecord.list(&reader)
      guard records.count == 1 else { throw reader.malformed("\(records.count) records instead of one") }
      return .record(records[0])
    case .records: return .records(try PointRecord.list(&reader))
    case .scroll:
      let records = try PointRecord.list(&reader)
      let next = try reader.optional { (reader) throws(RequestError) in try reader.id() }
      return .scroll(records, nextPageOffset: next)
    case .points: return .points(try ScoredPoint.list(&reader), .points)
    case .pointBatches:
      return .pointBatches(
        try reader.list("batches", bytesEach: 5) { (reader) throws(RequestError) in
          try ScoredPoint.list(&reader)
        }, .points)
    default:
      return .groups(
        try reader.list("groups", bytesEach: 8) { (reader) throws(RequestError) in
          try PointGroup(from: &reader)
        })
    }
  }
}

extension ByteReader {
  /// A list of an answer: bounded by the answer's bytes alone.
  fileprivate mutating func list<Element>(
    _ field: String, bytesEach: Int = 1, _ read: (inout ByteReader) throws(RequestError) -> Element
  ) throws(RequestError) -> [Element] {
    try list(field, atMost: .max, bytesEach: bytesEach, read)
  }
}
