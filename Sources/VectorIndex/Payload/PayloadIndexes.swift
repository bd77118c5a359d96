package import VectorModel

/// The payload indexes of a collection: for each declared field a part over the slots that were there when it was
/// built, and the overlay with the points that came or changed since.
///
/// A value whose copies share their memory: the writer changes its own, each view keeps a copy. What the overlay
/// says of a slot counts before what a part says; slots that neither knows stay open and are read.
package struct PayloadIndexes: Sendable {
  struct Field: Sendable {
    let path: PayloadPath
    let type: PayloadFieldType
    var part: PayloadIndexPart?
  }

  /// In the order of the overlay's fields.
  private(set) var fields: [Field] = []
  private(set) var overlay = PayloadOverlay()

  package init() {}

  /// Adds the index of a field, in the place of one on the same path.
  ///
  /// Fields of a type without an index are left out: their conditions are answered by reading.
  /// - Parameters:
  ///   - part: what is known of the older slots; without it they stay open until one is attached
  ///   - payload: the payload of a slot that was put and not removed since
  /// - Throws: `badRequest` for a path that cannot be read; what `payload` throws. Then nothing has changed.
  package mutating func declare(
    _ field: PayloadField, part: PayloadIndexPart? = nil, payload: (UInt32) throws(RequestError) -> [UInt8]
  ) throws(RequestError) {
    guard PayloadIndexPart.isSupported(field.type) else { return }
    let path = try PayloadPath(field.path)
    var changed = overlay
    changed.drop(path)
    try changed.declare(path, field.type, payload: payload)
    overlay = changed
    fields.removeAll { $0.path == path }
    fields.append(Field(path: path, type: field.type, part: nil))
    if let part { attach(part) }
  }

  /// Removes the index of a field, if there is one.
  package mutating func drop(_ path: PayloadPath) {
    overlay.drop(path)
    fields.removeAll { $0.path == path }
  }

  /// Takes over a part that was built for a declared field; parts of other fields or types are left out.
  ///
  /// Each slot that was changed after the part's payloads were read must be in the overlay.
  package mutating func attach(_ part: PayloadIndexPart) {
    guard
      let index = fields.firstIndex(where: { $0.path == part.path && $0.type == part.type })
    else {
      return
    }
    fields[index].part = part
  }

  /// Takes over parts of all fields, and forgets what the overlay knew when they were begun.
  /// - Parameter mark: the `mark` of the view whose payloads the parts were built from
  package mutating func replace(parts: [PayloadIndexPart], discardingRowsBefore mark: UInt64) {
    for part in parts { attach(part) }
    let slotCount = fields.map { $0.part?.slotCount ?? 0 }.min() ?? 0
    overlay.discard(before: mark) { Int($0) < slotCount }
  }

  /// Notes the payload of a new point, or a new payload of a point.
  /// - Throws: where the payload is no JSON object; then nothing has changed.
  /// - Complexity: O(payload + fields).
  package mutating func put(_ slot: UInt32, payload: [UInt8]) throws(RequestError) {
    try overlay.put(slot, payload: payload)
  }

  /// Forgets a point that has died.
  package mutating func remove(_ slot: UInt32) { overlay.remove(slot) }

  /// How many payloads were ever put; see `replace`.
  package var mark: UInt64 { overlay.mark }

  /// How many rows each scan of the overlay passes; above some 10⁵ new parts are due.
  package var overlayRowCount: Int { overlay.rowCount }

  /// The declared fields whose part is missing.
  package var pathsWithoutPart: [PayloadPath] { fields.filter { $0.part == nil }.map(\.path) }

  /// The part of a field.
  package func part(_ path: PayloadPath) -> PayloadIndexPart? { field(at: path)?.part }

  func field(at path: PayloadPath) -> Field? { fields.first { $0.path == path } }

  /// The overlay's side of a field.
  func overlayView(_ path: PayloadPath) -> OverlayView? {
    overlay.fields.first { $0.path == path }.map {
      OverlayView(field: $0, slots: overlay.slots)
    }
  }
}
