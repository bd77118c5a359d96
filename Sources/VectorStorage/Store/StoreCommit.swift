import CLMDB
import CScheduling

/// Applies a batch in one write transaction.
@safe struct StoreCommit: ~Copyable {
  /// How an attempt ended.
  enum Outcome {
    case done
    /// The map has to grow, then the whole batch is tried again.
    case mapFull
  }

  private let environment: StoreEnvironment
  private let transaction: OpaquePointer

  /// Applies all of `batch` or nothing.
  static func apply(_ batch: borrowing StoreBatch, to environment: StoreEnvironment) throws(StorageError)
    -> Outcome
  {
    let commit = unsafe StoreCommit(
      environment: environment, transaction: try environment.begin(readOnly: false))
    var code: Int32
    do throws(StorageError) {
      code = try commit.applyChanges(batch)
    } catch {
      unsafe mdb_txn_abort(commit.transaction)
      throw error
    }
    if code == 0 {
      code = unsafe mdb_txn_commit(commit.transaction)
    } else {
      unsafe mdb_txn_abort(commit.transaction)
    }
    switch code {
    case 0: return .done
    case MDB_MAP_FULL: return .mapFull
    default: throw LMDB.error(code, "commit", environment.path)
    }
  }

  /// Returns LMDB's first code that is not 0. The cursors are closed on return, before the transaction ends.
  private func applyChanges(_ batch: borrowing StoreBatch) throws(StorageError) -> Int32 {
    var points = AscendingTable(try cursor(.points))
    var vectors = AscendingTable(try cursor(.vectors))
    try points.goToLast()
    try vectors.goToLast()
    let span = batch.bytes.span
    for change in batch.changes {
      let code: Int32 =
        switch change {
        case .bind(let key, let value): put(.ids, key: span.extracting(key), value: span.extracting(value))
        case .meta(let name, let value): put(.meta, key: span.extracting(name), value: span.extracting(value))
        case .put(.points, let number, let value): points.put(number, span.extracting(value))
        case .put(_, let number, let value): vectors.put(number, span.extracting(value))
        case .remove(let number, let key): remove(number, key: span.extracting(key))
        }
      if code != 0 { return code }
      scheduling_give_way()
    }
    return 0
  }

  private func cursor(_ table: StoreTable) throws(StorageError) -> StoreCursor {
    unsafe try StoreCursor(transaction, handle: environment.handle(table), name: table.name, environment)
  }

  private func put(_ table: StoreTable, key: Span<UInt8>, value: Span<UInt8>) -> Int32 {
    unsafe key.withUnsafeBytes { key in
      unsafe value.withUnsafeBytes { value in
        var key = unsafe MDB_val(key)
        var value = unsafe MDB_val(value)
        return unsafe mdb_put(transaction, environment.handle(table), &key, &value, 0)
      }
    }
  }

  private func remove(_ number: UInt64, key: Span<UInt8>) -> Int32 {
    let code = unsafe key.withUnsafeBytes { bytes in
      var key = unsafe MDB_val(bytes)
      var value = unsafe MDB_val()
      let code = unsafe mdb_get(transaction, environment.handle(.ids), &key, &value)
      guard code == 0 else { return code }
      guard unsafe StoreValue.number(unverified: value.buffer.span) == number else { return 0 }
      return unsafe mdb_del(transaction, environment.handle(.ids), &key, nil)
    }
    guard code == 0 || code == MDB_NOTFOUND else { return code }
    for table in [StoreTable.points, .vectors] {
      let code = unsafe withUnsafeBytes(of: number) { bytes in
        var key = unsafe MDB_val(bytes)
        return unsafe mdb_del(transaction, environment.handle(table), &key, nil)
      }
      guard code == 0 || code == MDB_NOTFOUND else { return code }
    }
    return 0
  }
}

/// Puts values under numbers and appends those that are above all others, which fills pages completely.
private struct AscendingTable: ~Copyable {
  private var cursor: StoreCursor
  private var last: UInt64?

  init(_ cursor: consuming StoreCursor) { self.cursor = cursor }

  mutating func goToLast() throws(StorageError) {
    last = try cursor.last() ? cursor.number() : nil
  }

  mutating func put(_ number: UInt64, _ value: Span<UInt8>) -> Int32 {
    let isAppending = last.map { $0 < number } ?? true
    let code = cursor.put(number: number, value: value, appending: isAppending)
    if code == 0, isAppending { last = number }
    return code
  }
}

extension MDB_val {
  /// Borrows `bytes`, which LMDB only reads.
  @unsafe init(_ bytes: UnsafeRawBufferPointer) {
    unsafe self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
  }
}
