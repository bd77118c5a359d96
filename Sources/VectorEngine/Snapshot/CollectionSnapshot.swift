import VectorModel
import VectorStorage

/// Writes one collection into a snapshot while writes go on.
///
/// The points are read in ranges of their numbers, each in a short transaction, so they are of different
/// moments; then come all operations since the first of these moments. A point that is put anew gets a number
/// above all others, so a range read later has it, or the operations do; and each point's version says which of
/// the operations it has in it.
struct CollectionSnapshot {
  /// What an incremental snapshot adds to: the base, then what that adds to in turn.
  struct Predecessor {
    let origin: SnapshotOrigin.Predecessor
    let paths: [String]
  }

  private static let pointsPerReadMax = 2048
  private static let bytesPerReadMax = 4 << 20

  let collection: Collection
  let name: String
  let description: String
  let base: Predecessor?
  let pin: LogPin
  let fileSystem: any FileSystem
  let scratches: ScratchPool
  let cancellation: Cancellation

  /// - Returns: nil when named vectors were added or dropped meanwhile; then the file is to be begun anew.
  func write(to file: SnapshotFileWriter) throws(RequestError) -> SnapshotSummary? {
    let meta = try StorageError.mapped { () throws(StorageError) in try StoredMeta(pin.store) }
    let origin = SnapshotOrigin(
      collection: collection.id, epoch: pin.epoch, name: name, description: description,
      createdMilliseconds: currentMilliseconds(), startSequence: meta.sequence, base: base?.origin,
      configuration: meta.configuration, producers: meta.producers)
    try item(.collection, origin.encoded, file)
    var summary = SnapshotSummary()
    summary.settledSequence = try writePoints(to: file, meta.sequence)
    let view = collection.view
    if let base {
      let removed = try removedIDs(base, view)
      var writer = ByteWriter()
      writer.ascendingIDs(removed)
      try item(.removals, writer.bytes, file)
    }
    let configuration = try CollectionConfiguration(document: meta.configuration)
    let isWhole = try writeOperations(to: file, after: meta.sequence, through: view.state.sequence) {
      (sequence, body) throws(RequestError) in
      guard sequence <= summary.settledSequence, Record.isConfiguration(body) else { return true }
      guard case .configure(let new) = try Record(decoding: body).effect else { return true }
      return new.vectors == configuration.vectors
    }
    guard isWhole else { return nil }
    summary.sequence = view.state.sequence
    summary.pointCount = UInt64(view.state.points.aliveCount)
    summary.digest = view.state.digest
    summary.canaries = try scratches.lend { (scratch) throws(RequestError) in
      try Canary.some(of: view, scratch)
    }
    try item(.summary, summary.encoded, file)
    return summary
  }

  /// Writes the points, and returns the store's last operation when the last range was read.
  private func writePoints(
    to file: SnapshotFileWriter, _ start: UInt64
  ) throws(RequestError) -> UInt64 {
    var settled = start
    var next: UInt64? = 0
    while let number = next {
      try checkCancelled()
      var points: [SnapshotPoint] = []
      let version = base?.origin.sequence ?? 0
      next = try StorageError.mapped { () throws(StorageError) in
        try pin.store.read { (reader) throws(StorageError) in
          settled = try StoredMeta.sequence(reader)
          return try reader.forEachPoint(
            from: number, countMax: Self.pointsPerReadMax, byteCountMax: Self.bytesPerReadMax
          ) { _, pointVersion, id, payload, vectors in
            guard pointVersion > version else { return }
            points.append(
              SnapshotPoint(
                id: id, version: pointVersion, payload: Array(copying: payload),
                vectors: Array(copying: vectors)))
          }
        }
      }
      for point in points { try item(.points, point.encoded, file) }
    }
    return settled
  }

  /// Writes the log's operations of a range.
  /// - Parameter check: sees each operation; false ends the writing.
  /// - Returns: whether all were written.
  private func writeOperations(
    to file: SnapshotFileWriter, after first: UInt64, through last: UInt64,
    check: (UInt64, [UInt8]) throws(RequestError) -> Bool
  ) throws(RequestError) -> Bool {
    guard first < last else { return true }
    let reader = try StorageError.mapped { () throws(StorageError) in try pin.log.records(after: first) }
    while let record = try StorageError.mapped({ () throws(StorageError) in try reader.next() }) {
      try checkCancelled()
      guard try check(record.sequence, record.body) else { return false }
      try item(.operations, record.snapshotItem, file)
      if record.sequence == last { return true }
    }
    throw .internalError("the log of \(name) ends before operation \(last)")
  }

  /// The ids that the base may have and `view` does not, ascending.
  private func removedIDs(_ base: Predecessor, _ view: View) throws(RequestError) -> [PointID] {
    var removed: Set<PointID> = []
    for path in base.paths {
      let reader = try StorageError.mapped { () throws(StorageError) in
        try SnapshotFileReader(fileSystem, path: path)
      }
      while let item = try reader.nextItem() {
        let ids = try reader.decoding("an item of the base") { () throws(RequestError) -> [PointID] in
          switch item.section {
          case .points: return [try SnapshotPoint(decoding: item.bytes).id]
          case .operations:
            let record = try Record(decoding: LogRecord(snapshotItem: item.bytes).body)
            if case .putPoints(let points) = record.effect { return points.map(\.id) }
            return []
          case .collection, .removals, .summary, .aliases, .end: return []
          }
        }
        for id in ids where view.state.points.slot(of: id) == nil { removed.insert(id) }
      }
      try checkCancelled()
    }
    return removed.sorted()
  }

  private func item(
    _ section: SnapshotSection, _ bytes: [UInt8], _ file: SnapshotFileWriter
  ) throws(RequestError) {
    try StorageError.mapped { () throws(StorageError) in try file.item(section, bytes.span) }
  }

  private func checkCancelled() throws(RequestError) {
    if cancellation.isCancelled {
      throw RequestError(.unavailable, "Service unavailable: the server is stopping")
    }
  }
}
