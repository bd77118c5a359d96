package import VectorModel

import CLMDB

/// A consistent state of a store, for the length of one fetch.
///
/// What is returned is copied or lent for the length of a call. Every value's checksum is verified; a value
/// that is not there is nil, and whether that is damage the caller knows.
@safe package struct StoreReader: ~Copyable {
  private let environment: StoreEnvironment
  private let transaction: OpaquePointer

  @unsafe init(_ environment: StoreEnvironment, _ transaction: OpaquePointer) {
    self.environment = environment
    unsafe self.transaction = transaction
  }

  /// The store's file, for errors.
  package var path: String { environment.path }

  /// The number that an id stands for.
  /// - Complexity: O(log n), about a microsecond.
  package func number(for id: PointID) throws(StorageError) -> UInt64? {
    let key = id.key
    return try value(.ids, key: key) { (value) throws(StorageError) in
      try StoreValue.number(value, key: key.span, file: environment.path)
    }
  }

  /// The version, id and payload under a number.
  package func point(_ number: UInt64) throws(StorageError) -> StoredPoint? {
    try withPoint(number) { (version, id, payload) throws(StorageError) in
      StoredPoint(number: number, version: version, id: id, payload: Array(copying: payload))
    }
  }

  /// Lends the version, id and payload under a number; nil when there is none.
  package func withPoint<T>(
    _ number: UInt64,
    _ body: (_ version: UInt64, _ id: PointID, _ payload: Span<UInt8>) throws(StorageError) -> T
  ) throws(StorageError) -> T? {
    try value(.points, number: number) { (value) throws(StorageError) in
      try StoreValue.point(value, number: number, file: environment.path, body)
    }
  }

  /// The encoded vectors under a number.
  package func vectors(_ number: UInt64) throws(StorageError) -> [UInt8]? {
    try withVectors(number) { (vectors) throws(StorageError) in Array(copying: vectors) }
  }

  /// Lends the encoded vectors under a number; nil when there are none.
  package func withVectors<T>(
    _ number: UInt64, _ body: (Span<UInt8>) throws(StorageError) -> T
  ) throws(StorageError) -> T? {
    try value(.vectors, number: number) { (value) throws(StorageError) in
      try StoreValue.contents(value, .vectors, number: number, file: environment.path, body)
    }
  }

  /// A named value, as `StoreBatch.setMeta` has set it.
  package func meta(_ name: String) throws(StorageError) -> [UInt8]? {
    let key = Array(name.utf8)
    return try value(.meta, key: key) { (value) throws(StorageError) in
      try StoreValue.contents(value, .meta, key: key.span, file: environment.path) {
        (contents) throws(StorageError) in Array(copying: contents)
      }
    }
  }

  /// How many points the store holds.
  package func pointCount() throws(StorageError) -> UInt64 { try entryCount(.points) }

  func entryCount(_ table: StoreTable) throws(StorageError) -> UInt64 {
    var statistics = MDB_stat()
    let code = unsafe mdb_stat(transaction, environment.handle(table), &statistics)
    guard code == 0 else { throw LMDB.error(code, "count", environment.path) }
    return UInt64(statistics.ms_entries)
  }

  /// Lends points in the order of their numbers, from `number` on, with their vectors.
  ///
  /// A snapshot or an export calls this again and again, each time in a new transaction, so that none is long.
  /// - Parameters:
  ///   - countMax: the most points that are lent.
  ///   - byteCountMax: no further point is lent after this many bytes of payloads and vectors.
  /// - Returns: the number to go on from, or nil when all were lent.
  package func forEachPoint(
    from number: UInt64, countMax: Int, byteCountMax: Int = .max,
    _ body: (
      _ number: UInt64, _ version: UInt64, _ id: PointID, _ payload: Span<UInt8>, _ vectors: Span<UInt8>
    ) throws(StorageError) -> Void
  ) throws(StorageError) -> UInt64? {
    var points = try cursor(.points)
    var vectors = try cursor(.vectors)
    var isThere = try points.seek(number: number)
    if isThere { _ = try vectors.seek(number: points.number()) }
    var count = 0
    var byteCount = 0
    while isThere {
      let number = try points.number()
      if count >= countMax || byteCount >= byteCountMax { return number }
      byteCount += try lend(number, points, vectors, body)
      count += 1
      isThere = try points.next()
      if isThere { try vectors.advance(to: points.number()) }
    }
    return nil
  }

  /// Lends the point under both cursors and returns its bytes.
  private func lend(
    _ number: UInt64, _ points: borrowing StoreCursor, _ vectors: borrowing StoreCursor,
    _ body: (UInt64, UInt64, PointID, Span<UInt8>, Span<UInt8>) throws(StorageError) -> Void
  ) throws(StorageError) -> Int {
    guard vectors.isThere, try vectors.number() == number else {
      throw StoreTable.vectors.damage(path, key: String(number), "the vectors of this point are missing")
    }
    return try points.withEntry { (_, point) throws(StorageError) -> Int in
      try vectors.withEntry { (_, encoded) throws(StorageError) in
        try StoreValue.point(point, number: number, file: path) {
          (version, id, payload) throws(StorageError) in
          try StoreValue.contents(encoded, .vectors, number: number, file: path) {
            (contents) throws(StorageError) in
            try body(number, version, id, payload, contents)
          }
        }
      }
      return point.count + vectors.valueByteCount
    }
  }

  /// At most `countMax` ids in ascending order with their numbers, from `id` on; from the first when nil.
  package func ids(
    from id: PointID? = nil, countMax: Int
  ) throws(StorageError) -> [(id: PointID, number: UInt64)] {
    var result: [(id: PointID, number: UInt64)] = []
    var ids = try cursor(.ids)
    var isThere = if let id { try ids.seek(key: id.key) } else { try ids.first() }
    while isThere, result.count < countMax {
      let entry = try ids.withEntry { (key, value) throws(StorageError) -> (id: PointID, number: UInt64) in
        let number = try StoreValue.number(value, key: key, file: path)
        guard let (id, length) = PointID.fromKey(key), length == key.count else {
          throw StoreTable.ids.damage(path, key: "\(Array(copying: key))", "it is not an id")
        }
        return (id, number)
      }
      result.append(entry)
      isThere = try ids.next()
    }
    return result
  }

  /// How many pages from `first` on are free; LMDB keeps lists of them in its table 0.
  func freePageCount(from first: UInt64) throws(StorageError) -> UInt64 {
    var lists = unsafe try StoreCursor(transaction, handle: 0, name: "of free pages", environment)
    var count: UInt64 = 0
    var isThere = try lists.first()
    while isThere {
      // A list is a count followed by that many page numbers.
      count += try lists.withEntry { (_, list) throws(StorageError) in
        guard list.count >= 8, list.loadNative(at: 0) < list.count / 8 else {
          throw .damaged(file: path, offset: nil, what: "a list of free pages is not one")
        }
        let pages = 1...(max(1, Int(list.loadNative(at: 0))))
        return list.loadNative(at: 0) == 0 ? 0 : UInt64(pages.count { list.loadNative(at: 8 * $0) >= first })
      }
      isThere = try lists.next()
    }
    return count
  }

  /// Bytes of the pages that the trees of all tables have, with the two of LMDB's own and the two meta pages.
  func livePageBytes() throws(StorageError) -> UInt64 {
    var bytes: UInt64 = 0
    for handle in StoreTable.allCases.map({ environment.handle($0) }) + [0, 1] {
      var tree = MDB_stat()
      let code = unsafe mdb_stat(transaction, handle, &tree)
      guard code == 0 else { throw LMDB.error(code, "reading of a table's size", path) }
      let pageCount = tree.ms_branch_pages + tree.ms_leaf_pages + tree.ms_overflow_pages
      bytes += UInt64(pageCount) * UInt64(tree.ms_psize)
      if handle == 0 { bytes += 2 * UInt64(tree.ms_psize) }
    }
    return bytes
  }

  /// A cursor that must not outlive this reader.
  func cursor(_ table: StoreTable) throws(StorageError) -> StoreCursor {
    unsafe try StoreCursor(transaction, handle: environment.handle(table), name: table.name, environment)
  }

  private func value<T>(
    _ table: StoreTable, number: UInt64, _ body: (Span<UInt8>) throws(StorageError) -> T
  ) throws(StorageError) -> T? {
    var number = number
    var value = unsafe MDB_val()
    let code = unsafe withUnsafeMutableBytes(of: &number) { bytes in
      var key = unsafe MDB_val(mv_size: 8, mv_data: bytes.baseAddress)
      return unsafe mdb_get(transaction, environment.handle(table), &key, &value)
    }
    if code == MDB_NOTFOUND { return nil }
    guard code == 0 else { throw LMDB.error(code, "read of table \(table.name)", path) }
    return try unsafe body(value.buffer.span)
  }

  private func value<T>(
    _ table: StoreTable, key: [UInt8], _ body: (Span<UInt8>) throws(StorageError) -> T
  ) throws(StorageError) -> T? {
    var key = key
    var value = unsafe MDB_val()
    let code = unsafe key.withUnsafeMutableBytes { bytes in
      var key = unsafe MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
      return unsafe mdb_get(transaction, environment.handle(table), &key, &value)
    }
    if code == MDB_NOTFOUND { return nil }
    guard code == 0 else { throw LMDB.error(code, "read of table \(table.name)", path) }
    return try unsafe body(value.buffer.span)
  }
}
