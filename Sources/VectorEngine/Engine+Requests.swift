import VectorIndex
import VectorModel
import VectorStorage

/// Requests about one collection.
extension Engine {
  /// Finds a collection by name or alias, opens it where needed, and releases it after the answer.
  private func withCollection(
    _ name: String, _ completion: @escaping Completion<Response>,
    _ body: @escaping @Sendable (Collection, @escaping Completion<Response>) -> Void
  ) {
    let id: UUID128
    do throws(RequestError) { id = try catalogue.current.collection(named: name) } catch {
      return completion(.failure(error))
    }
    collections.acquire(id) { [self] result in
      switch result {
      case .failure(let error): completion(.failure(error))
      case .success(let collection):
        body(collection) { [self] response in
          collections.release(collection)
          completion(response)
        }
      }
    }
  }

  func write(_ request: Request, _ completion: @escaping Completion<Response>) {
    switch request {
    case .write(let name, let operation, let parameters):
      withCollection(name, completion) { collection, completion in
        collection.submit(
          .write([operation], parameters) { result in
            completion(result.map { Response(.update(parameters.result($0.first ?? 0))) })
          })
      }
    case .writeBatch(let name, let operations, let parameters):
      withCollection(name, completion) { collection, completion in
        collection.submit(
          .write(operations, parameters) { result in
            completion(result.map { Response(.updates($0.map(parameters.result))) })
          })
      }
    case .updateCollection(let name, let update):
      configure(name, completion, { _ in Response(.bool(true)) }) {
        (configuration) throws(RequestError) in try configuration.applying(update)
      }
    case .addVector(let name, let vector, let parameters):
      configure(name, completion, { Response(.update(parameters.result($0))) }) {
        (configuration) throws(RequestError) in
        guard configuration.vector(named: vector.name) == nil else {
          throw .alreadyExists("Vector `\(vector.name)` already exists!")
        }
        var new = configuration
        new.vectors.append(vector)
        return try new.checked()
      }
    case .removeVector(let name, let vectorName, let parameters):
      configure(name, completion, { Response(.update(parameters.result($0))) }) {
        (configuration) throws(RequestError) in
        guard configuration.vector(named: vectorName) != nil else {
          throw .wrongInput("Not existing vector name error: \(vectorName)")
        }
        var new = configuration
        new.vectors.removeAll { $0.name == vectorName }
        return new
      }
    default: preconditionFailure("not a write")
    }
  }

  private func configure(
    _ name: String, _ completion: @escaping Completion<Response>,
    _ answer: @escaping @Sendable (UInt64) -> Response,
    _ change: @escaping @Sendable (CollectionConfiguration) throws(RequestError) -> CollectionConfiguration
  ) {
    withCollection(name, completion) { collection, completion in
      collection.submit(.configure(change) { completion($0.map(answer)) })
    }
  }

  func read(
    _ request: Request, mayUseThisThread: Bool, _ completion: @escaping Completion<Response>
  ) {
    switch request {
    case .collectionInfo(let name):
      reading(name, nil, completion) { _, collection, _ in Response(.collection(collection.information)) }
    case .getPoint(let name, let id):
      reading(name, nil, completion) { _, collection, _ throws(RequestError) in
        let view = collection.view
        guard let slot = view.state.points.slot(of: id) else {
          throw .notFound("Point with id \(id) does not exists!")
        }
        return Response(.record(try view.record(slot, .all, .all)))
      }
    case .retrieve(let name, let retrieve):
      reading(name, nil, completion) { _, collection, _ throws(RequestError) in
        Response(.records(try collection.view.retrieve(retrieve)))
      }
    case .scroll(let name, let scroll):
      reading(name, scroll.timeoutMilliseconds, completion) { _, collection, deadline throws(RequestError) in
        let (records, next) = try collection.view.scroll(scroll, deadline)
        return Response(.scroll(records, nextPageOffset: next))
      }
    case .count(let name, let count):
      reading(name, count.timeoutMilliseconds, completion) { _, collection, deadline throws(RequestError) in
        Response(.count(try collection.view.count(count, deadline)))
      }
    case .facet(let name, let facet):
      reading(name, nil, completion) { _, collection, deadline throws(RequestError) in
        Response(.facet(try collection.view.facet(facet, deadline)))
      }
    case .query(let name, let query, let form):
      reading(
        name, query.timeoutMilliseconds, completion,
        isBrief: { mayUseThisThread && query.isBrief(in: $0.view.state) }
      ) { engine, collection, deadline throws(RequestError) in
        try engine.executing(collection.view, of: collection, deadline) { executor throws(RequestError) in
          try engine.environment.searchTimes.measure { () throws(RequestError) in
            if let grouping = query.grouping {
              let (groups, trace) = try executor.groups(query, grouping)
              return Response(.groups(groups), trace)
            }
            let answer = try executor.answer(query)
            engine.recallMeter.note(query, answer.points, on: executor.view)
            return Response(.points(answer.points, form), answer.trace)
          }
        }
      }
    case .queryBatch(let name, let queries, let form):
      let timeout = queries.compactMap(\.timeoutMilliseconds).max()
      withCollection(name, completion) { [self] collection, completion in
        answer(queries, form, in: collection, timeoutMilliseconds: timeout, completion)
      }
    default: preconditionFailure("not a read")
    }
  }

  /// Answers all queries on one view, on as many threads as are free.
  private func answer(
    _ queries: [QueryRequest], _ form: Request.ResultForm, in collection: Collection,
    timeoutMilliseconds: Int?, _ completion: @escaping Completion<Response>
  ) {
    let deadline = Deadline(milliseconds: timeoutMilliseconds ?? configuration.timeoutMilliseconds)
    let view = collection.view
    let threadCount = max(1, min(queries.count, configuration.searchThreads))
    let batch = QueryBatch(queries, threadCount: threadCount) { answers in
      completion(answers.map { Response(batch: $0, form) })
    }
    let run: @Sendable () -> Void = { [self] in
      executing(view, of: collection, deadline) { executor in
        batch.run { queries in
          let outcomes = environment.searchTimes.measure(count: queries.count) { executor.answers(queries) }
          for (query, outcome) in zip(queries, outcomes) {
            if case .success(let answer) = outcome { recallMeter.note(query, answer.points, on: view) }
          }
          return outcomes
        }
      }
    }
    guard searchers.submit(run) else { return completion(.failure(tooManySearches)) }
    // Where no thread is free the first one answers all.
    for _ in 1..<threadCount { _ = searchers.submit(run) }
  }

  private func reading(
    _ name: String, _ timeoutMilliseconds: Int?, _ completion: @escaping Completion<Response>,
    isBrief: @escaping @Sendable (Collection) -> Bool = { _ in false },
    _ body: @escaping @Sendable (Engine, Collection, Deadline) throws(RequestError) -> Response
  ) {
    let deadline = Deadline(milliseconds: timeoutMilliseconds ?? configuration.timeoutMilliseconds)
    withCollection(name, completion) { [self] collection, completion in
      if isBrief(collection) {
        return completion(Result { () throws(RequestError) in try body(self, collection, deadline) })
      }
      search(completion) { [self] () throws(RequestError) in
        try deadline.check()
        return try body(self, collection, deadline)
      }
    }
  }

  private func executing<T, E: Error>(
    _ view: View, of collection: Collection, _ deadline: Deadline, _ body: (QueryExecutor) throws(E) -> T
  ) throws(E) -> T {
    collection.published.noteSearch()
    return try scratches.lend { (scratch) throws(E) in
      try body(
        QueryExecutor(
          view: view, deadline: deadline,
          viewOfCollection: { [self] name throws(RequestError) in try viewOfCollection(name) },
          scratch: scratch))
    }
  }

  /// The view of a collection for `lookup_from`: opens it on this thread where it is closed.
  private func viewOfCollection(_ name: String) throws(RequestError) -> View {
    let id = try catalogue.current.collection(named: name)
    return try collections.view(of: id)
  }
}

extension Response {
  fileprivate init(_ result: Result, _ trace: QueryTrace) {
    self.init(result, applied: Applied(kept: trace.languages))
    explanation = trace.plan?.json
  }

  fileprivate init(batch answers: [QueryExecutor.Answer], _ form: Request.ResultForm) {
    let languages = Set(answers.flatMap(\.trace.languages))
    self.init(
      .pointBatches(answers.map(\.points), form), applied: Applied(kept: languages.sorted()))
    let plans = answers.map(\.trace.plan)
    if plans.contains(where: { $0 != nil }) { explanation = .array(plans.map { $0?.json ?? .null }) }
  }
}

extension Response.Applied {
  /// Absent where no language was asked for.
  fileprivate init?(kept languages: [String]) {
    if languages.isEmpty { return nil }
    self.init(languages: languages)
  }
}

extension UpdateParameters {
  fileprivate func result(_ sequence: UInt64) -> UpdateResult {
    UpdateResult(operationID: sequence, status: wait ? .completed : .acknowledged)
  }
}

extension Collection {
  /// What `GET /collections/{name}` shows.
  var information: CollectionInfo {
    let view = view
    let state = view.state
    let status = buildStatus
    return CollectionInfo(
      status: damage.what != nil ? .red : status.isBuilding ? .yellow : .green,
      optimizerError: damage.what ?? status.error,
      pointsCount: state.points.aliveCount,
      indexedVectorsCount: state.vectors.values.reduce(0) { $0 + $1.indexedCount },
      segmentsCount: max(1, state.vectors.values.map(\.searchedTiersCount).max() ?? 1),
      configuration: state.configuration,
      indexedPointsCounts: state.configuration.payloadSchema.map(view.indexedPointsCount))
  }
}
