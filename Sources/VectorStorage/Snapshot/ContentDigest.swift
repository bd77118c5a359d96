import CChecksum
package import VectorModel

/// A collection's contents in 128 bits: the sum modulo 2^128 of a hash of every point and of every vector.
///
/// The point's hash is over its id, version and payload, a vector's over its point's id, its name and its
/// float32 numbers; so neither the order of points nor that of vectors matters, and a change adds what is new
/// and subtracts what was.
package struct ContentDigest: Hashable, Sendable {
  package private(set) var sum: UInt128

  package init(_ sum: UInt128 = 0) { self.sum = sum }

  package mutating func add(_ hash: UInt128) { sum &+= hash }
  package mutating func subtract(_ hash: UInt128) { sum &-= hash }

  /// The hash of a point without its vectors.
  package static func hash(_ id: PointID, version: UInt64, payload: [UInt8]) -> UInt128 {
    hash(id, tag: version << 1, payload)
  }

  /// The hash of one named vector of a point.
  package static func hash(_ id: PointID, vector name: String, _ value: VectorValue) -> UInt128 {
    var writer = ByteWriter(reservingCapacity: 4096)
    writer.text(name)
    writer.vector(value)
    // Vectors carry no version: a change of the payload alone leaves them as they are.
    return hash(id, tag: 1, writer.bytes)
  }

  private static func hash(_ id: PointID, tag: UInt64, _ bytes: [UInt8]) -> UInt128 {
    let key: [UInt64] =
      switch id {
      case .number(let number): [0, number, 0, tag]
      case .uuid(let uuid): [1, uuid.high, uuid.low, tag]
      }
    var result: [UInt64] = [0, 0]
    unsafe nt_digest128(key, bytes, bytes.count, &result)
    return UInt128(result[1]) << 64 | UInt128(result[0])
  }
}

extension ContentDigest: CustomStringConvertible {
  /// 32 hexadecimal digits.
  package var description: String {
    let digits = String(sum, radix: 16)
    return String(repeating: "0", count: 32 - digits.count) + digits
  }
}
