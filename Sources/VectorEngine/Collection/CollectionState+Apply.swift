import CScheduling
import VectorIndex
import VectorModel

/// Where applying a change finds payloads that are no longer in memory.
protocol PayloadSource {
  /// The payload that the store holds under a number.
  /// - Throws: when the store does not have what it must have.
  func payload(number: UInt64, id: PointID) throws(RequestError) -> [UInt8]
}

extension CollectionState {
  /// Applies the record with the sequence after the last. Reads no clock and no randomness.
  /// - Parameters:
  ///   - milliseconds: the record's time.
  ///   - touched: collects the ids whose points changed.
  /// - Throws: never for a record whose making was checked. A payload that the store has lost since counts as empty,
  ///   and the digest becomes unknown.
  mutating func apply(
    _ record: Record, sequence: UInt64, milliseconds: UInt64, source: some PayloadSource,
    touched: inout Set<PointID>?
  ) throws(RequestError) {
    precondition(sequence > self.sequence, "records are applied in order, once")
    self.sequence = sequence
    let applied = alreadyApplied(record.effect)
    switch record.effect {
    case .nothing: break
    case .putPoints(let newPoints):
      for point in newPoints where !applied.contains(point.id) {
        try put(point, source)
        Self.note(point.id, in: &touched)
      }
    case .deletePoints(let ids):
      for id in ids where !applied.contains(id) {
        if let slot = points.slot(of: id) { remove(slot, source) }
        Self.note(id, in: &touched)
      }
    case .changePayload(let change, let ids):
      for id in ids where !applied.contains(id) {
        try changePayload(change, of: id, source)
        Self.note(id, in: &touched)
      }
    case .putVectors(let changes):
      for change in changes where !applied.contains(change.id) {
        putVectors(change, source)
        Self.note(change.id, in: &touched)
      }
    case .deleteVectors(let names, let ids):
      for id in ids where !applied.contains(id) {
        deleteVectors(names, of: id, source)
        Self.note(id, in: &touched)
      }
    case .configure(let configuration):
      try configure(configuration, source, touched: &touched)
    }
    if let producer = record.producer {
      producers.note(producer, operationID: sequence, milliseconds: milliseconds)
    }
  }

  /// Says that a point has changed; many of them let searches come first in between.
  private static func note(_ id: PointID, in touched: inout Set<PointID>?) {
    touched?.insert(id)
    scheduling_give_way()
  }

  /// The points that have the operation at hand in them already, as they may when a snapshot is restored: its
  /// points were read while operations that are in its log as well were applied.
  private func alreadyApplied(_ effect: Record.Effect) -> Set<PointID> {
    guard sequence <= overlapThrough else { return [] }
    return Set(
      effect.ids.filter { id in points.slot(of: id).map { points.version(of: $0) >= sequence } ?? false })
  }

  private mutating func put(_ point: Point, _ source: some PayloadSource) throws(RequestError) {
    if let slot = points.slot(of: point.id) { remove(slot, source) }
    let number = nextNumber
    nextNumber += 1
    try insert(
      PointTable.Entry(id: point.id, number: number, version: sequence), point.vectors, point.payload)
    pending.put(
      PendingPoints.Entry(
        id: point.id, version: sequence, payload: point.payload, vectorsByteCount: point.vectors.byteCount),
      number: number, isNew: true)
    digest.add(point, version: sequence)
  }

  private mutating func remove(_ slot: UInt32, _ source: some PayloadSource) {
    subtractFromDigest(slot, source)
    let entry = points[slot]
    points.remove(slot)
    for name in vectors.keys { vectors[name]?.remove(slot: slot) }
    payloads.remove(slot)
    pending.remove(number: entry.number, id: entry.id)
  }

  private mutating func changePayload(
    _ change: PayloadChange, of id: PointID, _ source: some PayloadSource
  ) throws(RequestError) {
    guard let slot = points.slot(of: id) else { return }
    let old = payloadOrNothing(of: slot, source)
    let new = change.applied(to: old)
    digest.replace(id, points.version(of: slot), old, with: sequence, new)
    points.setVersion(sequence, of: slot)
    try payloads.put(slot, payload: new)
    touchStored(slot, payload: new)
  }

  private mutating func putVectors(_ change: PointVectors, _ source: some PayloadSource) {
    guard let slot = points.slot(of: change.id) else { return }
    let payload = payloadOrNothing(of: slot, source)
    for entry in change.vectors.entries {
      if let values = entry.value.denseValues {
        if let old = vectors[entry.name]?.value(of: slot) { digest.subtract(change.id, entry.name, old) }
        vectors[entry.name]?.put(values, slot: slot)
        digest.add(change.id, entry.name, entry.value)
      }
    }
    digest.replace(change.id, points.version(of: slot), payload, with: sequence, payload)
    points.setVersion(sequence, of: slot)
    touchStored(slot, payload: payload, changesVectors: true)
  }

  private mutating func deleteVectors(_ names: [String], of id: PointID, _ source: some PayloadSource) {
    guard let slot = points.slot(of: id) else { return }
    let payload = payloadOrNothing(of: slot, source)
    for name in names {
      if let old = vectors[name]?.value(of: slot) { digest.subtract(id, name, old) }
      vectors[name]?.remove(slot: slot)
    }
    digest.replace(id, points.version(of: slot), payload, with: sequence, payload)
    points.setVersion(sequence, of: slot)
    touchStored(slot, payload: payload, changesVectors: true)
  }

  /// Marks a point's values for the next commit of the store.
  private mutating func touchStored(_ slot: UInt32, payload: [UInt8], changesVectors: Bool = false) {
    let entry = points[slot]
    let byteCount =
      changesVectors ? vectors(of: slot).byteCount : pending[entry.number]?.vectorsByteCount
    pending.put(
      PendingPoints.Entry(
        id: entry.id, version: sequence, payload: payload, vectorsByteCount: byteCount),
      number: entry.number, isNew: false)
  }

  /// The payload of a living point, from memory or from the store.
  func payload(of slot: UInt32, _ source: some PayloadSource) throws(RequestError) -> [UInt8] {
    let entry = points[slot]
    if let pending = pending[entry.number] { return pending.payload }
    return try source.payload(number: entry.number, id: entry.id)
  }

  private mutating func payloadOrNothing(of slot: UInt32, _ source: some PayloadSource) -> [UInt8] {
    do throws(RequestError) { return try payload(of: slot, source) } catch {
      digest.forget()
      return []
    }
  }

  /// Checks that the payloads which a change of parts of points keeps can be read.
  /// - Throws: 500 naming the first point whose payload is damaged.
  func checkPayloads(under effect: Record.Effect, _ source: some PayloadSource) throws(RequestError) {
    switch effect {
    case .nothing, .configure, .putPoints, .deletePoints: return
    case .changePayload, .putVectors, .deleteVectors: break
    }
    for id in effect.ids {
      if let slot = points.slot(of: id) { _ = try payload(of: slot, source) }
    }
  }

  private mutating func configure(
    _ new: CollectionConfiguration, _ source: some PayloadSource, touched: inout Set<PointID>?
  ) throws(RequestError) {
    let old = configuration
    configuration = new
    for vector in new.vectors where vectors[vector.name] == nil {
      vectors[vector.name] = VectorRows(
        dimension: vector.parameters.dimension, element: vector.parameters.element,
        distance: vector.parameters.distance, slotCount: points.slotCount)
    }
    for vector in old.vectors where new.vector(named: vector.name) == nil {
      // The points are written anew without it, or the store would bring it back under the same name.
      for slot in (vectors[vector.name]?.present).map(\.ones) ?? [] {
        let id = points.id(of: slot)
        deleteVectors([vector.name], of: id, source)
        Self.note(id, in: &touched)
      }
      vectors[vector.name] = nil
    }
    for field in old.payloadSchema where !new.payloadSchema.contains(field) {
      payloads.drop(try PayloadPath(field.path))
    }
    for field in new.payloadSchema where !old.payloadSchema.contains(field) {
      // A point whose payload is lost is in no index: whoever reads it is told.
      try payloads.declare(field) { [self] slot in (try? payload(of: slot, source)) ?? [] }
    }
  }
}

extension PayloadChange {
  /// The payload after the change; a change that does not fit the payload leaves it as it was.
  func applied(to payload: [UInt8]) -> [UInt8] {
    do throws(RequestError) {
      switch self {
      case .merge(let patch, nil): return try PayloadDocument.merging(patch, into: payload)
      case .merge(let patch, let path?): return try PayloadDocument.merging(patch, into: payload, at: path)
      case .replace(let payload): return payload
      case .deleteKeys(let paths): return try PayloadDocument.removing(paths, from: payload)
      case .clear: return []
      }
    } catch {
      return payload
    }
  }
}
