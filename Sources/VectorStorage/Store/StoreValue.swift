import VectorModel

/// Reads the values of a store's tables and verifies their checksums.
///
/// `file` and the key go into the error that a damaged value gives.
enum StoreValue {
  /// A value's contents under a number.
  static func contents<T>(
    _ value: Span<UInt8>, _ table: StoreTable, number: UInt64, file: String,
    _ body: (Span<UInt8>) throws(StorageError) -> T
  ) throws(StorageError) -> T {
    guard value.count >= StoreTable.checksumByteCount else {
      throw table.damage(file, key: String(number), "a value of \(value.count) bytes has no checksum")
    }
    let contents = value.extracting(StoreTable.checksumByteCount..<value.count)
    guard table.checksum(number: number, value: contents) == value.load(UInt32.self, at: 0) else {
      throw table.damage(file, key: String(number), "the checksum does not match")
    }
    return try body(contents)
  }

  /// A value's contents under a key of bytes.
  static func contents<T>(
    _ value: Span<UInt8>, _ table: StoreTable, key: Span<UInt8>, file: String,
    _ body: (Span<UInt8>) throws(StorageError) -> T
  ) throws(StorageError) -> T {
    guard value.count >= StoreTable.checksumByteCount else {
      throw table.damage(file, key: description(key), "a value of \(value.count) bytes has no checksum")
    }
    let contents = value.extracting(StoreTable.checksumByteCount..<value.count)
    guard table.checksum(key: key, value: contents) == value.load(UInt32.self, at: 0) else {
      throw table.damage(file, key: description(key), "the checksum does not match")
    }
    return try body(contents)
  }

  /// The number in a value of `ids`.
  static func number(_ value: Span<UInt8>, key: Span<UInt8>, file: String) throws(StorageError) -> UInt64 {
    try contents(value, .ids, key: key, file: file) { (contents) throws(StorageError) in
      guard contents.count == 8 else {
        throw StoreTable.ids.damage(file, key: description(key), "a number of \(contents.count) bytes")
      }
      return contents.load(at: 0)
    }
  }

  /// The number in a value of `ids` as it stands, to be compared with a known one.
  static func number(unverified value: Span<UInt8>) -> UInt64? {
    value.count == StoreTable.checksumByteCount + 8 ? value.load(at: StoreTable.checksumByteCount) : nil
  }

  /// The version, id and payload in a value of `points`.
  static func point<T>(
    _ value: Span<UInt8>, number: UInt64, file: String,
    _ body: (UInt64, PointID, Span<UInt8>) throws(StorageError) -> T
  ) throws(StorageError) -> T {
    try contents(value, .points, number: number, file: file) { (contents) throws(StorageError) in
      guard contents.count >= 8, let (id, length) = PointID.fromKey(contents.extracting(8..<contents.count))
      else {
        throw StoreTable.points.damage(file, key: String(number), "it has no version and id")
      }
      return try body(contents.load(at: 0), id, contents.extracting((8 + length)..<contents.count))
    }
  }

  /// A key as an error names it.
  private static func description(_ key: Span<UInt8>) -> String {
    if let (id, length) = PointID.fromKey(key), length == key.count { return id.description }
    return String(validating: Array(copying: key), as: UTF8.self) ?? "\(Array(copying: key))"
  }
}
