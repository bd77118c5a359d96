import VectorIndex
import VectorModel
import VectorStorage

/// The sealed parts of one generation, opened: what a state starts from.
struct Generation: Sendable {
  let number: UInt64
  /// The last operation that the parts contain.
  let coveredThrough: UInt64
  let points: SealedPoints
  let vectors: [String: SealedVectors]
  /// Parts by the fields they were built for.
  let payloads: [(field: PayloadField, part: PayloadIndexPart)]

  struct SealedVectors: Sendable {
    let part: VectorPart
    let slotOfRow: PackedArray<UInt32>
  }

  /// A state with the generation's points and nothing else.
  ///
  /// Parts that do not fit the configuration (a vector or an index that is gone or another by now) are left
  /// out, and what is declared but has no part stays without one.
  func state(_ configuration: CollectionConfiguration) throws(RequestError) -> CollectionState {
    var state = try CollectionState(configuration: configuration, sealed: points)
    state.generation = number
    state.sequence = coveredThrough
    for vector in configuration.vectors {
      let (dimension, distance) = (vector.parameters.dimension, vector.parameters.distance)
      guard let sealed = vectors[vector.name], sealed.part.dimension == dimension,
        sealed.part.element == vector.parameters.element, sealed.part.distance == distance
      else { continue }
      state.vectors[vector.name] = VectorRows(
        part: sealed.part, dimension: dimension, distance: distance, slotOfRow: sealed.slotOfRow,
        slotCount: points.count)
    }
    for field in configuration.payloadSchema {
      if let sealed = payloads.first(where: { $0.field.isSameIndex(as: field) }) {
        state.payloads.attach(sealed.part)
      }
    }
    return state
  }
}
