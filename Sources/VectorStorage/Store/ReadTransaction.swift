import CLMDB

/// An LMDB read transaction that is used again and again, by one thread at a time.
@safe struct ReadTransaction: @unchecked Sendable {
  private let transaction: OpaquePointer
  private let path: String

  init(_ environment: StoreEnvironment) throws(StorageError) {
    unsafe transaction = try environment.begin(readOnly: true)
    path = environment.path
  }

  /// Moves on to the latest state, after `reset`; when that fails the transaction is freed.
  func renew() throws(StorageError) {
    let code = unsafe mdb_txn_renew(transaction)
    guard code == 0 else {
      end()
      throw LMDB.error(code, "begin of a transaction", path)
    }
  }

  /// Lets go of the state that the transaction sees.
  func reset() { unsafe mdb_txn_reset(transaction) }

  /// Frees the transaction.
  func end() { unsafe mdb_txn_abort(transaction) }

  /// Runs `body` on what the transaction sees.
  func read<T>(
    _ environment: StoreEnvironment, _ body: (borrowing StoreReader) throws(StorageError) -> T
  ) throws(StorageError) -> T {
    let reader = unsafe StoreReader(environment, transaction)
    return try body(reader)
  }
}
