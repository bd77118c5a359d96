import Dispatch
import Synchronization
import VectorModel
import VectorStorage

/// The collections that are open, opened on first use and closed when idle beyond a limit.
final class OpenCollections: Sendable {
  /// A collection's place: closed, being opened or closed by somebody, or open with a number of users.
  private enum Place: Sendable {
    /// Who waits for the end of an opening or closing.
    case changing(waiting: [@Sendable () -> Void])
    case open(Collection, usersCount: Int, lastUse: UInt64)
  }

  private struct State {
    var places: [UUID128: Place] = [:]
    var useCount: UInt64 = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  private let environment: EngineEnvironment
  private let directory: DataDirectory

  init(environment: EngineEnvironment, directory: DataDirectory) {
    self.environment = environment
    self.directory = directory
  }

  /// Calls `body` with the open collection, at once where it is open and on another thread where it is not.
  /// Whoever gets it gives it to `release` when the request is answered.
  func acquire(_ id: UUID128, _ body: @escaping Completion<Collection>) {
    enum Step { case ready(Collection), open, wait, closed }
    let step = state.withLock { state -> Step in
      if state.isClosed { return .closed }
      switch state.places[id] {
      case .open(let collection, let usersCount, _):
        state.useCount += 1
        state.places[id] = .open(collection, usersCount: usersCount + 1, lastUse: state.useCount)
        return .ready(collection)
      case .changing(let waiting):
        state.places[id] = .changing(waiting: waiting + [{ [self] in acquire(id, body) }])
        return .wait
      case nil:
        state.places[id] = .changing(waiting: [])
        return .open
      }
    }
    switch step {
    case .ready(let collection): body(.success(collection))
    case .wait: break
    case .closed: body(.failure(Self.stopping))
    case .open:
      let isAccepted = environment.writers.submit { [self] in open(id, body) }
      if !isAccepted {
        end(id)
        body(.failure(Self.stopping))
      }
    }
  }

  private static var stopping: RequestError {
    RequestError(.unavailable, "Service unavailable: the server is stopping")
  }

  private func open(_ id: UUID128, _ body: @escaping Completion<Collection>) {
    let result = Result { () throws(RequestError) in
      try Collection(id: id, directory: directory, environment: environment)
    }
    switch result {
    case .success(let collection):
      let waiting = state.withLock { state -> [@Sendable () -> Void]? in
        guard !state.isClosed, case .changing(let waiting)? = state.places[id] else { return nil }
        state.useCount += 1
        state.places[id] = .open(collection, usersCount: 1, lastUse: state.useCount)
        return waiting
      }
      guard let waiting else {
        collection.close { [self] _ in end(id) }
        return body(.failure(Self.stopping))
      }
      for wake in waiting { wake() }
      environment.releasedMemory.note()
      closeIdle()
    case .failure(let error):
      environment.logger.error(
        "collection cannot be opened", metadata: ["collection": "\(id)", "error": "\(error.message)"])
      end(id)
    }
    body(result)
  }

  /// Ends an opening or closing: the collection is closed.
  private func end(_ id: UUID128) {
    let waiting = state.withLock { state in
      if case .changing(let waiting)? = state.places.removeValue(forKey: id) { return waiting }
      return []
    }
    for wake in waiting { wake() }
  }

  /// Ends a use. A collection that was closed meanwhile has no place, or another one has it.
  func release(_ used: Collection) {
    state.withLock { state in
      guard case .open(let collection, let usersCount, let lastUse)? = state.places[used.id],
        collection === used
      else { return }
      state.places[used.id] = .open(collection, usersCount: usersCount - 1, lastUse: lastUse)
    }
  }

  /// Closes the least recently used collections that nobody uses, down to the limit.
  private func closeIdle() {
    let victims = state.withLock { state -> [(UUID128, Collection)] in
      let excess = state.places.count - environment.configuration.openCollectionsMax
      guard excess > 0 else { return [] }
      let idle = state.places.compactMap { id, place -> (UUID128, Collection, UInt64)? in
        guard case .open(let collection, 0, let lastUse) = place, !collection.buildStatus.isBuilding else {
          return nil
        }
        return (id, collection, lastUse)
      }
      let oldest = idle.sorted { $0.2 < $1.2 }.prefix(excess)
      for (id, _, _) in oldest { state.places[id] = .changing(waiting: []) }
      return oldest.map { ($0.0, $0.1) }
    }
    for (id, collection) in victims {
      collection.close { [self] _ in end(id) }
    }
  }

  /// Lets every open collection do what is due.
  func tick() {
    for collection in openCollections { collection.submit(.tick) }
  }

  var openCollections: [Collection] {
    state.withLock { state in
      state.places.values.compactMap { if case .open(let collection, _, _) = $0 { collection } else { nil } }
    }
  }

  /// Makes the files of a new collection, durably: a store and a log without operations.
  func create(_ id: UUID128, _ configuration: CollectionConfiguration) throws(RequestError) {
    let state = try CollectionState(configuration: configuration)
    try StorageError.mapped { () throws(StorageError) in
      let shard = try directory.createCollection(id)
      let manifest = Manifest(collection: id, epoch: 1, storeNumber: 1)
      let store = try PointStore.create(
        shard.fileSystem, path: shard.storePath(manifest.storeNumber), collection: id,
        options: environment.configuration.storeOptions)
      try store.commit(state, removalsMax: environment.configuration.commitRemovalsMax)
      try store.sync()
      try store.close()
      try SegmentedLog.create(
        shard.fileSystem, directory: shard.logPath,
        identity: LogIdentity(collection: id, epoch: manifest.epoch),
        options: environment.configuration.logOptions
      ).close()
      try shard.writeManifest(manifest)
    }
  }

  func removeFiles(of id: UUID128) throws(RequestError) {
    try StorageError.mapped { () throws(StorageError) in try directory.removeCollection(id) }
  }

  /// The newest view of a collection; waits on this thread while it is opened.
  func view(of id: UUID128) throws(RequestError) -> View {
    let ended = DispatchSemaphore(value: 0)
    let found = Mutex<Result<View, RequestError>?>(nil)
    acquire(id) { [self] result in
      found.withLock { $0 = result.map(\.view) }
      if case .success(let collection) = result { release(collection) }
      ended.signal()
    }
    ended.wait()
    guard let result = found.withLock({ $0 }) else { preconditionFailure("acquire answers once") }
    return try result.get()
  }

  /// Closes a collection that the catalogue no longer names, once nobody opens or closes it, and removes its
  /// files.
  func remove(_ id: UUID128, _ completion: @escaping Completion<Void>) {
    enum Step { case close(Collection), wait, remove }
    let step = state.withLock { state -> Step in
      switch state.places[id] {
      case .open(let collection, _, _):
        state.places[id] = .changing(waiting: [])
        return .close(collection)
      case .changing(let waiting):
        state.places[id] = .changing(waiting: waiting + [{ [self] in remove(id, completion) }])
        return .wait
      case nil: return .remove
      }
    }
    switch step {
    case .wait: break
    case .remove: completion(Result { () throws(RequestError) in try removeFiles(of: id) })
    case .close(let collection):
      collection.close { [self] _ in
        let result = Result { () throws(RequestError) in try removeFiles(of: id) }
        end(id)
        completion(result)
      }
    }
  }

  /// Closes a collection, so that the next use opens it anew from its files.
  func reopen(_ id: UUID128, _ completion: @escaping Completion<Void>) {
    let collection = state.withLock { state -> Collection? in
      guard case .open(let collection, _, _)? = state.places[id] else { return nil }
      state.places[id] = .changing(waiting: [])
      return collection
    }
    guard let collection else { return completion(.success(())) }
    collection.close { [self] result in
      end(id)
      completion(result)
    }
  }

  /// Closes everything, also what is being opened, and waits for it.
  func closeAll() -> [RequestError] {
    let failures = Mutex<[RequestError]>([])
    let ended = DispatchSemaphore(value: 0)
    let (open, placesCount) = state.withLock { state -> ([Collection], Int) in
      state.isClosed = true
      let wake: @Sendable () -> Void = { ended.signal() }
      var open: [Collection] = []
      for (id, place) in state.places {
        switch place {
        case .open(let collection, _, _):
          open.append(collection)
          state.places[id] = .changing(waiting: [wake])
        case .changing(let waiting): state.places[id] = .changing(waiting: waiting + [wake])
        }
      }
      return (open, state.places.count)
    }
    for collection in open {
      collection.close { [self] result in
        if case .failure(let error) = result { failures.withLock { $0.append(error) } }
        end(collection.id)
      }
    }
    for _ in 0..<placesCount { ended.wait() }
    return failures.withLock { $0 }
  }
}
