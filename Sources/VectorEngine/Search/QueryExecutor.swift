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

  private var state: CollectionState { view.state }

  struct Answer {
    var points: [ScoredPoint]
    var trace: QueryTrace
  }

  /// - Throws: when the query does not fit the collection, and `timeout`.
  func answer(_ request: QueryRequest) throws(RequestError) -> Answer {
    var trace = QueryTrace(request)
    let ranked = try rank(request, &trace)
    let page = ranked.dropFirst(request.offset).prefix(request.limit)
    let start = trace.now
    let points = try view.scored(Array(page), request.withPayload, request.withVector)
    trace.add(.fetch, since: start)
    return Answer(points: points, trace: trace)
  }

  /// The best `offset + limit` points, best first.
  func rank(_ request: QueryRequest, _ trace: inout QueryTrace) throws(RequestError) -> [RankedSlot] {
    let (limit, offset) = (request.limit, request.offset)
    let (wanted, overflow) = limit.addingReportingOverflow(offset)
    guard !overflow, limit >= 0, offset >= 0, wanted <= QueryRequest.limitMax else {
      throw .badRequest("limit \(limit) and offset \(offset) exceed the limit \(QueryRequest.limitMax)")
    }
    return try rank(Source(request, limit: wanted), rootFilter: request.filter, depth: 0, &trace)
  }

  /// What a query and a prefetch have in common.
  private struct Source {
    var prefetch: [Prefetch]
    var query: Query?
    var using: String
    var filter: Filter?
    var parameters: SearchParameters
    var scoreThreshold: Float?
    var limit: Int
    var lookupFrom: LookupLocation?

    init(_ request: QueryRequest, limit: Int) {
      prefetch = request.prefetch
      query = request.query
      using = request.using
      filter = request.filter
      parameters = request.parameters
      scoreThreshold = request.scoreThreshold
      self.limit = limit
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

  private func rankByVectors(
    _ source: Source, _ query: Query, _ candidates: Bitset?, _ filter: Filter?, _ trace: inout QueryTrace
  ) throws(RequestError) -> [RankedSlot] {
    guard let parameters = state.configuration.vector(named: source.using),
      let rows = state.vectors[source.using]
    else { throw .wrongInput("Not existing vector name error: \(source.using)") }
    trace.setVector(source.using)
    let start = trace.now
    let resolved = try lookup(source, parameters).resolve(query)
    var filter = filter
    var choice = source.parameters.language
    if case .recommend = query {} else if choice == .ofExamples { choice = .any }
    let language = try LanguageFilter(choice, positiveIDs: resolved.positiveIDs, view: view)
    filter = language.joined(to: filter)
    trace.keep(languages: language.languages)
    trace.add(.resolve, since: start)
    let slots = try slots(filter, candidates, &trace)
    guard source.limit > 0 else { return [] }
    let hnsw = state.configuration.hnsw.applying(parameters.hnsw)
    let mmr: MMR? = if case .nearest(_, let mmr) = query { mmr } else { nil }
    let limit = max(source.limit, mmr?.candidatesLimit ?? 0) + resolved.excluded.count
    let options = PartSearchOptions(source.parameters, limit: limit, defaultEF: hnsw.efConstruction)
    let flatRowsMax =
      source.parameters.indexedOnly ? state.configuration.smallRowsMax(dimension: rows.dimension) : .max
    let excludedSlots = Set(resolved.excluded.compactMap { state.points.slot(of: $0) })
    let searchStart = trace.now
    var tiers: [TierSearch] = []
    let hits = try rows.search(
      resolved.target, options, flatRowsMax: flatRowsMax, slots: slots, scratch: scratch, searches: &tiers)
    trace.note(tiers)
    trace.add(.search, since: searchStart)
    var ranked: [RankedSlot] = []
    for hit in hits
    where !excludedSlots.contains(hit.slot)
      && isWithin(source.scoreThreshold, hit.score, resolved.target, rows)
    {
      ranked.append(hit)
    }
    if let mmr { return try diversified(ranked, mmr, limit: source.limit, rows: rows) }
    return Array(ranked.prefix(source.limit))
  }

  /// Larger scores are nearer but for plain distances.
  private func isWithin(_ threshold: Float?, _ score: Float, _ target: SearchTarget, _ rows: VectorRows)
    -> Bool
  {
    guard let threshold else { return true }
    if case .nearest = target, !rows.distance.largerIsNearer { return score <= threshold }
    return score >= threshold
  }

  private func lookup(
    _ source: Source, _ parameters: VectorParameters
  ) throws(RequestError) -> ExampleLookup {
    guard let location = source.lookupFrom else {
      return ExampleLookup(view: view, vectorName: source.using, parameters: parameters, isOwn: true)
    }
    let other = try viewOfCollection(location.collection)
    guard other.state.configuration.vector(named: location.vector) != nil else {
      throw .wrongInput("Not existing vector name error: \(location.vector)")
    }
    return ExampleLookup(
      view: other, vectorName: location.vector, parameters: parameters,
      isOwn: other.isOfSameCollection(as: view))
  }

  /// The slots that match and are candidates; nil where nothing narrows them.
  private func slots(
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

extension PartSearchOptions {
  /// What a request says of how it is searched.
  fileprivate init(_ parameters: SearchParameters, limit: Int, defaultEF: Int) {
    let oversampling = parameters.oversampling.map { min($0, Double(QueryRequest.limitMax)) }
    // A walk keeps as many candidates as are to be rescored.
    let rescored = oversampling.map { Int(min(Double(limit) * $0, 1e9)) } ?? 0
    self.init(
      limit: limit, ef: max(parameters.ef ?? defaultEF, limit, rescored), exact: parameters.isExact,
      oversampling: oversampling.map { Float(max($0, 2)) })
    ignoresCodes = parameters.ignoreQuantization
    rescores = parameters.rescore ?? true
  }
}

extension CollectionConfiguration {
  /// Rows without an index that `indexed_only` still searches: no more than are left without one for good.
  fileprivate func smallRowsMax(dimension: Int) -> Int {
    let kilobytes = min(
      optimizers.indexingThreshold ?? OptimizersConfiguration.indexingThresholdDefault, 1 << 40)
    return kilobytes * 1024 / (dimension * 4)
  }
}
