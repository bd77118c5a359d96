import HashTreeCollections
import VectorModel

/// The last write of each producer, so that a retried write gets its first answer instead of a second effect.
///
/// A fold of the log: time is the records' time. The 1,024 producers that wrote last are kept.
struct ProducerTable: Sendable {
  static let countMax = 1024
  /// Each operation of a batch takes a producer's place: more would drive out the batch's own first ones.
  static let batchOperationsMax = 128

  struct Entry: Sendable {
    var producerSequence: UInt64
    var operationID: UInt64
    var milliseconds: UInt64
  }

  private(set) var entries = TreeDictionary<UUID128, Entry>()

  /// - Throws: 400 for a batch whose repeat could not be recognised.
  static func check(operationsCount: Int) throws(RequestError) {
    guard operationsCount <= batchOperationsMax else {
      throw .badRequest(
        "a batch of \(operationsCount) operations with a producer or an Idempotency-Key, limit \(batchOperationsMax)"
      )
    }
  }

  /// The operation that a repeated write had, or nil where the write is new.
  ///
  /// - Parameter isStreamed: writes of this kind arrive in their order, so an older one is a repeat as well.
  /// - Throws: 409 for another older one: whether it was done is unknown, it may have been overtaken.
  func operation(of stamp: ProducerStamp, isStreamed: Bool) throws(RequestError) -> UInt64? {
    guard let entry = entries[stamp.producer], stamp.sequence <= entry.producerSequence else { return nil }
    guard isStreamed || stamp.sequence == entry.producerSequence else {
      throw .alreadyExists(
        "write \(stamp.sequence) of producer \(stamp.producer) is older than its last, \(entry.producerSequence): "
          + "a producer has one write under way at a time")
    }
    return entry.operationID
  }

  mutating func note(_ stamp: ProducerStamp, operationID: UInt64, milliseconds: UInt64) {
    entries[stamp.producer] = Entry(
      producerSequence: stamp.sequence, operationID: operationID, milliseconds: milliseconds)
    guard entries.count > Self.countMax else { return }
    let oldest = entries.min { $0.value.operationID < $1.value.operationID }
    if let oldest { entries[oldest.key] = nil }
  }

  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.count(entries.count)
    for (producer, entry) in entries.sorted(by: { $0.key < $1.key }) {
      writer.uuid(producer)
      writer.fixed64(entry.producerSequence)
      writer.fixed64(entry.operationID)
      writer.fixed64(entry.milliseconds)
    }
    return writer.bytes
  }

  init() {}

  init(decoding bytes: [UInt8]) throws(RequestError) {
    var reader = ByteReader(bytes)
    for _ in 0..<(try reader.count(bytesEach: 40)) {
      let producer = try reader.uuid()
      let sequence = try reader.fixed64()
      let operationID = try reader.fixed64()
      entries[producer] = Entry(
        producerSequence: sequence, operationID: operationID, milliseconds: try reader.fixed64())
    }
  }
}
