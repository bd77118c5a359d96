package import VectorModel
import VectorStorage

/// Reads everything in a data directory that no server has open: catalogue, collections and snapshots.
///
/// Leaves all as it is, but for LMDB's lock files and the note of a crash, which it hands on.
package struct DataDirectoryCheck {
  package struct Report: Sendable {
    package var defects: [Defect] = []
    package var collectionCount = 0
    package var pointCount: UInt64 = 0
    package var byteCount: UInt64 = 0
    package var snapshotCount = 0
    /// The sound snapshots of collections, each with the last operation that the collection's log takes it to.
    package var restorable: [(collection: String, snapshot: SnapshotDescription)] = []
    /// Directories that the catalogue does not name; the next start removes them.
    package var unnamed: [String] = []
  }

  package private(set) var report = Report()
  private var logRanges: [UUID128: ClosedRange<UInt64>] = [:]
  /// Nil where it cannot be opened as one; then the report says why.
  private let directory: DataDirectory?
  private let configuration: EngineConfiguration
  private let progress: (_ what: String, _ done: Int, _ total: Int) -> Void

  /// - Parameter progress: called before each thing that is read.
  /// - Throws: when a server has the directory open, or there is none.
  package init(
    _ path: String, progress: @escaping (_ what: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws(RequestError) {
    try self.init(path, POSIXFileSystem(), progress: progress)
  }

  init(
    _ path: String, _ fileSystem: any FileSystem,
    progress: @escaping (_ what: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws(RequestError) {
    configuration = EngineConfiguration(dataDirectory: path)
    self.progress = progress
    do throws(StorageError) {
      guard try fileSystem.kind(of: path + "/FORMAT") == .file else {
        throw .missing(file: path + "/FORMAT", what: "there is no data directory")
      }
      directory = try DataDirectory(fileSystem, path: path)
    } catch {
      guard error.isDamage, (try? fileSystem.kind(of: path + "/collections")) == .directory else {
        throw error.requestError
      }
      directory = nil
      report.defects = [.format(error.description)]
    }
  }

  package mutating func run() throws(RequestError) -> Report {
    guard let directory else { return report }
    if let state = checkCatalogue(directory) {
      let present = try StorageError.mapped { () throws(StorageError) in try directory.collections() }
      report.unnamed = Set(present).subtracting(state.collections.values)
        .map { DataDirectory.directoryName(of: $0) }.sorted()
      let named = state.collections.sorted { $0.key < $1.key }
      for (index, (name, id)) in named.enumerated() {
        progress("collection \(name)", index, named.count)
        guard present.contains(id) else {
          report.defects.append(
            .lost(name, "the collection's directory \(directory.shard(of: id).path) is missing"))
          continue
        }
        var check = CollectionCheck(
          id: id, name: name, shard: directory.shard(of: id), configuration: configuration)
        check.run()
        report.defects += check.defects
        report.collectionCount += 1
        report.pointCount += check.pointCount
        report.byteCount += check.byteCount
        logRanges[id] = check.logRange
      }
    }
    try checkSnapshots(directory)
    try StorageError.mapped { () throws(StorageError) in try directory.close() }
    return report
  }

  private mutating func checkCatalogue(_ directory: DataDirectory) -> CatalogueState? {
    progress("catalogue", 0, 1)
    do throws(RequestError) { return try Catalogue.state(in: directory) } catch {
      report.defects.append(.catalogue(error.reason))
      return nil
    }
  }

  private mutating func checkSnapshots(_ directory: DataDirectory) throws(RequestError) {
    let fileSystem = directory.fileSystem
    let names = try StorageError.mapped { () throws(StorageError) in
      try fileSystem.list(directory.snapshotsPath).filter { $0.hasSuffix(SnapshotLibrary.suffix) }.sorted()
    }
    var sound: [SnapshotLibrary.Entry] = []
    for (index, name) in names.enumerated() {
      progress("snapshot \(name)", index, names.count)
      let path = directory.snapshotsPath + "/" + name
      do throws(RequestError) {
        let entry = try SnapshotLibrary.Entry(examining: path, name: name, fileSystem)
        report.snapshotCount += 1
        report.byteCount += entry.description.byteCount
        sound.append(entry)
      } catch {
        report.defects.append(.snapshot(nil, error.reason))
      }
    }
    let broken = SnapshotLibrary.brokenChains(sound, names, in: directory.snapshotsPath + "/")
    for entry in sound {
      var snapshot = entry.description
      if let defect = broken[snapshot.name] {
        report.defects.append(defect)
      } else if let collection = entry.collectionName {
        snapshot.latestSequence = SnapshotService.latest(snapshot, logRanges[entry.collection])
        report.restorable.append((collection, snapshot))
      }
    }
  }
}

/// What reading a snapshot file whole has told.
package enum SnapshotVerdict: Sendable {
  case sound(SnapshotDescription)
  /// It is no snapshot, or not any more; the text names the place.
  case damaged(String)

  /// - Throws: where it is damaged.
  package func description() throws(RequestError) -> SnapshotDescription {
    switch self {
    case .sound(let description): return description
    case .damaged(let what): throw .internalError(what)
    }
  }
}

/// Reads a snapshot that is not in a data directory.
/// - Throws: when it cannot be read, or is of a later version.
package func verifySnapshot(at path: String) throws(RequestError) -> SnapshotVerdict {
  let fileSystem = POSIXFileSystem()
  do throws(StorageError) {
    guard try fileSystem.kind(of: path) == .file else { throw .missing(file: path, what: "it is no file") }
    _ = try SnapshotFileReader(fileSystem, path: path)
  } catch {
    if case .damaged = error { return .damaged(error.description) }
    throw error.requestError
  }
  let name = path.split(separator: "/").last.map(String.init) ?? path
  do throws(RequestError) {
    return .sound(try SnapshotLibrary.Entry(examining: path, name: name, fileSystem).description)
  } catch {
    return .damaged(error.reason)
  }
}
