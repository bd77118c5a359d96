/// A request as the body of a frame; the opcode says which.
extension Request {
  package var opcode: Opcode {
    switch self {
    case .listCollections: .listCollections
    case .collectionInfo: .collectionInfo
    case .collectionExists: .collectionExists
    case .createCollection: .createCollection
    case .updateCollection: .updateCollection
    case .deleteCollection: .deleteCollection
    case .addVector: .addVector
    case .removeVector: .removeVector
    case .changeAliases: .changeAliases
    case .listAliases: .listAliases
    case .collectionAliases: .collectionAliases
    case .write: .write
    case .writeBatch: .writeBatch
    case .getPoint: .getPoint
    case .retrieve: .retrieve
    case .scroll: .scroll
    case .count: .count
    case .facet: .facet
    case .query: .query
    case .queryBatch: .queryBatch
    }
  }

  /// Writes the body of the request's frame.
  package func write(to writer: inout ByteWriter) {
    switch self {
    case .listCollections, .listAliases: break
    case .collectionInfo(let name), .collectionExists(let name), .deleteCollection(let name),
      .collectionAliases(let name):
      writer.text(name)
    case .createCollection(let name, let configuration):
      writer.text(name)
      writer.json { configuration.writeCreation(to: &$0) }
    case .updateCollection(let name, let update):
      writer.text(name)
      writer.json { update.write(to: &$0) }
    case .addVector(let name, let vector, let parameters):
      writer.text(name)
      parameters.write(to: &writer)
      writer.text(vector.name)
      writer.json { vector.writeAddition(to: &$0) }
    case .removeVector(let name, let vector, let parameters):
      writer.text(name)
      parameters.write(to: &writer)
      writer.text(vector)
    case .changeAliases(let actions):
      writer.json { AliasAction.write(actions, to: &$0) }
    case .write(let name, let operation, let parameters):
      writer.text(name)
      parameters.write(to: &writer)
      operation.write(to: &writer)
    case .writeBatch(let name, let operations, let parameters):
      writer.text(name)
      parameters.write(to: &writer)
      writer.list(operations) { $1.write(to: &$0) }
    case .getPoint, .retrieve, .scroll, .count, .facet, .query, .queryBatch:
      writeRead(to: &writer)
    }
  }

  private func writeRead(to writer: inout ByteWriter) {
    switch self {
    case .getPoint(let name, let id):
      writer.text(name)
      writer.id(id)
    case .retrieve(let name, let retrieve):
      writer.text(name)
      retrieve.write(to: &writer)
    case .scroll(let name, let scroll):
      writer.text(name)
      scroll.write(to: &writer)
    case .count(let name, let count):
      writer.text(name)
      count.write(to: &writer)
    case .facet(let name, let facet):
      writer.text(name)
      facet.write(to: &writer)
    case .query(let name, let query, _):
      writer.text(name)
      query.write(to: &writer)
    case .queryBatch(let name, let queries, _):
      writer.text(name)
      writer.list(queries) { $1.write(to: &$0) }
    default: preconditionFailure("not a read of points")
    }
  }

  /// Reads the body of a frame whose opcode is a request's.
  /// - Throws: a request's error where the body is not one of `opcode`, or says what no request may say.
  /// - Complexity: O(bytes); memory in proportion to them.
  package init(_ opcode: Opcode, body: [UInt8]) throws(RequestError) {
    var reader = ByteReader(body)
    self = try Request(opcode, from: &reader)
    try reader.finish("the request")
  }

  private init(_ opcode: Opcode, from reader: inout ByteReader) throws(RequestError) {
    switch opcode {
    case .listCollections: self = .listCollections
    case .collectionInfo: self = .collectionInfo(try reader.text())
    case .collectionExists: self = .collectionExists(try reader.text())
    case .createCollection:
      let name = try reader.text()
      self = .createCollection(name, try reader.json(CollectionConfiguration.init(json:)))
    case .updateCollection:
      let name = try reader.text()
      self = .updateCollection(name, try reader.json(CollectionUpdate.init(json:)))
    case .deleteCollection: self = .deleteCollection(try reader.text())
    case .addVector:
      let name = try reader.text()
      let parameters = try UpdateParameters(from: &reader)
      let vector = try reader.text()
      let addition = try reader.json { (json) throws(RequestError) in
        try NamedVectorParameters(name: vector, json: &json)
      }
      self = .addVector(collection: name, addition, parameters)
    case .removeVector:
      let name = try reader.text()
      let parameters = try UpdateParameters(from: &reader)
      self = .removeVector(collection: name, name: try reader.text(), parameters)
    case .changeAliases: self = .changeAliases(try reader.json(AliasAction.list(json:)))
    case .listAliases: self = .listAliases
    case .collectionAliases: self = .collectionAliases(try reader.text())
    case .write, .writeBatch: self = try Self.readWrite(opcode, &reader)
    case .getPoint, .retrieve, .scroll, .count, .facet, .query, .queryBatch:
      self = try Self.readRead(opcode, &reader)
    case .hello, .welcome, .ping, .pong, .goodbye, .result, .error, .openStream, .chunk, .closeStream,
      .streamOpened, .acknowledgement, .streamClosed:
      throw .badRequest("opcode \(opcode.rawValue) is not a request's")
    }
  }

  private static func readWrite(
    _ opcode: Opcode, _ reader: inout ByteReader
  ) throws(RequestError) -> Request {
    let name = try reader.text()
    let parameters = try UpdateParameters(from: &reader)
    if opcode == .write {
      return .write(collection: name, try WriteOperation(from: &reader), parameters)
    }
    let operations = try reader.list("operations", atMost: WriteOperation.operationsMax) {
      (reader) throws(RequestError) in try WriteOperation(from: &reader)
    }
    return .writeBatch(collection: name, operations, parameters)
  }

  private static func readRead(
    _ opcode: Opcode, _ reader: inout ByteReader
  ) throws(RequestError) -> Request {
    let name = try reader.text()
    switch opcode {
    case .getPoint: return .getPoint(collection: name, try reader.id())
    case .retrieve: return .retrieve(collection: name, try RetrieveRequest(from: &reader))
    case .scroll: return .scroll(collection: name, try ScrollRequest(from: &reader))
    case .count: return .count(collection: name, try CountRequest(from: &reader))
    case .facet: return .facet(collection: name, try FacetRequest(from: &reader))
    case .query:
      var budget = PrefetchBudget()
      return .query(collection: name, try QueryRequest(from: &reader, &budget), .points)
    default:
      var budget = PrefetchBudget()
      let queries = try reader.list("searches", atMost: QueryRequest.batchMax, bytesEach: 6) {
        (reader) throws(RequestError) in try QueryRequest(from: &reader, &budget)
      }
      return .queryBatch(collection: name, queries, .points)
    }
  }
}

extension UpdateParameters {
  private static let wait: UInt8 = 1
  private static let timeout: UInt8 = 2
  private static let producer: UInt8 = 4

  package func write(to writer: inout ByteWriter) {
    writer.byte(
      (wait ? Self.wait : 0) | (timeoutMilliseconds == nil ? 0 : Self.timeout)
        | (producer == nil ? 0 : Self.producer))
    if let timeoutMilliseconds { writer.count(timeoutMilliseconds) }
    if let producer {
      writer.uuid(producer.producer)
      writer.fixed64(producer.sequence)
    }
  }

  package init(from reader: inout ByteReader) throws(RequestError) {
    self.init()
    let flags = try reader.byte()
    guard flags & ~(Self.wait | Self.timeout | Self.producer) == 0 else {
      throw reader.malformed("flags \(flags) of a write")
    }
    wait = flags & Self.wait != 0
    if flags & Self.timeout != 0 { timeoutMilliseconds = try reader.timeoutMilliseconds() }
    if flags & Self.producer != 0 {
      let uuid = try reader.uuid()
      producer = ProducerStamp(producer: uuid, sequence: try reader.fixed64())
    }
  }
}
