import VectorIndex
import VectorModel

/// A search by vectors whose examples, filter and options are known.
struct VectorSearch {
  let vectorName: String
  let rows: VectorRows
  let target: SearchTarget
  let options: PartSearchOptions
  /// Rows without an index are passed over where they are more.
  let flatRowsMax: Int
  /// What the points have to match, with the languages that the pre-filter keeps, and those that do.
  let filter: Filter?
  let slots: Bitset?
  /// Points that stand for vectors of the query.
  let excluded: Set<UInt32>
  let mmr: MMR?
  let scoreThreshold: Float?
  let limit: Int

  /// Whether another searches the same points of the same vectors.
  func goes(with other: VectorSearch) -> Bool {
    vectorName == other.vectorName && flatRowsMax == other.flatRowsMax && filter == other.filter
  }
}

extension QueryExecutor {
  /// Ranks the points that match `filter`, all or those `among` the candidates of prefetches.
  func rankByVectors(
    _ source: Source, _ query: Query, _ candidates: Bitset?, _ filter: Filter?, _ trace: inout QueryTrace
  ) throws(RequestError) -> [RankedSlot] {
    let search = try vectorSearch(source, query, candidates, filter, &trace)
    guard search.limit > 0 else { return [] }
    let start = trace.now
    var tiers: [TierSearch] = []
    let hits = try search.rows.search(
      search.target, search.options, flatRowsMax: search.flatRowsMax, slots: search.slots, scratch: scratch,
      searches: &tiers)
    trace.note(tiers)
    trace.add(.search, since: start)
    return try ranked(hits, by: search)
  }

  /// Looks up a query's examples and the points that it may find.
  func vectorSearch(
    _ source: Source, _ query: Query, _ candidates: Bitset?, _ filter: Filter?, _ trace: inout QueryTrace
  ) throws(RequestError) -> VectorSearch {
    guard let parameters = state.configuration.vector(named: source.using),
      let rows = state.vectors[source.using]
    else { throw .wrongInput("Not existing vector name error: \(source.using)") }
    trace.setVector(source.using)
    let start = trace.now
    let resolved = try lookup(source, parameters).resolve(query)
    var choice = source.parameters.language
    if case .recommend = query {} else if choice == .ofExamples { choice = .any }
    let language = try LanguageFilter(choice, positiveIDs: resolved.positiveIDs, view: view)
    let filter = language.joined(to: filter)
    trace.keep(languages: language.languages)
    trace.add(.resolve, since: start)
    let slots = try slots(filter, candidates, &trace)
    let hnsw = state.configuration.hnsw.applying(parameters.hnsw)
    let mmr: MMR? = if case .nearest(_, let mmr) = query { mmr } else { nil }
    let limit = max(source.limit, mmr?.candidatesLimit ?? 0) + resolved.excluded.count
    return VectorSearch(
      vectorName: source.using, rows: rows, target: resolved.target,
      options: PartSearchOptions(source.parameters, limit: limit, defaultEF: hnsw.efConstruction),
      flatRowsMax: source.parameters.indexedOnly
        ? state.configuration.smallRowsMax(dimension: rows.dimension) : .max,
      filter: filter, slots: slots, excluded: Set(resolved.excluded.compactMap { state.points.slot(of: $0) }),
      mmr: mmr, scoreThreshold: source.scoreThreshold, limit: source.limit)
  }

  /// The points that a search may answer, of those that it found.
  func ranked(_ hits: [RankedSlot], by search: VectorSearch) throws(RequestError) -> [RankedSlot] {
    var ranked: [RankedSlot] = []
    for hit in hits
    where !search.excluded.contains(hit.slot)
      && isWithin(search.scoreThreshold, hit.score, search.target, search.rows)
    {
      ranked.append(hit)
    }
    if let mmr = search.mmr { return try diversified(ranked, mmr, limit: search.limit, rows: search.rows) }
    return Array(ranked.prefix(search.limit))
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
