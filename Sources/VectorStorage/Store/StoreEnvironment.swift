import CLMDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open LMDB file with its tables: the calls of the C library, with errors as storage's.
///
/// The owner keeps to LMDB's rules: one write transaction at a time, no transaction while the map is resized or
/// the environment closed.
@safe final class StoreEnvironment: @unchecked Sendable {
  let path: String
  private(set) var mapByteCount: Int
  private let readersMax: Int
  private var environment: OpaquePointer
  private var handles: [MDB_dbi] = []
  private var isOpen = true

  /// Opens or creates the file.
  /// - Parameters:
  ///   - mapByteCount: bytes of address space; a multiple of the page size.
  ///   - create: makes the file and its tables.
  init(path: String, mapByteCount: Int, readersMax: Int, create: Bool) throws(StorageError) {
    self.path = path
    self.mapByteCount = mapByteCount
    self.readersMax = readersMax
    unsafe environment = try Self.opened(path, mapByteCount: mapByteCount, readersMax: readersMax)
    do throws(StorageError) { handles = try openTables(create: create) } catch {
      close()
      throw error
    }
  }

  @unsafe private static func opened(
    _ path: String, mapByteCount: Int, readersMax: Int
  ) throws(StorageError) -> OpaquePointer {
    var created: OpaquePointer?
    var code = unsafe mdb_env_create(&created)
    guard code == 0, let environment = unsafe created else { throw LMDB.error(code, "open", path) }
    let flags = LMDB.noSubdirectory | LMDB.noThreadLocalStorage | LMDB.noMetaSync | LMDB.noReadAhead
    code = unsafe mdb_env_set_mapsize(environment, mapByteCount)
    if code == 0 { code = unsafe mdb_env_set_maxdbs(environment, UInt32(StoreTable.allCases.count)) }
    if code == 0 { code = unsafe mdb_env_set_maxreaders(environment, UInt32(readersMax)) }
    if code == 0 { code = unsafe mdb_env_open(environment, path, flags, 0o640) }
    guard code == 0 else {
      unsafe mdb_env_close(environment)
      throw LMDB.error(code, "open", path)
    }
    return unsafe environment
  }

  private func openTables(create: Bool) throws(StorageError) -> [MDB_dbi] {
    var handles: [MDB_dbi] = []
    let transaction = unsafe try begin(readOnly: !create)
    for table in StoreTable.allCases {
      var handle: MDB_dbi = 0
      let flags = (create ? LMDB.create : 0) | (table.hasNumberKeys ? LMDB.integerKey : 0)
      let code = unsafe mdb_dbi_open(transaction, table.name, flags, &handle)
      guard code == 0 else {
        unsafe mdb_txn_abort(transaction)
        throw .damaged(file: path, offset: nil, what: "its table \(table.name) is missing")
      }
      handles.append(handle)
    }
    let code = unsafe mdb_txn_commit(transaction)
    guard code == 0 else { throw LMDB.error(code, "open", path) }
    return handles
  }

  /// Ends the use of the file; no transaction may be open and none may follow.
  func close() {
    guard isOpen else { return }
    isOpen = false
    unsafe mdb_env_close(environment)
  }

  /// Closes the file and opens it anew; no transaction may be open.
  /// - Throws: and then the file is closed, and nothing but `close` may follow.
  func reopen() throws(StorageError) {
    close()
    unsafe environment = try Self.opened(path, mapByteCount: mapByteCount, readersMax: readersMax)
    isOpen = true
    do throws(StorageError) { handles = try openTables(create: false) } catch {
      close()
      throw error
    }
  }

  /// The handle of `table`.
  func handle(_ table: StoreTable) -> MDB_dbi { handles[Int(table.rawValue) - 1] }

  @unsafe func begin(readOnly: Bool) throws(StorageError) -> OpaquePointer {
    var transaction: OpaquePointer?
    let code = unsafe mdb_txn_begin(environment, nil, readOnly ? UInt32(MDB_RDONLY) : 0, &transaction)
    guard code == 0, let transaction = unsafe transaction else {
      throw LMDB.error(code, "begin of a transaction", path)
    }
    return unsafe transaction
  }

  /// Makes all commits durable, their meta page too.
  func sync() throws(StorageError) {
    let code = unsafe mdb_env_sync(environment, 1)
    guard code == 0 else { throw LMDB.error(code, "sync", path) }
  }

  /// Maps `byteCount` bytes from now on; no transaction may be open.
  /// - Throws: `io` when the address space does not suffice; the map is as before then.
  func resize(to byteCount: Int) throws(StorageError) {
    // LMDB gives its map up before it asks for the larger one, so the room is tried first.
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let trial = unsafe mmap(nil, byteCount, PROT_NONE, flags, -1, 0)
    guard let trial = unsafe trial, unsafe trial != MAP_FAILED else {
      throw .io(operation: "mmap of \(byteCount) bytes", file: path, offset: nil, errno: errno)
    }
    unsafe munmap(trial, byteCount)
    let code = unsafe mdb_env_set_mapsize(environment, byteCount)
    guard code == 0 else {
      throw .poisoned(file: path, cause: LMDB.error(code, "resize of the map", path).description)
    }
    mapByteCount = byteCount
  }

  /// Writes a copy without free pages to `destination`, which must not exist.
  func copyCompacted(to destination: String) throws(StorageError) {
    let code = unsafe mdb_env_copy2(environment, destination, UInt32(MDB_CP_COMPACT))
    guard code == 0 else { throw LMDB.error(code, "compaction to \(destination)", path) }
  }

  /// Bytes of the file that are in use or free for reuse.
  func usedByteCount() -> Int {
    var information = unsafe MDB_envinfo()
    var statistics = MDB_stat()
    unsafe mdb_env_info(environment, &information)
    unsafe mdb_env_stat(environment, &statistics)
    return unsafe (information.me_last_pgno + 1) * Int(statistics.ms_psize)
  }
}
