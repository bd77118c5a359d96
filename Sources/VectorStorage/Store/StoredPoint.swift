package import VectorModel

/// A point as the store has it, without its vectors.
package struct StoredPoint: Equatable, Sendable {
  package let number: UInt64
  /// The sequence of the operation that changed the point last.
  package let version: UInt64
  package let id: PointID
  /// The payload as it was received (UTF-8 JSON); empty when there is none.
  package let payload: [UInt8]
}
