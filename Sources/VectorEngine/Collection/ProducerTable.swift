import HashTreeCollections
import VectorModel

/// The last write of each producer, so that a retried write gets its first answer instead of a second effect.
///
/// A fold of the log: time is the records' time. At most 1,024 producers of the last 24 hours are kept.
struct ProducerTable: Sendable {
  static let countMax = 1024
  static let ageMillisecondsMax: UInt64 = 24 * 3_600_000

  struct Entry: Sendable {
    var producerSequence: UInt64
    var operationID: UInt64
    var milliseconds: UInt64
  }

  private(set) var entries = TreeDictionary<UUID128, Entry>()

  /// The operation that a repeated write had, or nil where the write is new.
  func operation(of stamp: ProducerStamp) -> UInt64? {
    guard let entry = entries[stamp.producer], stamp.sequence <= entry.producerSequence else { return nil }
    return entry.operationID
  }

  mutating func note(_ stamp: ProducerStamp, operationID: UInt64, milliseconds: UInt64) {
    entries[stamp.producer] = Entry(
      producerSequence: stamp.sequence, operationID: operationID, milliseconds: milliseconds)
    guard entries.count > Self.countMax else { return }
    let oldest = entries.min { $0.value.operationID < $1.value.operationID }
    if let oldest { entries[oldest.key] = nil }
  }

  /// Forgets what is older than a day at `milliseconds`.
  mutating func expire(at milliseconds: UInt64) {
    for (producer, entry) in entries where entry.milliseconds + Self.ageMillisecondsMax < milliseconds {
      entries[producer] = nil
    }
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
