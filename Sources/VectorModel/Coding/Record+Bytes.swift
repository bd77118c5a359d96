/// The body of a log record: a kind, a flag byte, the producer where flagged, then the effect.
extension Record {
  private enum Kind: UInt8 {
    case nothing = 0
    case putPoints = 1
    case deletePoints = 2
    case changePayload = 3
    case putVectors = 4
    case deleteVectors = 5
    case configure = 6
  }

  private static let hasProducer: UInt8 = 1

  /// Writes the record's body.
  /// - Complexity: O(bytes).
  package func encoded() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: capacity)
    writer.byte(kind.rawValue)
    writer.byte(producer == nil ? 0 : Self.hasProducer)
    if let producer {
      writer.uuid(producer.producer)
      writer.fixed64(producer.sequence)
    }
    switch effect {
    case .nothing: break
    case .putPoints(let points):
      writer.count(points.count)
      for point in points { writer.point(point) }
    case .deletePoints(let ids):
      writer.ascendingIDs(ids)
    case .changePayload(let change, let ids):
      writer.payloadChange(change)
      writer.ascendingIDs(ids)
    case .putVectors(let points):
      writer.count(points.count)
      for point in points {
        writer.id(point.id)
        writer.vectors(point.vectors)
      }
    case .deleteVectors(let names, let ids):
      writer.count(names.count)
      for name in names { writer.text(name) }
      writer.ascendingIDs(ids)
    case .configure(let configuration):
      writer.lengthPrefixed(configuration.document())
    }
    return writer.bytes
  }

  /// Whether a record's body holds a configuration, without reading it whole.
  package static func isConfiguration(_ body: [UInt8]) -> Bool { body.first == Kind.configure.rawValue }

  /// Reads a record's body.
  /// - Throws: `badRequest` naming the offset of what does not fit.
  package init(decoding bytes: [UInt8]) throws(RequestError) {
    var reader = ByteReader(bytes)
    let tag = try reader.byte()
    guard let kind = Kind(rawValue: tag) else { throw reader.malformed("record of kind \(tag)") }
    let flags = try reader.byte()
    guard flags & ~Self.hasProducer == 0 else { throw reader.malformed("record flags \(flags)") }
    if flags & Self.hasProducer != 0 {
      let producer = try reader.uuid()
      self.producer = ProducerStamp(producer: producer, sequence: try reader.fixed64())
    }
    effect = try Self.effect(kind, &reader)
    guard reader.isAtEnd else { throw reader.malformed("\(reader.remaining) bytes after the record") }
  }

  private static func effect(_ kind: Kind, _ reader: inout ByteReader) throws(RequestError) -> Effect {
    switch kind {
    case .nothing: return .nothing
    case .putPoints:
      var points: [Point] = []
      for _ in 0..<(try reader.count(bytesEach: 11)) { points.append(try reader.point()) }
      return .putPoints(points)
    case .deletePoints: return .deletePoints(try reader.ascendingIDs())
    case .changePayload:
      let change = try reader.payloadChange()
      return .changePayload(change, try reader.ascendingIDs())
    case .putVectors:
      var points: [PointVectors] = []
      for _ in 0..<(try reader.count(bytesEach: 10)) {
        let id = try reader.id()
        points.append(PointVectors(id: id, vectors: try reader.vectors()))
      }
      return .putVectors(points)
    case .deleteVectors:
      var names: [String] = []
      for _ in 0..<(try reader.count()) { names.append(try reader.text()) }
      return .deleteVectors(names: names, try reader.ascendingIDs())
    case .configure:
      return .configure(try CollectionConfiguration(document: try reader.lengthPrefixed()))
    }
  }

  private var kind: Kind {
    switch effect {
    case .nothing: .nothing
    case .putPoints: .putPoints
    case .deletePoints: .deletePoints
    case .changePayload: .changePayload
    case .putVectors: .putVectors
    case .deleteVectors: .deleteVectors
    case .configure: .configure
    }
  }

  /// About how many bytes the body takes, so that it is allocated once.
  private var capacity: Int {
    switch effect {
    case .putPoints(let points):
      points.reduce(64) { $0 + 32 + $1.payload.count + $1.vectors.byteCount }
    case .putVectors(let points):
      points.reduce(64) { $0 + 32 + $1.vectors.byteCount }
    case .deletePoints(let ids), .changePayload(_, let ids), .deleteVectors(_, let ids): 64 + 4 * ids.count
    case .configure, .nothing: 64
    }
  }
}

extension NamedVectors {
  /// About how many bytes the vectors take when encoded.
  package var byteCount: Int {
    entries.reduce(2) { total, entry in
      let bytes =
        switch entry.value {
        case .dense(let values): 4 * values.count
        case .packed(let vector): vector.bytes.count
        case .sparse(let indices, _): 8 * indices.count
        case .multi(_, let values): 4 * values.count
        }
      return total + entry.name.utf8.count + 12 + bytes
    }
  }
}

extension ByteWriter {
  fileprivate mutating func payloadChange(_ change: PayloadChange) {
    switch change {
    case .merge(let payload, let path):
      byte(path == nil ? 1 : 2)
      if let path { text(path.description) }
      lengthPrefixed(payload)
    case .replace(let payload):
      byte(3)
      lengthPrefixed(payload)
    case .deleteKeys(let paths):
      byte(4)
      count(paths.count)
      for path in paths { text(path.description) }
    case .clear:
      byte(5)
    }
  }
}

extension ByteReader {
  fileprivate mutating func payloadChange() throws(RequestError) -> PayloadChange {
    switch try byte() {
    case 1: return .merge(try lengthPrefixed(), at: nil)
    case 2:
      let path = try PayloadPath(try text())
      return .merge(try lengthPrefixed(), at: path)
    case 3: return .replace(try lengthPrefixed())
    case 4:
      var paths: [PayloadPath] = []
      for _ in 0..<(try count()) { paths.append(try PayloadPath(try text())) }
      return .deleteKeys(paths)
    case 5: return .clear
    case let tag: throw malformed("payload change of kind \(tag)")
    }
  }
}
