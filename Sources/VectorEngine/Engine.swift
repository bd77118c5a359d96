package import Logging
import Synchronization
import VectorIndex
package import VectorModel
import VectorStorage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The database: answers requests about the collections of one data directory.
///
/// Reads run on a bounded pool over published views, writes on a serial queue a collection.
package final class Engine: RequestHandler {
  let environment: EngineEnvironment
  let collections: OpenCollections
  let catalogue: Catalogue
  private let directory: DataDirectory
  let searchers: WorkerPool
  let snapshots: SnapshotService
  let scrubber: Scrubber
  let scratches = ScratchPool()
  let recallMeter: RecallMeter
  private let ticker: Ticker
  /// Writers and commits run for less at a time than what builds, which waits for nobody, and so come before it as they
  /// wake; in milliseconds.
  private static let writingSlice: UInt64 = 30
  private let isStopping = Mutex(false)

  package let configuration: EngineConfiguration

  /// Prepares the process for an engine; first thing in a program, before it has threads.
  package static func prepareProcess() { ReleasedMemory.prepareProcess() }

  /// Opens the data directory, or makes one where there is none.
  /// - Throws: when another process holds it, or it is damaged or of a newer format.
  package static func open(
    _ configuration: EngineConfiguration, logger: Logger = Logger(label: "needletail")
  ) throws(RequestError) -> Engine {
    let engine = try Engine(configuration, fileSystem: POSIXFileSystem(), logger: logger)
    try StorageError.mapped { () throws(StorageError) in try engine.directory.installCrashNote() }
    return engine
  }

  init(
    _ configuration: EngineConfiguration, fileSystem: any FileSystem, logger: Logger
  ) throws(RequestError) {
    var configuration = configuration
    configuration.openCollectionsMax = min(configuration.openCollectionsMax, Self.openCollectionsAllowed)
    self.configuration = configuration
    directory = try StorageError.mapped { () throws(StorageError) in
      try DataDirectory(fileSystem, path: configuration.dataDirectory)
    }
    for path in directory.suspectStorePaths {
      logger.warning(
        "an earlier process ended by a signal inside a store, which is inspected before it is used",
        metadata: ["store": "\(path)"])
    }
    catalogue = try Catalogue(directory, logger: logger)
    try Self.removeUnnamed(catalogue, directory)
    let library = try StorageError.mapped { [directory] () throws(StorageError) in
      try SnapshotLibrary(directory)
    }
    // Nothing throws from here on: threads would go on in an engine that is none.
    environment = EngineEnvironment(
      configuration: configuration, fileSystem: fileSystem,
      writers: WorkerPool(
        "write", threadCount: configuration.writerThreads,
        queueCountMax: configuration.collectionsMax + 1024, niceness: 10, slice: Self.writingSlice),
      committers: WorkerPool(
        "commit", threadCount: configuration.writerThreads,
        queueCountMax: configuration.collectionsMax + 1024, niceness: 15, slice: Self.writingSlice),
      builders: WorkerPool(
        "build", threadCount: 1, queueCountMax: configuration.collectionsMax + 1024, niceness: 15),
      freezers: WorkerPool(
        "freeze", threadCount: 1, queueCountMax: configuration.collectionsMax + 1024, niceness: 15),
      linkers: WorkerPool(
        "link", threadCount: 1, queueCountMax: configuration.collectionsMax + 1024, niceness: 15),
      logger: logger)
    searchers = WorkerPool(
      "search", threadCount: configuration.searchThreads, queueCountMax: configuration.searchQueueMax)
    collections = OpenCollections(environment: environment, directory: directory)
    snapshots = SnapshotService(
      environment: environment, directory: directory, collections: collections, catalogue: catalogue,
      scratches: scratches, library: library)
    scrubber = Scrubber(snapshots)
    recallMeter = RecallMeter(interval: configuration.recallInterval, scratches: scratches)
    ticker = Ticker(milliseconds: max(20, configuration.commitMillisecondsMax / 2)) {
      [collections, environment] in
      collections.tick()
      environment.releasedMemory.giveBackIfDue()
    }
  }

  /// How many collections the limit of open files allows: a store and a log take up to six, sockets the rest.
  private static var openCollectionsAllowed: Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
    return max(8, Int(clamping: limit.rlim_cur / 2) / 6)
  }

  /// Directories that the catalogue does not name are leftovers of a creation or deletion that was cut off.
  private static func removeUnnamed(
    _ catalogue: Catalogue, _ directory: DataDirectory
  ) throws(RequestError) {
    let named = Set(catalogue.current.collections.values)
    try StorageError.mapped { () throws(StorageError) in
      for id in try directory.collections() where !named.contains(id) { try directory.removeCollection(id) }
    }
  }

  package func handle(
    _ request: Request, completion: @escaping @Sendable (Result<Response, RequestError>) -> Void
  ) {
    handle(request, mayUseThisThread: false, completion: completion)
  }

  package func handle(
    _ request: Request, mayUseThisThread: Bool,
    completion: @escaping @Sendable (Result<Response, RequestError>) -> Void
  ) {
    if isStopping.withLock({ $0 }) {
      return completion(.failure(RequestError(.unavailable, "Service unavailable: the server is stopping")))
    }
    switch request {
    case .listCollections, .collectionExists, .listAliases, .collectionAliases:
      completion(Result { () throws(RequestError) in try answerFromCatalogue(request) })
    case .createCollection, .deleteCollection, .changeAliases:
      change(request, completion)
    case .updateCollection, .addVector, .removeVector, .write, .writeBatch:
      write(request, completion)
    case .collectionInfo, .getPoint, .retrieve, .scroll, .count, .facet, .query, .queryBatch:
      read(request, mayUseThisThread: mayUseThisThread, completion)
    }
  }

  /// Runs `body` on a search thread, or refuses it.
  func search(
    _ completion: @escaping Completion<Response>,
    _ body: @escaping @Sendable () throws(RequestError) -> Response
  ) {
    let isAccepted = searchers.submit { completion(Result { () throws(RequestError) in try body() }) }
    if !isAccepted { completion(.failure(tooManySearches)) }
  }

  var tooManySearches: RequestError {
    RequestError(
      .tooManyRequests, "Too many requests: \(configuration.searchQueueMax) searches are waiting already")
  }

  /// Runs `body` on a writer thread: it may wait for the disk.
  func onWriter(_ completion: @escaping Completion<Response>, _ body: @escaping @Sendable () -> Void) {
    if !environment.writers.submit(body) {
      completion(.failure(RequestError(.unavailable, "Service unavailable: the server is stopping")))
    }
  }

  /// Takes no more requests, hands everything to the stores, and closes the data directory.
  package func shutdown() throws(RequestError) {
    let isFirst = isStopping.withLock { isStopping in
      defer { isStopping = true }
      return !isStopping
    }
    guard isFirst else { return }
    ticker.stop()
    scrubber.stop()
    snapshots.stop()
    searchers.stop()
    recallMeter.stop()
    let failures = collections.closeAll()
    environment.builders.stop()
    environment.freezers.stop()
    environment.linkers.stop()
    environment.writers.stop()
    environment.committers.stop()
    try catalogue.close()
    try StorageError.mapped { () throws(StorageError) in try directory.close() }
    if let failure = failures.first { throw failure }
  }
}
