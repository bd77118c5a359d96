import VectorModel

extension PointID {
  /// Bytes of a number's key and of a UUID's key.
  static let numberKeyByteCount = 9
  static let uuidKeyByteCount = 17

  /// Appends the id as a key: a tag (0 number, 1 UUID) and big-endian bytes, so that keys sort as ids do.
  func appendKey(to bytes: inout [UInt8]) {
    switch self {
    case .number(let number):
      bytes.append(0)
      bytes.append(littleEndian: number.byteSwapped)
    case .uuid(let uuid):
      bytes.append(1)
      bytes.append(uuid)
    }
  }

  /// The id as a key.
  var key: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.uuidKeyByteCount)
    appendKey(to: &bytes)
    return bytes
  }

  /// Reads the key at the beginning of `bytes` and returns the id and the key's length; nil when there is none.
  static func fromKey(_ bytes: Span<UInt8>) -> (PointID, Int)? {
    guard bytes.count >= numberKeyByteCount else { return nil }
    switch bytes[0] {
    case 0: return (.number(bytes.load(UInt64.self, at: 1).byteSwapped), numberKeyByteCount)
    case 1 where bytes.count >= uuidKeyByteCount: return (.uuid(bytes.loadUUID(at: 1)), uuidKeyByteCount)
    default: return nil
    }
  }
}
