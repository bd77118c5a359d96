import VectorIndex
import VectorModel

/// Everything that a collection is after one sequence: the fold of its log.
///
/// A value with shared structure: the writer changes its own copy, and publishing is copying. What is not
/// in memory (payloads that the store holds) is read through a `View`.
struct CollectionState: Sendable {
  var configuration: CollectionConfiguration
  /// The last operation applied.
  var sequence: UInt64 = 0
  /// The number that the next point gets in the store.
  var nextNumber: UInt64 = 1
  var points: PointTable
  /// The dense vectors by name.
  var vectors: [String: VectorRows]
  var payloads: PayloadIndexes
  var pending = PendingPoints()
  var producers = ProducerTable()
  /// The sum over everything that the points are.
  var digest = StateDigest()
  /// Points may be ahead of the operations up to this one: their versions say by how much.
  var overlapThrough: UInt64 = 0
  /// The generation that the sealed slots stand for; 0 where there is none.
  var generation: UInt64 = 0

  /// A collection of the given sealed points, without any of their vectors and payloads.
  /// - Throws: when a declared index cannot be.
  init(configuration: CollectionConfiguration, sealed: SealedPoints = .none) throws(RequestError) {
    self.configuration = configuration
    points = PointTable(sealed: sealed)
    vectors = [:]
    payloads = PayloadIndexes()
    for vector in configuration.vectors {
      vectors[vector.name] = VectorRows(
        dimension: vector.parameters.dimension, element: vector.parameters.element,
        distance: vector.parameters.distance, slotCount: sealed.count)
    }
    for field in configuration.payloadSchema {
      try payloads.declare(field) { _ in [] }
    }
  }

  /// The vectors of a living point, in the configuration's order.
  func vectors(of slot: UInt32) -> NamedVectors {
    var result = NamedVectors()
    for vector in configuration.vectors {
      if let value = vectors[vector.name]?.value(of: slot) {
        result.entries.append(NamedVectors.Entry(name: vector.name, value: value))
      }
    }
    return result
  }
}
