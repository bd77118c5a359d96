import CScheduling
import VectorIndex
import VectorModel

/// Turns what a client said into what is logged: names are checked, filters become ids, vectors are
/// normalised. Works on the writer's private state.
struct WriteResolver {
  let view: View

  private var state: CollectionState { view.state }

  /// The effect of `operation` on the state.
  /// - Throws: when the operation does not fit the collection; then nothing changes.
  func resolve(_ operation: WriteOperation) throws(RequestError) -> Record.Effect {
    switch operation {
    case .upsert(let upsert): return try resolve(upsert)
    case .delete(let selector):
      return .deletePoints(try ids(selector, mustExist: false))
    case .setPayload(let patch):
      if let key = patch.key { try PayloadDocument.checkMerge(patch.payload, at: key) }
      return .changePayload(.merge(patch.payload, at: patch.key), try ids(patch.selector, mustExist: true))
    case .overwritePayload(let patch):
      let ids = try ids(patch.selector, mustExist: true)
      guard let key = patch.key else { return .changePayload(.replace(patch.payload), ids) }
      try PayloadDocument.checkMerge(patch.payload, at: key)
      return .changePayload(.merge(patch.payload, at: key), ids)
    case .deletePayloadKeys(let keys, let selector):
      return .changePayload(.deleteKeys(keys), try ids(selector, mustExist: true))
    case .clearPayload(let selector):
      return .changePayload(.clear, try ids(selector, mustExist: true))
    case .updateVectors(let points, let filter): return try resolve(points, filter)
    case .deleteVectors(let names, let selector):
      for name in names where state.configuration.vector(named: name) == nil {
        throw .wrongInput("Not existing vector name error: \(name)")
      }
      return .deleteVectors(names: names, try ids(selector, mustExist: true))
    case .createIndex(let field): return try createIndex(field)
    case .deleteIndex(let path):
      var configuration = state.configuration
      configuration.payloadSchema.removeAll { $0.path == path }
      return configuration == state.configuration ? .nothing : .configure(configuration)
    }
  }

  private func createIndex(_ field: PayloadField) throws(RequestError) -> Record.Effect {
    guard PayloadIndexPart.isSupported(field.type) else {
      throw .notImplemented("a payload index of type \(field.type.name)")
    }
    _ = try PayloadPath(field.path)
    var configuration = state.configuration
    if configuration.payloadSchema.contains(field) { return .nothing }
    configuration.payloadSchema.removeAll { $0.path == field.path }
    configuration.payloadSchema.append(field)
    guard configuration.payloadSchema.count <= CollectionConfiguration.payloadFieldsMax else {
      throw .badRequest(
        "payload index `\(field.path)` would be number \(configuration.payloadSchema.count), "
          + "limit \(CollectionConfiguration.payloadFieldsMax)")
    }
    return .configure(configuration)
  }

  private func resolve(_ upsert: UpsertOperation) throws(RequestError) -> Record.Effect {
    let matching = try upsert.filter.map { filter throws(RequestError) in try view.slots(matching: filter) }
    var points: [Point] = []
    points.reserveCapacity(upsert.points.count)
    for point in upsert.points {
      let slot = state.points.slot(of: point.id)
      switch upsert.mode {
      case .upsert: break
      case .insertOnly: if slot != nil { continue }
      case .updateOnly: if slot == nil { continue }
      }
      if let slot, let matching, !matching[Int(slot)] { continue }
      points.append(
        Point(id: point.id, vectors: try checked(point.vectors, of: point.id), payload: point.payload))
      scheduling_give_way()
    }
    return .putPoints(Self.lastOfEach(points))
  }

  /// The points without those that a later point of the same id replaces at once.
  private static func lastOfEach(_ points: [Point]) -> [Point] {
    var last: [PointID: Int] = [:]
    last.reserveCapacity(points.count)
    for (index, point) in points.enumerated() { last[point.id] = index }
    if last.count == points.count { return points }
    return points.enumerated().filter { last[$0.element.id] == $0.offset }.map(\.element)
  }

  private func resolve(_ points: [PointVectors], _ filter: Filter?) throws(RequestError) -> Record.Effect {
    let matching = try filter.map { filter throws(RequestError) in try view.slots(matching: filter) }
    var changes: [PointVectors] = []
    for point in points {
      guard let slot = state.points.slot(of: point.id) else { throw Self.noPoint(point.id) }
      if let matching, !matching[Int(slot)] { continue }
      changes.append(PointVectors(id: point.id, vectors: try checked(point.vectors, of: point.id)))
    }
    return .putVectors(changes)
  }

  /// The ids meant by a selector, ascending and distinct.
  private func ids(_ selector: PointSelector, mustExist: Bool) throws(RequestError) -> [PointID] {
    switch selector {
    case .ids(let ids):
      var existing: [PointID] = []
      for id in ids {
        if state.points.slot(of: id) != nil {
          existing.append(id)
        } else if mustExist {
          throw Self.noPoint(id)
        }
      }
      existing.sort()
      var distinct: [PointID] = []
      for id in existing where id != distinct.last { distinct.append(id) }
      return distinct
    case .filter(let filter):
      let slots = try view.slots(matching: filter)
      var ids: [PointID] = []
      slots.forEachOne { ids.append(state.points.id(of: UInt32($0))) }
      return ids.sorted()
    }
  }

  private static func noPoint(_ id: PointID) -> RequestError { .notFound("No point with id \(id) found") }

  /// The vectors as they are logged: of known names, of the right dimensions, finite, cosine ones normalised.
  private func checked(_ vectors: NamedVectors, of id: PointID) throws(RequestError) -> NamedVectors {
    var result = vectors
    for (index, entry) in vectors.entries.enumerated() {
      guard let parameters = state.configuration.vector(named: entry.name) else {
        throw .wrongInput("Not existing vector name error: \(entry.name)")
      }
      guard !vectors.entries[..<index].contains(where: { $0.name == entry.name }) else {
        throw .wrongInput("the vector `\(entry.name)` of point \(id) stands twice")
      }
      guard let values = entry.value.denseValues else {
        throw .wrongInput("Conversion between sparse or multi and regular vectors failed for point \(id)")
      }
      result.entries[index].value = .dense(
        try parameters.checked(values, "point \(id)"), as: parameters.element)
    }
    return result
  }
}
