import CLMDB

/// A place in one table of a transaction; closes itself and must not outlive the transaction.
@safe struct StoreCursor: ~Copyable {
  private let cursor: OpaquePointer
  private let table: String
  private let file: String
  private var key = unsafe MDB_val()
  private var value = unsafe MDB_val()
  /// Whether the last move found an entry.
  private(set) var isThere = false

  @unsafe init(
    _ transaction: OpaquePointer, handle: MDB_dbi, name: String, _ environment: StoreEnvironment
  ) throws(StorageError) {
    var opened: OpaquePointer?
    let code = unsafe mdb_cursor_open(transaction, handle, &opened)
    guard code == 0, let cursor = unsafe opened else {
      throw LMDB.error(code, "open of a cursor", environment.path)
    }
    unsafe self.cursor = cursor
    table = name
    file = environment.path
  }

  deinit { unsafe mdb_cursor_close(cursor) }

  /// Goes to the first entry; false when the table is empty.
  mutating func first() throws(StorageError) -> Bool { try move(MDB_FIRST) }

  /// Goes to the last entry; false when the table is empty.
  mutating func last() throws(StorageError) -> Bool { try move(MDB_LAST) }

  /// Goes to the next entry; false after the last.
  mutating func next() throws(StorageError) -> Bool { try move(MDB_NEXT) }

  /// Goes to the first entry whose number is at least `number`; false when there is none.
  mutating func seek(number: UInt64) throws(StorageError) -> Bool {
    var number = number
    let code = unsafe withUnsafeMutableBytes(of: &number) { bytes in
      unsafe key = MDB_val(mv_size: 8, mv_data: bytes.baseAddress)
      return unsafe mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE)
    }
    return try moved(code)
  }

  /// Goes to the first entry whose number is at least `number`, which is most often the next one.
  mutating func advance(to number: UInt64) throws(StorageError) {
    if try next(), try self.number() == number { return }
    _ = try seek(number: number)
  }

  /// Goes to the first entry whose key of bytes is at least `bytes`; false when there is none.
  mutating func seek(key bytes: [UInt8]) throws(StorageError) -> Bool {
    var bytes = bytes
    let code = unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe key = MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
      return unsafe mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE)
    }
    return try moved(code)
  }

  /// Lends the current entry's key and value; there must be one.
  func withEntry<T>(
    _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(StorageError) -> T
  ) throws(StorageError) -> T {
    try unsafe body(key.buffer.span, value.buffer.span)
  }

  /// Bytes of the current entry's value; there must be an entry.
  var valueByteCount: Int { unsafe value.mv_size }

  /// The current entry's number; there must be an entry.
  func number() throws(StorageError) -> UInt64 {
    try withEntry { (key, _) throws(StorageError) in
      guard key.count == 8 else {
        throw .damaged(file: file, offset: nil, what: "table \(table) has a key of \(key.count) bytes")
      }
      return key.loadNative(at: 0)
    }
  }

  /// Puts `value` under `number`; `appending` says that the number is above all in the table.
  /// - Returns: LMDB's code.
  mutating func put(number: UInt64, value: Span<UInt8>, appending: Bool) -> Int32 {
    var number = number
    return unsafe withUnsafeMutableBytes(of: &number) { key in
      unsafe value.withUnsafeBytes { value in
        var key = unsafe MDB_val(UnsafeRawBufferPointer(key))
        var value = unsafe MDB_val(value)
        return unsafe mdb_cursor_put(cursor, &key, &value, appending ? LMDB.append : 0)
      }
    }
  }

  private mutating func move(_ operation: MDB_cursor_op) throws(StorageError) -> Bool {
    try moved(unsafe mdb_cursor_get(cursor, &key, &value, operation))
  }

  private mutating func moved(_ code: Int32) throws(StorageError) -> Bool {
    isThere = code == 0
    guard code == 0 || code == MDB_NOTFOUND else { throw LMDB.error(code, "read of table \(table)", file) }
    return isThere
  }
}

extension MDB_val {
  /// The bytes, valid until the transaction ends or writes.
  @unsafe var buffer: UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(start: mv_data?.assumingMemoryBound(to: UInt8.self), count: mv_size)
  }
}
