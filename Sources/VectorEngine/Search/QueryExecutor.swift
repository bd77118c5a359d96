import VectorIndex
import VectorModel

/// Answers queries on one view; everything runs on the caller's thread.
struct QueryExecutor {
  let view: View
  let deadline: Deadline
  /// Finds the view of another collection, for `lookup_from`.
  let viewOfCollection: (String) throws(RequestError) -> View
  let scratch: SearchScratch
  private let filters = FilterMemo()

  var state: CollectionState { view.state }

  struct Answer {
    var points: [ScoredPoint]
    var trace: QueryTrace
  }

  /// - Throws: when the query does not fit the collection, and `timeout`.
  func answer(_ request: QueryRequest) throws(RequestError) -> Answer {
    var trace = QueryTrace(request)
    let ranked = try rank(request, &trace)
    return try fetched(ranked, request, trace)
  }

  /// The answer that the ranked points make.
  func fetched(
    _ ranked: [RankedSlot], _ request: QueryRequest, _ trace: QueryTrace
  ) throws(RequestError) -> Answer {
    var trace = trace
    let page = ranked.dropFirst(request.offset).prefix(request.limit)
    let start = trace.now
    let points = try view.scored(Array(page), request.withPayload, request.withVector)
    trace.add(.fetch, since: start)
    return Answer(points: points, trace: trace)
  }

  /// The best `offset + limit` points, best first.
  func rank(_ request: QueryRequest, _ trace: inout QueryTrace) throws(RequestError) -> [RankedSlot] {
    try rank(Source(request), rootFilter: request.filter, depth: 0, &trace)
  }

  /// What a query and a prefetch have in common.
  struct Source {
    var prefetch: [Prefetch]
    var query: Query?
    var using: String
    var filter: Filter?
    var parameters: SearchParameters
    var scoreThreshold: Float?
    var limit: Int
    var lookupFrom: LookupLocation?

    /// - Throws: `badRequest` where more points are wanted than the limit allows.
    init(_ request: QueryRequest) throws(RequestError) {
      let (limit, offset) = (request.limit, request.offset)
      let (wanted, overflow) = limit.addingReportingOverflow(offset)
      guard !overflow, limit >= 0, offset >= 0, wanted <= QueryRequest.limitMax else {
        throw .badRequest("limit \(limit) and offset \(offset) exceed the limit \(QueryRequest.limitMax)")
      }
      prefetch = request.prefetch
      query = request.query
      using = request.using
      filter = request.filter
      parameters = request.parameters
      scoreThreshold = request.scoreThreshold
      self.limit = wanted
      lookupFrom = request.lookupFrom
    }

    init(_ request: Prefetch) {
      prefetch = request.prefetch
      query = request.query
      using = request.using
      filter = request.filter
      parameters = request.parameters
      scoreThreshold = request.scoreThreshold
      limit = request.limit
      lookupFrom = request.lookupFrom
    }
  }

  /// The best points, best first.
  private func rank(
    _ source: Source, rootFilter: Filter?, depth: Int, _ trace: inout QueryTrace
  ) throws(RequestError) -> [RankedSlot] {
    try deadline.check()
    guard depth <= QueryRequest.prefetchDepthMax else {
      throw .badRequest("prefetches are \(depth) deep, limit \(QueryRequest.prefetchDepthMax)")
    }
    guard !source.prefetch.isEmpty else { return try leaf(source, rootFilter, depth, &trace) }
    guard let query = source.query else {
      throw .badRequest("A query is needed to merge the prefetches")
    }
    var lists: [[RankedSlot]] = []
    for prefetch in source.prefetch {
      guard prefetch.query != nil || !prefetch.prefetch.isEmpty || prefetch.filter != nil else {
        throw .badRequest("A prefetch needs a query")
      }
      lists.append(try rank(Source(prefetch), rootFilter: rootFilter, depth: depth + 1, &trace))
    }
    if case .fusion(let fusion) = query {
      guard source.using.isEmpty else { throw .badRequest("Fusion queries cannot be combined with `using`") }
      let fused = try fusion.fuse(lists)
      return Array(fused.filter { $0.score >= source.scoreThreshold ?? -.infinity }.prefix(source.limit))
    }
    var candidates = Bitset(count: state.points.slotCount)
    for list in lists {
      for ranked in list { candidates[Int(ranked.slot)] = true }
    }
    if case .formula(let text, let defaults) = query {
      let formula = try Formula(text, defaults: defaults)
      return try score(lists, by: formula, among: candidates, source, &trace)
    }
    return try rank(source, query, among: candidates, joined(source.filter, nil), &trace)
  }

  /// What prefetches found, best first by a formula.
  private func score(
    _ lists: [[RankedSlot]], by formula: Formula, among candidates: Bitset, _ source: Source,
    _ trace: inout QueryTrace
  ) throws(RequestError) -> [RankedSlot] {
    trace.begin(QueryPlan.Step(query: "formula"))
    let candidates = try slots(source.filter, candidates, &trace) ?? candidates
    var scorer = FormulaScorer(formula, lists: lists, view: view)
    var ranked: [RankedSlot] = []
    try candidates.forEachOne { (slot) throws(RequestError) in
      if ranked.count % 256 == 0 { try deadline.check() }
      ranked.append(RankedSlot(slot: UInt32(slot), score: try scorer.score(UInt32(slot))))
    }
    ranked.sort { $0.score != $1.score ? $0.score > $1.score : $0.slot < $1.slot }
    return Array(ranked.lazy.filter { $0.score >= source.scoreThreshold ?? -.infinity }.prefix(source.limit))
  }

  private func leaf(
    _ source: Source, _ rootFilter: Filter?, _ depth: Int, _ trace: inout QueryTrace
  ) throws(RequestError) -> [RankedSlot] {
    let filter = depth == 0 ? source.filter : joined(source.filter, rootFilter)
    guard let query = source.query else {
      guard source.scoreThreshold == nil else { throw .badRequest("`score_threshold` needs a query") }
      trace.begin(QueryPlan.Step(query: "scroll"))
      return try inOrderOfIDs(filter, limit: source.limit, &trace)
    }
    if case .fusion = query { throw .badRequest("Fusion queries need a prefetch") }
    if case .formula = query { throw .badRequest("A formula needs a prefetch") }
    return try rank(source, query, among: nil, filter, &trace)
  }

  private func joined(_ filter: Filter?, _ root: Filter?) -> Filter? {
    guard let root, !root.isEmpty else { return filter }
    guard let filter, !filter.isEmpty else { return root }
    return Filter(must: [.filter(root), .filter(filter)])
  }

  /// Ranks the points that match `filter`, all or those `among` the candidates of prefetches.
  private func rank(
    _ source: Source, _ query: Query, among candidates: Bitset?, _ filter: Filter?,
    _ trace: inout QueryTrace
  ) throws(RequestError) -> [RankedSlot] {
    trace.begin(QueryPlan.Step(query: query.kindName))
    switch query {
    case .orderBy(let orderBy):
      guard source.scoreThreshold == nil else {
        throw .badRequest("`score_threshold` cannot be combined with `order_by`")
      }
      let slots = try slots(filter, candidates, &trace) ?? state.points.alive
      return try view.ordered(by: orderBy, among: slots, limit: source.limit)
    case .sampleRandom:
      return sample(try slots(filter, candidates, &trace) ?? state.points.alive, limit: source.limit)
    default:
      return try rankByVectors(source, query, candidates, filter, &trace)
    }
  }

  /// The slots that match and are candidates; nil where nothing narrows them.
  func slots(
    _ filter: Filter?, _ candidates: Bitset?, _ trace: inout QueryTrace
  ) throws(RequestError) -> Bitset? {
    guard let filter, !filter.isEmpty else { return candidates }
    let start = trace.now
    var slots = try filters.slots(of: filter) { () throws(RequestError) in
      try view.slots(matching: filter, checkDeadline: deadline.check)
    }
    trace.add(.filter, since: start)
    trace.note(filter, slots, in: view)
    if let candidates { slots.formAnd(candidates) }
    return slots
  }

  private func inOrderOfIDs(
    _ filter: Filter?, limit: Int, _ trace: inout QueryTrace
  ) throws(RequestError) -> [RankedSlot] {
    let slots = try slots(filter, nil, &trace)
    var result: [RankedSlot] = []
    guard limit > 0 else { return result }
    state.points.forEach { slot, _ in
      if slots?[Int(slot)] ?? true { result.append(RankedSlot(slot: slot, score: 0)) }
      return result.count < limit
    }
    return result
  }

  /// Distinct slots drawn evenly: reservoir sampling (Vitter 1985, algorithm R).
  private func sample(_ slots: Bitset, limit: Int) -> [RankedSlot] {
    var reservoir: [RankedSlot] = []
    var seen = 0
    slots.forEachOne { slot in
      seen += 1
      let candidate = RankedSlot(slot: UInt32(slot), score: 0)
      if reservoir.count < limit {
        reservoir.append(candidate)
      } else if limit > 0 {
        let place = Int.random(in: 0..<seen)
        if place < limit { reservoir[place] = candidate }
      }
    }
    return reservoir.shuffled()
  }
}
