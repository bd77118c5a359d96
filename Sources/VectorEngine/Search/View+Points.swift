import VectorIndex
import VectorModel

extension View {
  /// The points of ranked slots with what was asked of them; points that have gone meanwhile are left out.
  func scored(
    _ ranked: [RankedSlot], _ withPayload: PayloadSelection, _ withVector: VectorSelection
  ) throws(RequestError) -> [ScoredPoint] {
    var points: [ScoredPoint] = []
    points.reserveCapacity(ranked.count)
    for hit in ranked {
      var record = try record(hit.slot, withPayload, withVector)
      record.orderValue = hit.orderValue
      points.append(
        ScoredPoint(record: record, version: state.points.version(of: hit.slot), score: hit.score))
    }
    return points
  }

  /// One living point with what was asked of it.
  func record(
    _ slot: UInt32, _ withPayload: PayloadSelection, _ withVector: VectorSelection
  ) throws(RequestError) -> PointRecord {
    var record = PointRecord(id: state.points.id(of: slot))
    if withPayload != .none {
      record.payload = try PayloadDocument.selecting(withPayload, from: try payload(of: slot))
    }
    switch withVector {
    case .none: break
    case .all: record.vectors = state.vectors(of: slot)
    case .named(let names):
      record.vectors = NamedVectors(
        names.compactMap { name in
          state.vectors[name]?.value(of: slot).map { NamedVectors.Entry(name: name, value: $0) }
        })
    }
    return record
  }

  /// The living points of the given ids, in their order; unknown ids are passed over.
  func retrieve(_ request: RetrieveRequest) throws(RequestError) -> [PointRecord] {
    var records: [PointRecord] = []
    var seen: Set<PointID> = []
    for id in request.ids where seen.insert(id).inserted {
      guard let slot = state.points.slot(of: id) else { continue }
      records.append(try record(slot, request.withPayload, request.withVector))
    }
    return records
  }

  /// A page of points in the order of their ids, and the id after it.
  func scroll(
    _ request: ScrollRequest, _ deadline: Deadline
  ) throws(RequestError) -> (records: [PointRecord], next: PointID?) {
    guard request.limit >= 1, request.limit <= QueryRequest.limitMax else {
      throw .badRequest("scroll limit \(request.limit) is outside 1...\(QueryRequest.limitMax)")
    }
    let matching = try request.filter.flatMap { filter throws(RequestError) in
      filter.isEmpty ? nil : try slots(matching: filter, checkDeadline: deadline.check)
    }
    if let orderBy = request.orderBy {
      guard request.offset == nil else { throw .badRequest("Cannot use an `offset` when using `order_by`") }
      let ranked = try ordered(by: orderBy, among: matching ?? state.points.alive, limit: request.limit)
      let points = try scored(ranked, request.withPayload, request.withVector)
      return (points.map(\.record), nil)
    }
    var page: [UInt32] = []
    var next: PointID?
    state.points.forEach(from: request.offset) { slot, id in
      guard matching?[Int(slot)] ?? true else { return true }
      if page.count == request.limit {
        next = id
        return false
      }
      page.append(slot)
      return true
    }
    var records: [PointRecord] = []
    for slot in page { records.append(try record(slot, request.withPayload, request.withVector)) }
    return (records, next)
  }

  func count(_ request: CountRequest, _ deadline: Deadline) throws(RequestError) -> Int {
    guard let filter = request.filter, !filter.isEmpty else { return state.points.aliveCount }
    return try slots(matching: filter, checkDeadline: deadline.check).onesCount
  }

  /// Points in the order of a payload value.
  /// - Throws: `badRequest` where the key has no index that orders.
  func ordered(
    by orderBy: OrderBy, among slots: Bitset, limit: Int
  ) throws(RequestError) -> [RankedSlot] {
    var ranked: [RankedSlot] = []
    let isOrdered = state.payloads.forEachOrdered(by: orderBy, among: slots) { slot, value in
      guard ranked.count < limit else { return false }
      ranked.append(RankedSlot(slot: slot, score: 0, orderValue: value))
      return ranked.count < limit
    }
    guard isOrdered else {
      throw .badRequest(
        "No range index for `order_by` key: `\(orderBy.key)`. Please create one to use `order_by`. "
          + "Check https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload "
          + "schemas support Range conditions")
    }
    return ranked
  }

  func facet(_ request: FacetRequest, _ deadline: Deadline) throws(RequestError) -> [FacetHit] {
    guard request.limit >= 1, request.limit <= QueryRequest.limitMax else {
      throw .badRequest("facet limit \(request.limit) is outside 1...\(QueryRequest.limitMax)")
    }
    let among =
      try request.filter.map { filter throws(RequestError) in
        try slots(matching: filter, checkDeadline: deadline.check)
      } ?? state.points.alive
    guard let hits = state.payloads.facet(request.key, among: among) else {
      throw .badRequest("No keyword-like index for facet key: `\(request.key)`. Please create one")
    }
    return Array(hits.prefix(request.limit))
  }

  /// How many points have a value where a payload index looks.
  func indexedPointsCount(_ field: PayloadField) -> Int {
    guard let path = try? PayloadPath(field.path) else { return 0 }
    return state.payloads.candidates(for: Filter(mustNot: [.isEmpty(path)]), filterContext).definite.onesCount
  }
}
