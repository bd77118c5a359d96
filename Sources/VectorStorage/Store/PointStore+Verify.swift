import VectorModel

extension PointStore {
  /// Reads everything, compares checksums, and compares `ids`, `points` and `vectors` with one another.
  ///
  /// Works while others read and write: each step sees one state and lasts for `stepCount` values only.
  /// - Parameter proceed: called between steps; false ends the reading early.
  /// - Throws: only what keeps the store from being read at all; defects are in the report.
  package func verify(
    stepCount: Int = 1000, proceed: () -> Bool = { true }
  ) throws(StorageError) -> StoreReport {
    var report = StoreReport()
    var nextNumber: UInt64? = 0
    while let number = nextNumber, proceed() {
      nextNumber = try read { (reader) throws(StorageError) in
        try reader.verifyPoints(from: number, countMax: stepCount, &report)
      }
    }
    nextNumber = 0
    while let number = nextNumber, proceed() {
      nextNumber = try read { (reader) throws(StorageError) in
        try reader.verifyVectors(from: number, countMax: stepCount, &report)
      }
    }
    var nextKey: [UInt8]? = []
    while let key = nextKey, proceed() {
      nextKey = try read { (reader) throws(StorageError) in
        try reader.verifyIDs(from: key, countMax: stepCount, &report)
      }
    }
    try read { (reader) throws(StorageError) in try reader.verifyMeta(&report) }
    return report
  }
}

extension StoreReader {
  /// Checks points, their ids and their vectors, and returns the number to go on from.
  fileprivate func verifyPoints(
    from number: UInt64, countMax: Int, _ report: inout StoreReport
  ) throws(StorageError) -> UInt64? {
    var points = try cursor(.points)
    var isThere = try points.seek(number: number)
    for _ in 0..<countMax {
      guard isThere else { return nil }
      let number = try points.number()
      do throws(StorageError) {
        report.byteCount += try verifyPoint(number)
        report.pointCount += 1
      } catch {
        report.add(error)
      }
      isThere = try points.next()
    }
    return isThere ? try points.number() : nil
  }

  private func verifyPoint(_ number: UInt64) throws(StorageError) -> UInt64 {
    let point = try withPoint(number) { (_, id, payload) throws(StorageError) in
      (id: id, byteCount: UInt64(payload.count))
    }
    guard let point else {
      throw StoreTable.points.damage(path, key: String(number), "it is listed and cannot be found")
    }
    let vectors = try withVectors(number) { (vectors) throws(StorageError) in UInt64(vectors.count) }
    guard let vectors else {
      throw StoreTable.vectors.damage(
        path, key: String(number), "the vectors of the point \(point.id) are missing")
    }
    let bound = try self.number(for: point.id)
    guard bound == number else {
      let found = bound.map(String.init) ?? "nothing"
      throw StoreTable.ids.damage(path, key: "\(point.id)", "it stands for \(found), expected \(number)")
    }
    return point.byteCount + vectors
  }

  /// Checks vectors that no point has.
  fileprivate func verifyVectors(
    from number: UInt64, countMax: Int, _ report: inout StoreReport
  ) throws(StorageError) -> UInt64? {
    var points = try cursor(.points)
    var vectors = try cursor(.vectors)
    var isThere = try vectors.seek(number: number)
    if isThere { _ = try points.seek(number: vectors.number()) }
    for _ in 0..<countMax {
      guard isThere else { return nil }
      let number = try vectors.number()
      let hasPoint = try points.isThere ? points.number() == number : false
      if !hasPoint {
        report.add(StoreTable.vectors.damage(path, key: String(number), "there is no point of this number"))
      }
      isThere = try vectors.next()
      if isThere { try points.advance(to: vectors.number()) }
    }
    return isThere ? try vectors.number() : nil
  }

  /// Checks that ids stand for their points, and returns the key to go on from.
  fileprivate func verifyIDs(
    from key: [UInt8], countMax: Int, _ report: inout StoreReport
  ) throws(StorageError) -> [UInt8]? {
    var ids = try cursor(.ids)
    var isThere = if key.isEmpty { try ids.first() } else { try ids.seek(key: key) }
    for _ in 0..<countMax {
      guard isThere else { return nil }
      do throws(StorageError) {
        try ids.withEntry { (key, value) throws(StorageError) in try verifyID(key, value) }
      } catch {
        report.add(error)
      }
      isThere = try ids.next()
    }
    return isThere ? try ids.withEntry { (key, _) throws(StorageError) in Array(copying: key) } : nil
  }

  private func verifyID(_ key: Span<UInt8>, _ value: Span<UInt8>) throws(StorageError) {
    guard let (id, length) = PointID.fromKey(key), length == key.count else {
      throw StoreTable.ids.damage(path, key: "\(Array(copying: key))", "it is not an id")
    }
    let number = try StoreValue.number(value, key: key, file: path)
    let owner = try withPoint(number) { (_, owner, _) throws(StorageError) in owner }
    guard owner == id else {
      throw StoreTable.ids.damage(
        path, key: "\(id)", "it stands for \(number), whose id is \(owner?.description ?? "missing")")
    }
  }

  fileprivate func verifyMeta(_ report: inout StoreReport) throws(StorageError) {
    var entries = try cursor(.meta)
    var isThere = try entries.first()
    while isThere {
      do throws(StorageError) {
        try entries.withEntry { (key, value) throws(StorageError) in
          try StoreValue.contents(value, .meta, key: key, file: path) { (_) throws(StorageError) in }
        }
      } catch {
        report.add(error)
      }
      isThere = try entries.next()
    }
  }
}
