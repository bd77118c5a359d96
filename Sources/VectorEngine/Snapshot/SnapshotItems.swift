import VectorModel
import VectorStorage

/// What a snapshot's points stand on: the item `collection`.
struct SnapshotOrigin: Hashable, Sendable {
  /// The snapshot that this one adds to.
  struct Predecessor: Hashable, Sendable {
    var name: String
    /// The last operation in the base: points with a later version are here.
    var sequence: UInt64
  }

  var collection: UUID128
  var epoch: UInt64
  /// The collection's name when the snapshot was made.
  var name: String
  var description: String
  var createdMilliseconds: UInt64
  /// The items `operations` follow this operation without a gap.
  var startSequence: UInt64
  var base: Predecessor?
  /// The configuration and the producers after `startSequence`.
  var configuration: [UInt8]
  var producers: [UInt8]

  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.uuid(collection)
    writer.fixed64(epoch)
    writer.text(name)
    writer.text(description)
    writer.fixed64(createdMilliseconds)
    writer.fixed64(startSequence)
    writer.byte(base == nil ? 0 : 1)
    if let base {
      writer.text(base.name)
      writer.fixed64(base.sequence)
    }
    writer.lengthPrefixed(configuration)
    writer.lengthPrefixed(producers)
    return writer.bytes
  }

  init(
    collection: UUID128, epoch: UInt64, name: String, description: String, createdMilliseconds: UInt64,
    startSequence: UInt64, base: Predecessor?, configuration: [UInt8], producers: [UInt8]
  ) {
    self.collection = collection
    self.epoch = epoch
    self.name = name
    self.description = description
    self.createdMilliseconds = createdMilliseconds
    self.startSequence = startSequence
    self.base = base
    self.configuration = configuration
    self.producers = producers
  }

  init(decoding bytes: [UInt8]) throws(RequestError) {
    var reader = ByteReader(bytes)
    collection = try reader.uuid()
    epoch = try reader.fixed64()
    name = try reader.text()
    description = try reader.text()
    createdMilliseconds = try reader.fixed64()
    startSequence = try reader.fixed64()
    if try reader.byte() != 0 {
      let name = try reader.text()
      base = Predecessor(name: name, sequence: try reader.fixed64())
    }
    configuration = try reader.lengthPrefixed()
    producers = try reader.lengthPrefixed()
    guard reader.isAtEnd else { throw reader.malformed("\(reader.remaining) bytes too many") }
    guard startSequence < 1 << 62, epoch < 1 << 62 else { throw reader.malformed("sequence out of bounds") }
  }
}

/// One point as it was read: an item of `points`.
struct SnapshotPoint: Hashable, Sendable {
  var id: PointID
  var version: UInt64
  var payload: [UInt8]
  /// As `ByteWriter.vectors` wrote them.
  var vectors: [UInt8]

  init(id: PointID, version: UInt64, payload: [UInt8], vectors: [UInt8]) {
    self.id = id
    self.version = version
    self.payload = payload
    self.vectors = vectors
  }

  var encoded: [UInt8] {
    var writer = ByteWriter(reservingCapacity: 48 + payload.count + vectors.count)
    writer.id(id)
    writer.fixed64(version)
    writer.lengthPrefixed(payload)
    writer.raw(vectors)
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws(RequestError) {
    var reader = ByteReader(bytes)
    id = try reader.id()
    version = try reader.fixed64()
    payload = try reader.lengthPrefixed()
    vectors = try reader.raw(reader.remaining)
  }
}

extension LogRecord {
  /// An item of `operations`.
  var snapshotItem: [UInt8] {
    var writer = ByteWriter(reservingCapacity: 16 + body.count)
    writer.fixed64(sequence)
    writer.fixed64(timeMilliseconds)
    writer.raw(body)
    return writer.bytes
  }

  init(snapshotItem bytes: [UInt8]) throws(RequestError) {
    var reader = ByteReader(bytes)
    let sequence = try reader.fixed64()
    let milliseconds = try reader.fixed64()
    self.init(
      sequence: sequence, timeMilliseconds: milliseconds, body: try reader.raw(reader.remaining))
  }
}

/// What a restored collection must be equal to: the item `summary`.
struct SnapshotSummary: Hashable, Sendable {
  /// The last operation in the snapshot.
  var sequence: UInt64 = 0
  /// From here on the points and the operations make one state: the first that can be restored.
  var settledSequence: UInt64 = 0
  var pointCount: UInt64 = 0
  var digest = StateDigest()
  var canaries: [Canary] = []

  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.fixed64(sequence)
    writer.fixed64(settledSequence)
    writer.fixed64(pointCount)
    writer.raw(digest.encoded)
    writer.count(canaries.count)
    for canary in canaries { canary.write(to: &writer) }
    return writer.bytes
  }

  init() {}

  init(decoding bytes: [UInt8], path: String) throws(RequestError) {
    var reader = ByteReader(bytes)
    sequence = try reader.fixed64()
    settledSequence = try reader.fixed64()
    pointCount = try reader.fixed64()
    let encodedDigest = try reader.raw(17)
    digest = try StorageError.mapped { () throws(StorageError) in
      try StateDigest(decoding: encodedDigest, path: path)
    }
    for _ in 0..<(try reader.count(bytesEach: 8)) { canaries.append(try Canary(&reader)) }
    guard reader.isAtEnd else { throw reader.malformed("\(reader.remaining) bytes too many") }
  }
}

/// An exact search with its answer when the snapshot was made.
struct Canary: Hashable, Sendable {
  struct Hit: Hashable, Sendable {
    var id: PointID
    var score: Float
  }

  static let hitsMax = 10

  var vectorName: String
  var vector: [Float]
  /// Best first.
  var hits: [Hit]

  init(vectorName: String, vector: [Float], hits: [Hit]) {
    self.vectorName = vectorName
    self.vector = vector
    self.hits = hits
  }

  func write(to writer: inout ByteWriter) {
    writer.text(vectorName)
    writer.count(vector.count)
    writer.floats(vector)
    writer.count(hits.count)
    for hit in hits {
      writer.id(hit.id)
      writer.floats([hit.score])
    }
  }

  init(_ reader: inout ByteReader) throws(RequestError) {
    vectorName = try reader.text()
    vector = try reader.floats(try reader.count(bytesEach: 4))
    hits = []
    for _ in 0..<(try reader.count(bytesEach: 13)) {
      let id = try reader.id()
      hits.append(Hit(id: id, score: try reader.floats(1)[0]))
    }
  }
}

extension SnapshotFileReader {
  /// Decodes an item.
  /// - Throws: an error that names the file where `body` finds the item malformed.
  func decoding<T>(_ what: String, _ body: () throws(RequestError) -> T) throws(RequestError) -> T {
    do throws(RequestError) { return try body() } catch {
      throw StorageError.damaged(file: path, offset: offset, what: "\(what): \(error.message)").requestError
    }
  }

  /// The next item, with storage's errors as the client's.
  func nextItem() throws(RequestError) -> Item? {
    try StorageError.mapped { () throws(StorageError) in try next() }
  }
}
