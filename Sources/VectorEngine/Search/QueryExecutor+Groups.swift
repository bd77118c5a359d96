import VectorIndex
import VectorModel

/// Groups: the best points for each value of a payload field.
extension QueryExecutor {
  /// Answers `request` by groups: at most `limit` of them, the one with the best point first.
  ///
  /// Searches for ever more points until the groups are full or nothing is left.
  /// - Throws: as `answer` does.
  func groups(
    _ request: QueryRequest, _ grouping: Grouping
  ) throws(RequestError) -> (groups: [PointGroup], trace: QueryTrace) {
    var trace = QueryTrace(request)
    var flat = request
    flat.grouping = nil
    flat.offset = 0
    let wanted = request.limit.multipliedReportingOverflow(by: grouping.groupSize)
    guard !wanted.overflow, wanted.partialValue <= QueryRequest.limitMax else {
      throw .badRequest(
        "\(request.limit) groups of \(grouping.groupSize) points exceed the limit \(QueryRequest.limitMax)")
    }
    let countMax = min(view.state.points.aliveCount, QueryRequest.limitMax)
    flat.limit = min(max(2 * wanted.partialValue, 32), max(countMax, 1))
    while true {
      let ranked = try rank(flat, &trace)
      let groups = try SlotGroups(ranked, by: grouping, limit: request.limit, in: view)
      if groups.isComplete || ranked.count < flat.limit || flat.limit >= countMax {
        let start = trace.now
        let points = try points(of: groups, request, grouping)
        trace.add(.fetch, since: start)
        return (points, trace)
      }
      flat.limit = min(4 * flat.limit, countMax)
    }
  }

  private func points(
    of groups: SlotGroups, _ request: QueryRequest, _ grouping: Grouping
  ) throws(RequestError) -> [PointGroup] {
    let lookup = try grouping.lookupCollection.map { name throws(RequestError) in try viewOfCollection(name) }
    var result: [PointGroup] = []
    for (id, hits) in groups.groups {
      var group = PointGroup(id: id, hits: try view.scored(hits, request.withPayload, request.withVector))
      if let lookup, let pointID = PointID(groupID: id), let slot = lookup.state.points.slot(of: pointID) {
        group.lookup = try lookup.record(slot, grouping.lookupPayload, grouping.lookupVector)
      }
      result.append(group)
    }
    return result
  }
}

/// Ranked points, dealt out to groups in their order.
private struct SlotGroups {
  private(set) var groups: [(id: JSONValue, hits: [RankedSlot])] = []
  /// Whether more points could change nothing.
  let isComplete: Bool

  init(_ ranked: [RankedSlot], by grouping: Grouping, limit: Int, in view: View) throws(RequestError) {
    var places: [JSONValue: Int] = [:]
    var fullCount = 0
    for hit in ranked where fullCount < limit {
      for id in try Self.groupIDs(grouping.groupBy, try view.payload(of: hit.slot)) {
        if let place = places[id] {
          guard groups[place].hits.count < grouping.groupSize else { continue }
          groups[place].hits.append(hit)
          if groups[place].hits.count == grouping.groupSize { fullCount += 1 }
        } else if groups.count < limit {
          places[id] = groups.count
          groups.append((id: id, hits: [hit]))
          if grouping.groupSize == 1 { fullCount += 1 }
        }
      }
    }
    isComplete = fullCount == limit
  }

  /// The strings and integers at the path, each once.
  private static func groupIDs(_ path: PayloadPath, _ payload: [UInt8]) throws(RequestError) -> [JSONValue] {
    var ids: [JSONValue] = []
    for value in try PayloadDocument.leaves(at: path, in: payload) where !ids.contains(value) {
      switch value {
      case .string, .integer, .unsigned: ids.append(value)
      default: break
      }
    }
    return ids
  }
}

extension PointID {
  /// The point that a group's value names in the collection of `with_lookup`.
  fileprivate init?(groupID: JSONValue) {
    switch groupID {
    case .integer(let number) where number >= 0: self = .number(UInt64(number))
    case .unsigned(let number): self = .number(number)
    case .string(let text):
      guard let uuid = UUID128(text) else { return nil }
      self = .uuid(uuid)
    default: return nil
    }
  }
}
