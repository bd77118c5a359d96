package import VectorModel

/// Changes that a store applies in order and all at once.
///
/// All bytes lie in one array, already in the form in which LMDB keeps them, so a batch of a thousand points
/// makes no allocation a point.
package struct StoreBatch: Sendable {
  enum Change: Sendable {
    /// ids[key] = number.
    case bind(key: Range<Int>, value: Range<Int>)
    /// points[number] or vectors[number] = value.
    case put(StoreTable, number: UInt64, value: Range<Int>)
    /// Drops the number's values, and the id where it still stands for this number.
    case remove(number: UInt64, key: Range<Int>)
    /// meta[name] = value.
    case meta(name: Range<Int>, value: Range<Int>)
  }

  private(set) var changes: [Change] = []
  private(set) var bytes: [UInt8] = []

  package init() {}

  /// Changes so far; a `put` counts as up to three.
  package var changeCount: Int { changes.count }
  /// Bytes so far.
  package var byteCount: Int { bytes.count }
  package var isEmpty: Bool { changes.isEmpty }
  /// About how many bytes the pages have that applying it changes: a kilobyte a change besides what it brings.
  var touchedByteCount: Int { bytes.count + changes.count << 10 }

  /// Empties the batch and keeps its memory.
  package mutating func removeAll() {
    changes.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Makes room for so many more changes and bytes.
  package mutating func reserveCapacity(changeCount: Int, byteCount: Int) {
    changes.reserveCapacity(changes.count + changeCount)
    bytes.reserveCapacity(bytes.count + byteCount)
  }

  /// Adds a point under a number, and makes the number the id's.
  ///
  /// Numbers above all that the store holds are cheapest. A replaced point's old number is dropped with
  /// `remove`, before or after.
  package mutating func put(
    number: UInt64, id: PointID, version: UInt64, payload: Span<UInt8>, vectors: Span<UInt8>
  ) {
    let keyStart = bytes.count
    id.appendKey(to: &bytes)
    let key = keyStart..<bytes.count
    let value = beginValue()
    bytes.append(littleEndian: number)
    changes.append(.bind(key: key, value: endValue(value, .ids, key: key)))
    putPoint(number: number, id: id, version: version, payload: payload)
    putVectors(number: number, vectors)
  }

  /// Writes the version and the payload under a number and leaves its vectors and the id's number alone.
  package mutating func putPoint(number: UInt64, id: PointID, version: UInt64, payload: Span<UInt8>) {
    let start = beginValue()
    bytes.append(littleEndian: version)
    id.appendKey(to: &bytes)
    bytes.append(copying: payload)
    put(.points, number, start)
  }

  /// Writes the vectors under a number and leaves the rest alone.
  package mutating func putVectors(number: UInt64, _ vectors: Span<UInt8>) {
    let start = beginValue()
    bytes.append(copying: vectors)
    put(.vectors, number, start)
  }

  /// Drops what is under a number; the id goes too unless it stands for another number by now.
  package mutating func remove(number: UInt64, id: PointID) {
    let start = bytes.count
    id.appendKey(to: &bytes)
    changes.append(.remove(number: number, key: start..<bytes.count))
  }

  /// Sets a named value: the applied sequence, the configuration, the count and the digest.
  /// - Precondition: the name has 1 to 100 bytes.
  package mutating func setMeta(_ name: String, _ contents: Span<UInt8>) {
    precondition((1...100).contains(name.utf8.count), "a meta name of \(name.utf8.count) bytes")
    let nameStart = bytes.count
    bytes.append(contentsOf: name.utf8)
    let nameRange = nameStart..<bytes.count
    let start = beginValue()
    bytes.append(copying: contents)
    changes.append(.meta(name: nameRange, value: endValue(start, .meta, key: nameRange)))
  }

  private mutating func beginValue() -> Int {
    let start = bytes.count
    bytes.append(littleEndian: UInt32(0))
    return start
  }

  private mutating func endValue(_ start: Int, _ table: StoreTable, key: Range<Int>) -> Range<Int> {
    let checksum = contentsChecksum(start) { table.checksum(key: bytes.span.extracting(key), value: $0) }
    bytes.store(checksum, at: start)
    return start..<bytes.count
  }

  private mutating func put(_ table: StoreTable, _ number: UInt64, _ start: Int) {
    let checksum = contentsChecksum(start) { table.checksum(number: number, value: $0) }
    bytes.store(checksum, at: start)
    let end = bytes.count
    changes.append(.put(table, number: number, value: start..<end))
  }

  private func contentsChecksum(_ start: Int, _ checksum: (Span<UInt8>) -> UInt32) -> UInt32 {
    checksum(bytes.span.extracting((start + StoreTable.checksumByteCount)..<bytes.count))
  }
}
