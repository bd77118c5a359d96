package import VectorModel

extension ProducerStamp {
  /// The most bytes that an `Idempotency-Key` may have.
  package static let idempotencyKeyBytesMax = 255

  /// The identity of a write that came with an `Idempotency-Key`.
  ///
  /// A key of the form `<uuid>:<number>` names a producer and its own count of writes, which must ascend:
  /// such a client is recognised by its last write for as long as its producer is kept, and an older write is
  /// refused with 409. Any other key is the
  /// only write, number 0, of a producer that is the FNV-1a hash of 128 bits (Fowler, Noll, Vo) over the
  /// operation's name and the key; so the same key on another operation is another write. A client that
  /// writes with such keys can repeat as many of its last writes as a collection keeps producers.
  ///
  /// - Throws: status 400 for an empty or over-long key, or a byte that is no visible ASCII.
  package init(idempotencyKey key: String, operation: String) throws(RequestError) {
    let bytes = Array(key.utf8)
    guard !bytes.isEmpty, bytes.count <= Self.idempotencyKeyBytesMax else {
      throw .badRequest(
        "Idempotency-Key of \(bytes.count) bytes, it must have 1 to \(Self.idempotencyKeyBytesMax)")
    }
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .badRequest("Idempotency-Key may hold visible ASCII characters only")
    }
    if let colon = key.lastIndex(of: ":"), let producer = UUID128(String(key[..<colon])),
      let sequence = UInt64(key[key.index(after: colon)...])
    {
      self.init(producer: producer, sequence: sequence)
      return
    }
    var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    for byte in Array(operation.utf8) + [0] + bytes {
      hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b
    }
    self.init(
      producer: UUID128(
        high: UInt64(truncatingIfNeeded: hash >> 64), low: UInt64(truncatingIfNeeded: hash)),
      sequence: 0)
  }
}
