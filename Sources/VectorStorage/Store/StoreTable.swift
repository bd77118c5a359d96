/// The tables of a store; the raw value is mixed into each value's checksum.
///
/// ```
/// meta     name                       → CRC32C, value
/// ids      tag, 8 or 16 bytes of id   → CRC32C, number (u64)
/// points   number (u64, native order) → CRC32C, version (u64), tag and bytes of the id, payload
/// vectors  number (u64, native order) → CRC32C, encoded vectors
/// ```
/// The checksum covers the table's tag, the key and the value after the checksum. The key is taken
/// little-endian where it is a number.
enum StoreTable: UInt8, CaseIterable, Sendable {
  case meta = 1
  case ids = 2
  case points = 3
  case vectors = 4

  /// Bytes of the checksum before each value.
  static let checksumByteCount = 4

  var name: String {
    switch self {
    case .meta: "meta"
    case .ids: "ids"
    case .points: "points"
    case .vectors: "vectors"
    }
  }

  var hasNumberKeys: Bool { self == .points || self == .vectors }

  /// The checksum of `value` (without its own four bytes) under `key`.
  func checksum(key: Span<UInt8>, value: Span<UInt8>) -> UInt32 {
    var checksum = CRC32C(UInt32(rawValue))
    checksum.update(key)
    checksum.update(value)
    return checksum.value
  }

  /// The checksum of `value` under a number.
  func checksum(number: UInt64, value: Span<UInt8>) -> UInt32 {
    var checksum = CRC32C(UInt32(rawValue))
    checksum.update(number)
    checksum.update(value)
    return checksum.value
  }

  /// Why a value of this table was refused.
  func damage(_ file: String, key: String, _ what: String) -> StorageError {
    .damaged(file: file, offset: nil, what: "table \(name), key \(key): \(what)")
  }
}
