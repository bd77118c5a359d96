package import VectorModel

/// The points that a filter is asked about, as one view has them.
package struct FilterContext {
  /// The slots of the living points; its count is the number of slots, and so is that of every answer.
  package let alive: Bitset
  /// The id of a living slot.
  package let id: (UInt32) -> PointID
  /// The slot of a living point.
  package let slot: (PointID) -> UInt32?
  /// The slots that have a vector of that name, as many as in `alive`; nil where no point can have one.
  package let vectors: (String) -> Bitset?
  /// The payload of a living slot as a JSON object; no bytes stand for none.
  package let payload: (UInt32) throws(RequestError) -> [UInt8]

  package init(
    alive: Bitset, id: @escaping (UInt32) -> PointID, slot: @escaping (PointID) -> UInt32?,
    vectors: @escaping (String) -> Bitset?, payload: @escaping (UInt32) throws(RequestError) -> [UInt8]
  ) {
    self.alive = alive
    self.id = id
    self.slot = slot
    self.vectors = vectors
    self.payload = payload
  }
}
