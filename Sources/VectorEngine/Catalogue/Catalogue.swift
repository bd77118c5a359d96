import Logging
import Synchronization
import VectorModel
import VectorStorage

/// The names of collections and their aliases, durable in a log of their own.
///
/// A change is acknowledged after its sync. Changes are rare and made under one lock.
final class Catalogue: Sendable {
  /// The identity in the catalogue's segments: it belongs to no collection.
  static let identity = LogIdentity(collection: UUID128(high: 0, low: 0), epoch: 1)

  private let directory: DataDirectory
  /// Operations after which the log is begun anew with the state.
  private let operationsMax: UInt64
  private let logger: Logger
  private let log: SegmentedLog
  private let state: Mutex<CatalogueState>
  private let changing = Mutex<Void>(())
  /// Why nothing can be changed until a restart, which tells whether the last change has happened.
  private let failure = Mutex<RequestError?>(nil)

  /// Opens the catalogue, or begins one in a directory that holds no collection.
  /// - Throws: when the log is damaged, or missing beside collections.
  init(
    _ directory: DataDirectory, operationsMax: UInt64 = 10_000, logger: Logger = Logger(label: "catalogue")
  ) throws(RequestError) {
    var options = SegmentedLog.Options()
    options.segmentBytes = 1 << 20
    var history = CatalogueHistory()
    let (fileSystem, path) = (directory.fileSystem, directory.cataloguePath)
    let log: SegmentedLog
    do throws(StorageError) {
      // The first start may have ended before its segment had its name.
      var isNew = try fileSystem.list(path).allSatisfy { $0.hasSuffix(".tmp") }
      if isNew { isNew = try directory.collections().isEmpty }
      if isNew {
        log = try .create(fileSystem, directory: path, identity: Self.identity, options: options)
      } else {
        // Opening repairs what it finds: a catalogue that is refused must stay as it is.
        history = try Self.history(in: directory)
        log = try .open(fileSystem, directory: path, identity: Self.identity, options: options)
      }
    } catch {
      throw error.requestError
    }
    self.directory = directory
    self.operationsMax = operationsMax
    self.logger = logger
    self.log = log
    state = Mutex(history.state)
    history.noteNames(directory)
  }

  var current: CatalogueState { state.withLock { $0 } }

  /// Makes the change that `body` derives from the state durable, then visible.
  /// - Parameter body: answers nil when nothing is to be done.
  /// - Throws: what `body` throws, and failures of the log.
  func change(
    at milliseconds: UInt64,
    _ body: (CatalogueState) throws(RequestError) -> CatalogueState.Change?
  ) throws(RequestError) {
    try changing.withLock { (_) throws(RequestError) in
      guard let change = try body(current) else { return }
      try append(change, milliseconds)
      state.withLock { $0.apply(change) }
      for id in change.named { try? directory.noteNamed(id) }
      // The change has happened, whatever becomes of the log: the next change tries again.
      do throws(RequestError) { try compact(milliseconds) } catch {
        logger.error("the catalogue's log stays long", metadata: ["error": "\(error.message)"])
      }
    }
  }

  /// Runs `body` while no change is made.
  func withFilesAtRest<T>(_ body: (DataDirectory) -> T) -> T { changing.withLock { _ in body(directory) } }

  /// Whether a change may or may not have happened: then nothing that it names may be removed.
  var isUncertain: Bool { failure.withLock { $0 != nil } }

  private func append(_ change: CatalogueState.Change, _ milliseconds: UInt64) throws(RequestError) {
    if let failure = failure.withLock({ $0 }) { throw failure }
    try StorageError.mapped { () throws(StorageError) in
      _ = try log.append(
        change.encoded.span, expecting: log.lastSequence, epoch: Self.identity.epoch,
        timeMilliseconds: milliseconds)
    }
    do throws(StorageError) { _ = try log.sync() } catch {
      let failure = RequestError(
        .unavailable,
        "Service unavailable: the catalogue is read-only until a restart, whether its last change happened is "
          + "unknown: \(error)")
      self.failure.withLock { $0 = failure }
      throw failure
    }
  }

  /// Writes the whole state and gives back the segments before it.
  private func compact(_ milliseconds: UInt64) throws(RequestError) {
    guard log.lastSequence - log.firstSequence >= operationsMax else { return }
    let state = current
    try append(.reset(collections: state.collections, aliases: state.aliases), milliseconds)
    let reset = log.lastSequence
    try StorageError.mapped { () throws(StorageError) in try log.discard(through: reset - 1) }
  }

  func close() throws(RequestError) {
    // What waits in the log was answered as failed: it is not to be written now.
    if isUncertain { return }
    try StorageError.mapped { () throws(StorageError) in try log.close() }
  }
}
