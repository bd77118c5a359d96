package import VectorModel

/// A point of a result, by its slot.
package struct RankedSlot: Sendable {
  package var slot: UInt32
  /// In the distance's own sense, or the query's.
  package var score: Float
  /// What the point was ordered by, where it was.
  package var orderValue: OrderValue?

  package init(slot: UInt32, score: Float, orderValue: OrderValue? = nil) {
    self.slot = slot
    self.score = score
    self.orderValue = orderValue
  }
}
