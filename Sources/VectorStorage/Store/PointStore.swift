import Synchronization
package import VectorModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The durable points of one shard: an LMDB file with a log in front of it.
///
/// Caveats first: a commit is atomic at once but durable only after `sync`; the writes since then come again
/// from the log. Reads must be short, since pages that an open read can see are not used again. A read must not
/// begin another read on its thread.
package final class PointStore: Sendable {
  /// Sizes of the map and the reader table.
  package struct Options: Sendable {
    /// Address space that a store takes at first, in bytes; it doubles when it is full. Costs no memory.
    package var mapByteCountMin = 256 << 20
    /// The largest file, in bytes.
    package var mapByteCountMax = 1 << 40
    /// Reads at the same time.
    package var readersMax = 256

    package init() {}
  }

  private struct State {
    /// Read transactions that are reset and wait to be renewed.
    var idle: [ReadTransaction] = []
    var isClosed = false
    /// Why no more is written.
    var writeFailure: StorageError?
    /// Why nothing is read either.
    var readFailure: StorageError?
    /// What LMDB keeps in memory of the largest commit since the file was opened; see `giveBack`.
    var keptByteCount = 0
  }

  /// The store's file.
  package let path: String
  private let environment: StoreEnvironment
  private let name: CrashNoteName
  let fileSystem: any FileSystem
  private let options: Options
  /// Readers and the committing writer share it; growing, compacting and closing are alone.
  private let gate = Gate()
  private let committing = Mutex<Void>(())
  private let state = Mutex(State())
  private static let idleTransactionsMax = 4
  /// With less than this many free bytes beyond a batch a failed commit is put down to the full disk.
  private static let spareByteCount: UInt64 = 16 << 20
  static let formatName = "format"
  static let formatVersion: UInt32 = 1

  private init(
    _ fileSystem: any FileSystem, path: String, options: Options, mapByteCount: Int, create: Bool
  ) throws(StorageError) {
    self.fileSystem = fileSystem
    self.path = path
    self.options = options
    name = CrashNoteName(path)
    environment = try name.inside { () throws(StorageError) in
      try LargeAllocations.mapped { () throws(StorageError) in
        try StoreEnvironment(
          path: path, mapByteCount: mapByteCount, readersMax: options.readersMax, create: create)
      }
    }
  }

  deinit { try? close() }

  /// Makes an empty store that is durable on return; leftovers of an unfinished creation are replaced.
  package static func create(
    _ fileSystem: any FileSystem, path: String, collection: UUID128, options: Options = Options()
  ) throws(StorageError) -> PointStore {
    try removeFiles(fileSystem, path: path)
    let store = try PointStore(
      fileSystem, path: path, options: options, mapByteCount: options.mapByteCountMin, create: true)
    var format: [UInt8] = []
    format.append(littleEndian: formatVersion)
    format.append(collection)
    var batch = StoreBatch()
    batch.setMeta(formatName, format.span)
    try store.commit(batch)
    try store.sync()
    try fileSystem.syncDirectory(Path.parent(of: path))
    return store
  }

  /// Opens a store that exists.
  /// - Parameter inspecting: reads the whole file with `StoreInspection` first; for a store in which the last
  ///   process ended, see `DataDirectory.suspectStorePaths`.
  /// - Throws: `missing`; `damaged` when the file is shorter than it says, is no store or is another collection's;
  ///   `newerFormat`.
  package static func open(
    _ fileSystem: any FileSystem, path: String, collection: UUID128, options: Options = Options(),
    inspecting: Bool = false
  ) throws(StorageError) -> PointStore {
    guard try fileSystem.kind(of: path) == .file else {
      throw .missing(file: path, what: "the collection's store")
    }
    if inspecting, let defect = try StoreInspection.run(fileSystem, path: path).defects.first { throw defect }
    let check = try StoreFileCheck(fileSystem, path: path)
    try check.extendIfShort(fileSystem, path: path)
    do throws(StorageError) {
      return try open(fileSystem, path: path, check, collection, options)
    } catch {
      if check.isShort { try fileSystem.open(path, .readWrite).truncate(to: check.fileByteCount) }
      throw error
    }
  }

  private static func open(
    _ fileSystem: any FileSystem, path: String, _ check: StoreFileCheck, _ collection: UUID128,
    _ options: Options
  ) throws(StorageError) -> PointStore {
    let wanted = max(4 * Int(check.usedByteCount), options.mapByteCountMin)
    let mapByteCount = max(min(wanted, options.mapByteCountMax), Int(check.usedByteCount))
    let store = try PointStore(
      fileSystem, path: path, options: options, mapByteCount: mapByteCount, create: false)
    do throws(StorageError) {
      try store.checkFormat(collection)
      if check.isShort { try store.requireFreePages(check) }
      return store
    } catch {
      try store.close()
      throw error
    }
  }

  /// Removes a store's file and LMDB's lock file, as far as they exist; the store must be closed.
  package static func removeFiles(_ fileSystem: any FileSystem, path: String) throws(StorageError) {
    for file in [path, path + "-lock"] where try fileSystem.kind(of: file) != nil {
      try fileSystem.unlink(file)
    }
  }

  private func checkFormat(_ collection: UUID128) throws(StorageError) {
    let format = try read { (reader) throws(StorageError) in try reader.meta(Self.formatName) }
    guard let format, format.count == 20 else {
      throw .damaged(file: path, offset: nil, what: "it does not say which format it has")
    }
    let version: UInt32 = format.span.load(at: 0)
    guard version <= Self.formatVersion else {
      throw .newerFormat(file: path, found: version, supported: Self.formatVersion)
    }
    guard format.span.loadUUID(at: 4) == collection else {
      throw .damaged(
        file: path, offset: nil, what: "it belongs to the collection \(format.span.loadUUID(at: 4))")
    }
  }

  /// Applies all of `batch` or nothing; readers see it from now on.
  ///
  /// Growing the map waits until no read is open.
  /// - Throws: a full disk or `limit` with the batch not applied, so that it can be tried again; after any other
  ///   failure the store takes no more writes until it is opened anew.
  package func commit(_ batch: StoreBatch) throws(StorageError) {
    try committing.withLock { (_) throws(StorageError) in
      while true {
        try requireWritable()
        let outcome: StoreCommit.Outcome
        do throws(StorageError) {
          outcome = try inside { () throws(StorageError) in try StoreCommit.apply(batch, to: environment) }
        } catch {
          throw settled(error, batch.byteCount)
        }
        state.withLock { $0.keptByteCount = max($0.keptByteCount, batch.touchedByteCount) }
        if outcome == .done { return }
        try grow()
      }
    }
  }

  /// Makes all commits durable.
  package func sync() throws(StorageError) {
    try requireWritable()
    do throws(StorageError) {
      try inside { () throws(StorageError) in try environment.sync() }
    } catch {
      poison(error)
      throw error
    }
  }

  /// Runs `body` on the state after the last commit.
  package func read<T>(
    _ body: (borrowing StoreReader) throws(StorageError) -> T
  ) throws(StorageError) -> T {
    try inside { () throws(StorageError) in
      let transaction = try beginRead()
      defer { endRead(transaction) }
      return try transaction.read(environment, body)
    }
  }

  private func beginRead() throws(StorageError) -> ReadTransaction {
    guard let idle = state.withLock({ $0.idle.popLast() }) else { return try ReadTransaction(environment) }
    try idle.renew()
    return idle
  }

  private func endRead(_ transaction: ReadTransaction) {
    transaction.reset()
    let isKept = state.withLock { state in
      guard state.idle.count < Self.idleTransactionsMax else { return false }
      state.idle.append(transaction)
      return true
    }
    if !isKept { transaction.end() }
  }

  /// Bytes of the file, and of those the ones that a compaction would keep at most.
  package func usedByteCount() throws(StorageError) -> UInt64 {
    try inside { () throws(StorageError) in UInt64(environment.usedByteCount()) }
  }

  func copyCompacted(to destination: String) throws(StorageError) {
    try inside { () throws(StorageError) in try environment.copyCompacted(to: destination) }
  }

  /// Ends the use of the file; nothing is synced. A second call does nothing.
  package func close() throws(StorageError) {
    try gate.exclusive { () throws(StorageError) in
      let idle: [ReadTransaction]? = state.withLock { state in
        guard !state.isClosed else { return nil }
        state.isClosed = true
        defer { state.idle = [] }
        return state.idle
      }
      guard let idle else { return }
      for transaction in idle { transaction.end() }
      environment.close()
    }
  }

  /// About how much memory `giveBack` would free.
  package var keptByteCount: Int { state.withLock { $0.keptByteCount } }

  /// Times that the file is opened, a twentieth of a second apart, where descriptors or memory are short for a moment.
  private static let reopeningsMax = 20

  /// Frees the pages that LMDB keeps of its largest transaction for the next ones, by opening the file anew.
  ///
  /// Takes about a millisecond, in which nobody reads; for a store that rests, after `sync`. Where somebody reads nothing
  /// happens: whoever checks a whole store takes long, and others would wait behind it. A compaction must not run.
  /// - Returns: whether it happened
  /// - Throws: when the file cannot be opened again; then the store is of no use until it is opened by somebody else.
  package func giveBack() throws(StorageError) -> Bool {
    try committing.withLock { (_) throws(StorageError) in
      let isDone = try gate.exclusiveIfFree { () throws(StorageError) in
        try requireReadable()
        let idle = state.withLock { state in
          defer { state.idle = [] }
          return state.idle
        }
        for transaction in idle { transaction.end() }
        do throws(StorageError) { try reopen() } catch {
          state.withLock { $0.readFailure = .poisoned(file: path, cause: error.description) }
          throw error
        }
      }
      if isDone { state.withLock { $0.keptByteCount = 0 } }
      return isDone
    }
  }

  private func reopen() throws(StorageError) {
    for attempt in 1... {
      do throws(StorageError) {
        return try name.inside { () throws(StorageError) in
          try LargeAllocations.mapped { () throws(StorageError) in try environment.reopen() }
        }
      } catch {
        guard attempt < Self.reopeningsMax else { throw error }
        usleep(50_000)
      }
    }
  }

  /// The error of a full disk, if it is full: LMDB reports a write that was cut short for want of space as EIO.
  private func outOfSpace(_ byteCount: Int) -> StorageError? {
    do throws(StorageError) {
      let file = try fileSystem.open(path, .readWrite)
      let end = try file.byteCount()
      do throws(StorageError) {
        try file.preallocate(end..<(end + 2 * UInt64(byteCount) + Self.spareByteCount))
      } catch {
        try file.truncate(to: end)
        return error.isOutOfSpace ? error : nil
      }
      try file.truncate(to: end)
      return nil
    } catch {
      return nil
    }
  }

  private func grow() throws(StorageError) {
    try gate.exclusive { () throws(StorageError) in
      try requireReadable()
      let target = min(2 * environment.mapByteCount, options.mapByteCountMax)
      guard target > environment.mapByteCount else {
        throw .limit(
          file: path, what: "the store would exceed its largest size of \(options.mapByteCountMax) bytes")
      }
      do throws(StorageError) {
        try environment.resize(to: target)
      } catch {
        if case .poisoned = error { state.withLock { $0.readFailure = error } }
        throw error
      }
    }
  }

  /// What a failed commit means. Only where the disk is full now did a write fail and was nothing lost; otherwise a
  /// sync may have failed, and then nobody knows what of the earlier commits is on the disk.
  private func settled(_ error: StorageError, _ byteCount: Int) -> StorageError {
    if case .limit = error { return error }
    if case .io = error, let full = outOfSpace(byteCount) { return full }
    poison(error)
    return error
  }

  private func poison(_ error: StorageError) {
    if case .closed = error { return }
    state.withLock { $0.writeFailure = .poisoned(file: path, cause: error.description) }
  }

  /// Runs what uses LMDB, while the map stays where it is.
  private func inside<T>(_ body: () throws(StorageError) -> T) throws(StorageError) -> T {
    try gate.shared { () throws(StorageError) in
      try requireReadable()
      return try name.inside(body)
    }
  }

  private func requireWritable() throws(StorageError) {
    if let failure = state.withLock({ $0.writeFailure }) { throw failure }
  }

  private func requireReadable() throws(StorageError) {
    let failure: StorageError? = state.withLock { state in
      state.isClosed ? .closed(file: path) : state.readFailure
    }
    if let failure { throw failure }
  }
}
