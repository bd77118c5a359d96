package import VectorModel

/// Whose operations a log holds; both are in every segment's header.
package struct LogIdentity: Equatable, Sendable {
  package let collection: UUID128
  /// The term of the writer; a restored collection starts a new one.
  package let epoch: UInt64

  package init(collection: UUID128, epoch: UInt64) {
    self.collection = collection
    self.epoch = epoch
  }
}
