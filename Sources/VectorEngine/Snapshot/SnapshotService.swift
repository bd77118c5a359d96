import Dispatch
import Logging
import Synchronization
import VectorIndex
import VectorModel
import VectorStorage

/// Makes, keeps and restores snapshots on threads of its own; the one that makes them gives way to others.
final class SnapshotService: Sendable {
  let environment: EngineEnvironment
  let directory: DataDirectory
  let collections: OpenCollections
  let catalogue: Catalogue
  let library: SnapshotLibrary
  let scratches: ScratchPool
  let cancellation = Cancellation()
  /// Snapshots and restores, one after the other.
  private let makers = WorkerPool("snapshot", threadCount: 1, queueCountMax: 256, niceness: 10)
  /// Lists and openings, which wait for no snapshot.
  private let readers = WorkerPool("list", threadCount: 1, queueCountMax: 256)
  /// Restored collections whose indexes are not built yet, with the searches that will tell their recall.
  let awaitedIndexes = Mutex<[UUID128: [Canary]]>([:])
  /// What they told: the share of the stored answers that the indexes find.
  let canaryRecalls = Mutex<[UUID128: Double]>([:])
  /// Numbers the files that were begun, so that two of one second have different names.
  private let fileCount = Mutex(0)

  init(
    environment: EngineEnvironment, directory: DataDirectory, collections: OpenCollections,
    catalogue: Catalogue, scratches: ScratchPool, library: SnapshotLibrary
  ) {
    self.environment = environment
    self.directory = directory
    self.collections = collections
    self.catalogue = catalogue
    self.scratches = scratches
    self.library = library
  }

  /// Cuts off what runs and waits for its end.
  func stop() {
    cancellation.cancel()
    makers.stop()
    readers.stop()
  }

  func handle(_ request: SnapshotRequest, _ completion: @escaping Completion<SnapshotResult>) {
    switch request {
    case .list(let scope):
      submit(readers, wait: true, completion) { [self] () throws(RequestError) in
        let name = try collectionName(scope)
        try library.refresh()
        return .list(reachable(library.list(name)))
      }
    case .create(let scope, let options, let wait):
      submit(makers, wait: wait, completion) { [self] () throws(RequestError) in
        .one(try create(scope, options))
      }
    case .delete(let scope, let name, let wait):
      submit(makers, wait: wait, completion) { [self] () throws(RequestError) in
        try library.remove(try entry(named: name, scope).description.name)
        return .done
      }
    case .open(let scope, let name):
      submit(readers, wait: true, completion) { [self] () throws(RequestError) in
        .source(try SnapshotSource(library, named: try entry(named: name, scope).description.name))
      }
    case .stream(let scope):
      submit(makers, wait: true, completion) { [self] () throws(RequestError) in
        .source(try stream(scope))
      }
    case .beginUpload:
      submit(readers, wait: true, completion) { [self] () throws(RequestError) in
        .sink(try SnapshotUpload(directory, path: library.path(of: "upload-\(UUID128.random()).tmp")))
      }
    case .recover(let recovery, let wait):
      submit(makers, wait: wait, completion) { [self] () throws(RequestError) in
        try recover(recovery)
        return .done
      }
    case .recoverStorage(let recovery, let wait):
      submit(makers, wait: wait, completion) { [self] () throws(RequestError) in
        try recoverStorage(recovery)
        return .done
      }
    }
  }

  /// Runs `body` on a thread of the pool; where nobody waits, the answer comes before.
  private func submit(
    _ pool: WorkerPool, wait: Bool, _ completion: @escaping Completion<SnapshotResult>,
    _ body: @escaping @Sendable () throws(RequestError) -> SnapshotResult
  ) {
    let logger = environment.logger
    let isAccepted = pool.submit {
      let result = Result { () throws(RequestError) in try body() }
      if wait { return completion(result) }
      if case .failure(let error) = result {
        logger.error("snapshot operation failed", metadata: ["error": "\(error.message)"])
      }
    }
    if !isAccepted {
      completion(.failure(RequestError(.tooManyRequests, "Too many requests: 256 snapshot operations wait")))
    } else if !wait {
      completion(.success(.accepted))
    }
  }

  /// The collection's own name, where the scope may give an alias.
  private func collectionName(_ scope: SnapshotScope) throws(RequestError) -> String? {
    guard case .collection(let name) = scope else { return nil }
    let state = catalogue.current
    let id = try state.collection(named: name)
    return state.name(of: id) ?? name
  }

  private func entry(
    named name: String, _ scope: SnapshotScope
  ) throws(RequestError) -> SnapshotLibrary.Entry {
    let collectionName = try collectionName(scope)
    try library.refresh()
    let entry = try library.entry(named: name)
    guard entry.collectionName == collectionName else {
      throw .notFound("Snapshot \(name.prefix(256)) not found")
    }
    return entry
  }

  /// A name for a new file: what it is of, when it was made, and a number.
  func newFileName(_ prefix: String, _ suffix: String = SnapshotLibrary.suffix) -> String {
    let time = Datetime.text(microseconds: Int64(currentMilliseconds()) * 1000)
      .filter { $0.isASCII && $0.isNumber }.prefix(14)
    let number = fileCount.withLock { count in
      count += 1
      return count
    }
    let random = UUID128.random().description.prefix(8)
    return "\(prefix)-\(time)-\(number)-\(random)\(suffix)"
  }

  /// Calls `body` with an open collection and a pin on its log; waits on this thread.
  func withPinned<T>(
    _ id: UUID128, _ body: (Collection, LogPin) throws(RequestError) -> T
  ) throws(RequestError) -> T {
    let collection: Collection = try waiting { collections.acquire(id, $0) }
    defer { collections.release(collection) }
    let pin: LogPin = try waiting { collection.submit(.pin($0)) }
    defer { collection.submit(.unpin(pin)) }
    return try body(collection, pin)
  }

  /// Waits for the completion that `begin` is given.
  func waiting<T: Sendable>(_ begin: (@escaping Completion<T>) -> Void) throws(RequestError) -> T {
    let ended = DispatchSemaphore(value: 0)
    let found = Mutex<Result<T, RequestError>?>(nil)
    begin { result in
      found.withLock { $0 = result }
      ended.signal()
    }
    ended.wait()
    guard let result = found.withLock({ $0 }) else { preconditionFailure("a completion is called once") }
    return try result.get()
  }
}
