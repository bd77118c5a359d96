import Logging
import VectorModel
import VectorStorage

extension SnapshotService {
  /// Attempts while named vectors come and go.
  private static let attemptsMax = 5

  /// Makes a snapshot and drops those that are too many or too old.
  func create(
    _ scope: SnapshotScope, _ options: SnapshotOptions
  ) throws(RequestError) -> SnapshotDescription {
    try library.refresh()
    let entry: SnapshotLibrary.Entry
    switch scope {
    case .collection(let name): entry = try createOfCollection(name, options)
    case .storage:
      guard options.base == nil else {
        throw .badRequest("a snapshot of the whole storage has no base; make incremental ones of collections")
      }
      entry = try createOfStorage(options)
    }
    try library.add(entry)
    environment.logger.info(
      "snapshot made",
      metadata: ["name": "\(entry.description.name)", "bytes": "\(entry.description.byteCount)"])
    dropOld(entry.collectionName, made: entry.description.name)
    return entry.description
  }

  /// Makes a snapshot whose file goes with the answer.
  func stream(_ scope: SnapshotScope) throws(RequestError) -> SnapshotSource {
    guard case .collection(let name) = scope else {
      throw .badRequest("only a collection's snapshot is streamed")
    }
    let fileName = try createOfCollection(name, SnapshotOptions(), suffix: ".tmp").description.name
    defer { try? environment.fileSystem.unlink(library.path(of: fileName)) }
    return try SnapshotSource(library, named: fileName)
  }

  private func createOfCollection(
    _ alias: String, _ options: SnapshotOptions, suffix: String = SnapshotLibrary.suffix
  ) throws(RequestError) -> SnapshotLibrary.Entry {
    let state = catalogue.current
    let id = try state.collection(named: alias)
    let name = state.name(of: id) ?? alias
    let base = try options.base.map { baseName throws(RequestError) in try self.base(baseName, of: id) }
    let prefix = "collection-\(DataDirectory.directoryName(of: id).prefix(8))"
    return try withPinned(id) { (collection, pin) throws(RequestError) in
      for _ in 0..<Self.attemptsMax {
        let hash = HashBox()
        let fileName = newFileName(prefix, suffix)
        let summary = try writeFile(fileName, hash) { (file) throws(RequestError) in
          try part(collection, pin, name, options.description, base).write(to: file)
        }
        guard let summary else { continue }
        let description = SnapshotDescription(
          name: fileName, creationMilliseconds: currentMilliseconds(), byteCount: hash.value.byteCount,
          checksum: hash.value.digits, description: options.description, base: options.base,
          sequence: summary.sequence, earliestSequence: summary.settledSequence)
        return SnapshotLibrary.Entry(description: description, collectionName: name, collection: id)
      }
      throw Self.unsteady(name)
    }
  }

  /// - Throws: `badRequest` where the base is not of this collection's present life.
  private func base(_ name: String, of id: UUID128) throws(RequestError) -> CollectionSnapshot.Predecessor {
    let entry = try library.entry(named: name)
    guard entry.collection == id else {
      throw .badRequest("snapshot \(name) is of another collection, or of this one before it was restored")
    }
    let origin = SnapshotOrigin.Predecessor(name: name, sequence: entry.description.sequence)
    return CollectionSnapshot.Predecessor(origin: origin, paths: try library.chain(name))
  }

  private func part(
    _ collection: Collection, _ pin: LogPin, _ name: String, _ description: String,
    _ base: CollectionSnapshot.Predecessor?
  ) -> CollectionSnapshot {
    CollectionSnapshot(
      collection: collection, name: name, description: description, base: base, pin: pin,
      fileSystem: environment.fileSystem, scratches: scratches, cancellation: cancellation)
  }

  private func createOfStorage(_ options: SnapshotOptions) throws(RequestError) -> SnapshotLibrary.Entry {
    for _ in 0..<Self.attemptsMax {
      let hash = HashBox()
      let fileName = newFileName("storage")
      let isWhole = try writeFile(fileName, hash) { (file) throws(RequestError) -> Bool? in
        try writeStorage(to: file, options.description) ? true : nil
      }
      guard isWhole != nil else { continue }
      let description = SnapshotDescription(
        name: fileName, creationMilliseconds: currentMilliseconds(), byteCount: hash.value.byteCount,
        checksum: hash.value.digits, description: options.description, base: nil, sequence: 0,
        earliestSequence: 0)
      return SnapshotLibrary.Entry(
        description: description, collectionName: nil, collection: UUID128(high: 0, low: 0))
    }
    throw Self.unsteady("storage")
  }

  /// - Returns: false when a collection's vectors changed meanwhile.
  private func writeStorage(
    to file: SnapshotFileWriter, _ description: String
  ) throws(RequestError) -> Bool {
    let state = catalogue.current
    let ids = Dictionary(uniqueKeysWithValues: state.collections.map { ($0.value, $0.key) })
    for (name, id) in state.collections.sorted(by: { $0.key < $1.key }) {
      do throws(RequestError) {
        let summary = try withPinned(id) { (collection, pin) throws(RequestError) in
          try part(collection, pin, name, description, nil).write(to: file)
        }
        guard summary != nil else { return false }
      } catch {
        // One that was deleted before its turn is not in the snapshot.
        guard catalogue.current.collections[name] != id else { throw error }
        return false
      }
    }
    var writer = ByteWriter()
    let aliases = state.aliases.compactMapValues { ids[$0] }.sorted { $0.key < $1.key }
    writer.count(aliases.count)
    for (alias, name) in aliases {
      writer.text(alias)
      writer.text(name)
    }
    try StorageError.mapped { () throws(StorageError) in try file.item(.aliases, writer.bytes.span) }
    return true
  }

  /// Writes a file whose contents `body` gives; no file is left where it fails or gives nil.
  private func writeFile<T>(
    _ name: String, _ hash: HashBox, _ body: (SnapshotFileWriter) throws(RequestError) -> T?
  ) throws(RequestError) -> T? {
    let file = try StorageError.mapped { () throws(StorageError) in
      try SnapshotFileWriter(environment.fileSystem, path: library.path(of: name)) { hash.value.update($0) }
    }
    guard let result = try body(file) else { return nil }
    try StorageError.mapped { () throws(StorageError) in try file.finish() }
    return result
  }

  private static func unsteady(_ name: String) -> RequestError {
    RequestError(
      .unavailable, "Service unavailable: the named vectors of \(name) changed during \(attemptsMax) attempts"
    )
  }

  /// Applies the limits on count and age. What is kept keeps its bases; the newest always stays, and so does the one
  /// that was made just now, whatever the clock says.
  private func dropOld(_ collectionName: String?, made: String) {
    let configuration = environment.configuration
    let listed = library.list(collectionName).map(\.description)
    let kept = Self.kept(
      listed, made: made, countMax: configuration.snapshotsCountMax,
      ageMillisecondsMax: UInt64(configuration.snapshotsAgeHoursMax) * 3_600_000, now: currentMilliseconds())
    var rest = listed.filter { !kept.contains($0.name) }.map(\.name)
    // What adds to another goes before it.
    while let next = rest.lastIndex(where: { library.dependents(of: $0).isEmpty }) {
      let name = rest.remove(at: next)
      do throws(RequestError) { try library.remove(name) } catch {
        environment.logger.error("old snapshot not removed", metadata: ["error": "\(error.message)"])
      }
    }
  }

  /// The names of the snapshots that the limits leave, and of all that these add to.
  /// - Parameters:
  ///   - listed: oldest first.
  ///   - made: the name of the one that stays in any case.
  ///   - countMax: 0 is no limit.
  ///   - ageMillisecondsMax: 0 is no limit.
  static func kept(
    _ listed: [SnapshotDescription], made: String? = nil, countMax: Int, ageMillisecondsMax: UInt64,
    now: UInt64
  ) -> Set<String> {
    let wanted = listed.enumerated().filter { index, snapshot in
      let isTooMany = countMax > 0 && listed.count - index > countMax
      let isTooOld = ageMillisecondsMax > 0 && snapshot.creationMilliseconds + ageMillisecondsMax < now
      return index + 1 == listed.count || snapshot.name == made || !isTooMany && !isTooOld
    }
    let bases = Dictionary(uniqueKeysWithValues: listed.map { ($0.name, $0.base) })
    var kept: Set<String> = []
    for (_, snapshot) in wanted {
      var next: String? = snapshot.name
      while let name = next, kept.insert(name).inserted { next = bases[name] ?? nil }
    }
    return kept
  }
}

/// A hash that a closure and its maker share on one thread.
private final class HashBox {
  var value = FileHash()
}
