import Synchronization
import VectorModel
import VectorStorage

/// The snapshots in a data directory, by the names that the server gave them.
///
/// A name from a client is only ever looked up here and never made a path of. Beside each file lies what lists
/// show of it, so that a list does not read the snapshots; where that is missing or damaged it is made anew.
final class SnapshotLibrary: Sendable {
  struct Entry: Hashable, Sendable {
    var description: SnapshotDescription
    /// The collection's name when the snapshot was made; nil for the whole storage.
    var collectionName: String?
    /// The collection's id; zeros for the whole storage.
    var collection: UUID128
    /// The last operation of the snapshot that this one adds to; known only after the file was read whole.
    var baseSequence: UInt64?
  }

  static let suffix = ".snapshot"
  private static let aboutSuffix = ".about"

  let fileSystem: any FileSystem
  private let directory: String
  private let entries = Mutex<[String: Entry]>([:])

  /// Removes what unfinished snapshots and uploads have left.
  init(_ directory: DataDirectory) throws(StorageError) {
    fileSystem = directory.fileSystem
    self.directory = directory.snapshotsPath
    for name in try fileSystem.list(self.directory) where name.hasSuffix(".tmp") {
      try fileSystem.unlink(self.directory + "/" + name)
    }
  }

  func path(of name: String) -> String { directory + "/" + name }

  /// Looks at the directory: files that an operator has put there are taken in, those that have gone are
  /// forgotten.
  /// - Complexity: O(files), and O(bytes) of the files that are new.
  func refresh() throws(RequestError) {
    let names = try StorageError.mapped { () throws(StorageError) in
      try fileSystem.list(directory).filter { $0.hasSuffix(Self.suffix) }
    }
    let known = entries.withLock { entries in
      for name in entries.keys where !names.contains(name) { entries[name] = nil }
      return Set(entries.keys)
    }
    for name in names.sorted() where !known.contains(name) {
      // A damaged file is no snapshot; `verify` names it.
      guard let entry = try? about(name) ?? examined(name) else { continue }
      entries.withLock { $0[name] = entry }
    }
  }

  /// The snapshots of a collection, or of the storage, oldest first.
  func list(_ collectionName: String?) -> [Entry] {
    entries.withLock { $0.values.filter { $0.collectionName == collectionName } }.sorted {
      ($0.description.creationMilliseconds, $0.description.name)
        < ($1.description.creationMilliseconds, $1.description.name)
    }
  }

  /// - Throws: `notFound`.
  func entry(named name: String) throws(RequestError) -> Entry {
    guard let entry = entries.withLock({ $0[name] }) else {
      throw .notFound("Snapshot \(name.prefix(256)) not found")
    }
    return entry
  }

  /// The snapshots that add to this one.
  func dependents(of name: String) -> [String] {
    entries.withLock { $0.values.filter { $0.description.base == name } }.map(\.description.name).sorted()
  }

  /// The paths of a snapshot and of everything that it adds to, the full one first.
  /// - Throws: `badRequest` naming a base that is not here.
  func chain(_ base: String?) throws(RequestError) -> [String] {
    var paths: [String] = []
    var next = base
    while let name = next {
      guard let entry = entries.withLock({ $0[name] }) else {
        throw .badRequest("the snapshot's base \(name) is not among the server's snapshots")
      }
      paths.insert(path(of: name), at: 0)
      guard paths.count <= 1000 else { throw .badRequest("a chain of more than 1000 snapshots") }
      next = entry.description.base
    }
    return paths
  }

  /// Takes in a file that was written under this name.
  func add(_ entry: Entry) throws(RequestError) {
    let name = entry.description.name
    try StorageError.mapped { () throws(StorageError) in
      try fileSystem.replaceFile(path(of: name) + Self.aboutSuffix, with: entry.encoded.span)
    }
    entries.withLock { $0[name] = entry }
  }

  /// - Throws: `badRequest` where other snapshots add to it.
  func remove(_ name: String) throws(RequestError) {
    _ = try entry(named: name)
    if let dependent = dependents(of: name).first {
      throw .badRequest("snapshot \(name) is the base of \(dependent), delete that first")
    }
    try StorageError.mapped { () throws(StorageError) in
      try fileSystem.unlink(path(of: name))
      if try fileSystem.kind(of: path(of: name) + Self.aboutSuffix) != nil {
        try fileSystem.unlink(path(of: name) + Self.aboutSuffix)
      }
      try fileSystem.syncDirectory(directory)
    }
    entries.withLock { $0[name] = nil }
  }

  /// What lies beside the file, or nil where that cannot be used.
  private func about(_ name: String) -> Entry? {
    guard
      let bytes = try? fileSystem.readFile(path(of: name) + Self.aboutSuffix, byteCountMax: 1 << 16),
      let entry = try? Entry(decoding: bytes, name: name),
      let file = try? fileSystem.open(path(of: name), .read), let byteCount = try? file.byteCount(),
      byteCount == entry.description.byteCount
    else { return nil }
    return entry
  }

  /// Reads a file whole.
  private func examined(_ name: String) throws(RequestError) -> Entry {
    let entry = try Entry(examining: path(of: name), name: name, fileSystem)
    try add(entry)
    return entry
  }
}

extension SnapshotLibrary.Entry {
  /// CRC32C of what follows, then the fields; the name is the file's.
  fileprivate var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.fixed64(description.creationMilliseconds)
    writer.fixed64(description.byteCount)
    writer.text(description.checksum)
    writer.text(description.description)
    writer.byte(description.base == nil ? 0 : 1)
    writer.text(description.base ?? "")
    writer.fixed64(description.sequence)
    writer.fixed64(description.earliestSequence)
    writer.byte(collectionName == nil ? 0 : 1)
    writer.text(collectionName ?? "")
    writer.uuid(collection)
    var checked = ByteWriter()
    checked.fixed32(CRC32C.checksum(writer.bytes.span))
    checked.raw(writer.bytes)
    return checked.bytes
  }

  fileprivate init(decoding bytes: [UInt8], name: String) throws(RequestError) {
    var reader = ByteReader(bytes)
    let checksum = try reader.fixed32()
    guard CRC32C.checksum(bytes.span.extracting(4..<bytes.count)) == checksum else {
      throw reader.malformed("checksum")
    }
    let (created, byteCount) = (try reader.fixed64(), try reader.fixed64())
    let (digits, text) = (try reader.text(), try reader.text())
    let hasBase = try reader.byte() == 1
    let base = try reader.text()
    let (sequence, earliest) = (try reader.fixed64(), try reader.fixed64())
    let isCollection = try reader.byte() == 1
    let collectionName = try reader.text()
    collection = try reader.uuid()
    self.collectionName = isCollection ? collectionName : nil
    description = SnapshotDescription(
      name: name, creationMilliseconds: created, byteCount: byteCount, checksum: digits, description: text,
      base: hasBase ? base : nil, sequence: sequence, earliestSequence: earliest)
  }

  /// Reads a snapshot from its beginning to its end for what it says of itself.
  /// - Throws: naming the damage.
  init(examining path: String, name: String, _ fileSystem: any FileSystem) throws(RequestError) {
    let hash = try FileHash(path, fileSystem)
    let reader = try StorageError.mapped { () throws(StorageError) in
      try SnapshotFileReader(fileSystem, path: path)
    }
    var origins: [SnapshotOrigin] = []
    var summary = SnapshotSummary()
    var isStorage = false
    var order = SnapshotOrder()
    while let item = try reader.nextItem() {
      try order.follow(item.section)
      try reader.decoding("an item") { () throws(RequestError) in
        switch item.section {
        case .collection: origins.append(try SnapshotOrigin(decoding: item.bytes))
        case .summary: summary = try SnapshotSummary(decoding: item.bytes, path: path)
        case .aliases: isStorage = true
        case .points, .removals, .operations, .end: break
        }
      }
    }
    try order.finish()
    let origin = isStorage ? nil : origins.first
    baseSequence = origin?.base?.sequence
    collectionName = origin?.name
    collection = origin?.collection ?? UUID128(high: 0, low: 0)
    description = SnapshotDescription(
      name: name, creationMilliseconds: origins.first?.createdMilliseconds ?? 0,
      byteCount: hash.byteCount, checksum: hash.digits, description: origins.first?.description ?? "",
      base: origin?.base?.name, sequence: isStorage ? 0 : summary.sequence,
      earliestSequence: isStorage ? 0 : summary.settledSequence)
  }
}
