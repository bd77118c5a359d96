import VectorModel
import VectorStorage

/// What was written, made, renamed and removed since the last sync of its file or directory.
///
/// LMDB's files are not in it: it writes them by itself, and its order of writes is tested beside the store.
/// A directory's renaming and removing count as durable at once.
struct UnsyncedChanges {
  enum Change {
    case write(offset: Int, bytes: [UInt8])
    case resize(Int)
    /// Resizes where the file is smaller.
    case extend(Int)
  }

  private enum NameChange {
    case set(String, Int)
    case remove(String)
    case move(String, String, Int)
    case makeDirectory(String)
  }

  fileprivate struct Node {
    /// The bytes after the last sync.
    var durable: [UInt8]
    var changes: [Change] = []
  }

  private var nodes: [Int: Node] = [:]
  /// Files that were touched, by the names that they have, and that they have durably.
  private var names: [String: Int] = [:]
  private var durableNames: [String: Int] = [:]
  private var nameChanges: [String: [NameChange]] = [:]
  /// Every name that a file had.
  private var paths: Set<String> = []
  private var nextNode = 1

  private static func parent(of path: String) -> String {
    String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
  }

  private static func isLMDB(_ path: String) -> Bool { path.contains(".mdb") }

  /// The node of a file that is there; what it holds counts as durable when it is met for the first time.
  private mutating func node(_ path: String, on disk: POSIXFileSystem) throws(StorageError) -> Int {
    if let node = names[path] { return node }
    let node = add(path, try disk.readFile(path, byteCountMax: 1 << 30))
    durableNames[path] = node
    return node
  }

  private mutating func add(_ path: String, _ durable: [UInt8]) -> Int {
    defer { nextNode += 1 }
    nodes[nextNode] = Node(durable: durable)
    names[path] = nextNode
    paths.insert(path)
    return nextNode
  }

  /// Opens a file; the number is nil where nothing is noted of it.
  mutating func open(
    _ path: String, _ access: FileAccess, on disk: POSIXFileSystem
  ) throws(StorageError) -> (any File, Int?) {
    if case .read = access { return (try disk.open(path, access), nil) }
    guard !Self.isLMDB(path) else { return (try disk.open(path, access), nil) }
    let exists = try disk.kind(of: path) != nil
    let existing = exists ? try node(path, on: disk) : nil
    let file = try disk.open(path, access)
    guard let existing else {
      let node = add(path, [])
      nameChanges[Self.parent(of: path), default: []].append(.set(path, node))
      return (file, node)
    }
    if case .createOrTruncate = access { change(existing, .resize(0)) }
    return (file, existing)
  }

  mutating func change(_ node: Int?, _ change: Change) {
    if let node { nodes[node]?.changes.append(change) }
  }

  mutating func sync(_ node: Int?) {
    guard let node, var contents = nodes[node] else { return }
    for change in contents.changes { contents.durable.apply(change) }
    contents.changes = []
    nodes[node] = contents
  }

  mutating func syncDirectory(_ path: String) {
    for change in nameChanges.removeValue(forKey: path) ?? [] { apply(change) }
  }

  mutating func willCreateDirectory(_ path: String, on disk: POSIXFileSystem) throws(StorageError) {
    guard try disk.kind(of: path) == nil else { return }
    nameChanges[Self.parent(of: path), default: []].append(.makeDirectory(path))
  }

  mutating func willUnlink(_ path: String, on disk: POSIXFileSystem) throws(StorageError) {
    guard !Self.isLMDB(path), try disk.kind(of: path) == .file else { return }
    _ = try node(path, on: disk)
    names[path] = nil
    nameChanges[Self.parent(of: path), default: []].append(.remove(path))
  }

  mutating func willRename(
    _ source: String, to destination: String, on disk: POSIXFileSystem
  ) throws(StorageError) {
    guard !Self.isLMDB(source) else { return }
    guard try disk.kind(of: source) == .file else { return moveDirectory(source, to: destination) }
    let node = try node(source, on: disk)
    if try disk.kind(of: destination) == .file { _ = try self.node(destination, on: disk) }
    names[source] = nil
    names[destination] = node
    paths.insert(destination)
    nameChanges[Self.parent(of: source), default: []].append(.move(source, destination, node))
  }

  private mutating func moveDirectory(_ source: String, to destination: String) {
    func moved(_ path: String) -> String {
      path == source || path.hasPrefix(source + "/") ? destination + path.dropFirst(source.count) : path
    }
    names = Dictionary(uniqueKeysWithValues: names.map { (moved($0.key), $0.value) })
    durableNames = Dictionary(uniqueKeysWithValues: durableNames.map { (moved($0.key), $0.value) })
    paths = Set(paths.map(moved))
    nameChanges = Dictionary(
      uniqueKeysWithValues: nameChanges.map { directory, changes in
        (
          moved(directory),
          changes.map { change in
            switch change {
            case .set(let path, let node): .set(moved(path), node)
            case .remove(let path): .remove(moved(path))
            case .move(let old, let new, let node): .move(moved(old), moved(new), node)
            case .makeDirectory(let path): .makeDirectory(moved(path))
            }
          }
        )
      })
  }

  private mutating func apply(_ change: NameChange) {
    switch change {
    case .set(let path, let node): durableNames[path] = node
    case .remove(let path): durableNames[path] = nil
    case .move(let source, let destination, let node):
      if durableNames[source] == node { durableNames[source] = nil }
      durableNames[destination] = node
    case .makeDirectory: break
    }
  }

  /// Leaves on the disk what a loss of power leaves: of each directory the first so many changes of names, of each
  /// file any of the sectors that were written.
  consuming func lose(on disk: POSIXFileSystem, _ random: inout SplitMix) throws {
    var undone: [String] = []
    for (_, changes) in nameChanges.sorted(by: { $0.key < $1.key }) {
      let keptCount = Int(random.next() % UInt64(changes.count + 1))
      for change in changes.prefix(keptCount) { apply(change) }
      for case .makeDirectory(let path) in changes.dropFirst(keptCount) { undone.append(path) }
    }
    for path in paths.sorted() where durableNames[path] == nil {
      if try disk.kind(of: path) == .file { try disk.unlink(path) }
    }
    for (path, node) in durableNames.sorted(by: { $0.key < $1.key }) {
      guard let contents = nodes[node] else { continue }
      // A directory that was removed, but whose files were not durably.
      guard try disk.kind(of: Self.parent(of: path)) == .directory else { continue }
      let bytes = contents.survivors(&random)
      let file = try disk.open(path, .createOrTruncate)
      try file.writeAll(bytes.span, at: 0)
      try file.close()
    }
    for path in undone { try disk.removeTree(path) }
  }
}

extension UnsyncedChanges.Node {
  /// The durable bytes with nothing, everything or any sectors of what came later.
  fileprivate func survivors(_ random: inout SplitMix) -> [UInt8] {
    var bytes = durable
    let mode = random.next() % 3
    for change in changes where mode > 0 {
      switch change {
      case .write(let offset, let written) where mode == 2:
        var start = 0
        while start < written.count {
          let end = min((offset + start) / 512 * 512 + 512 - offset, written.count)
          if random.next() % 2 == 0 {
            bytes.apply(.write(offset: offset + start, bytes: Array(written[start..<end])))
          }
          start = end
        }
      case .resize where mode == 2 && random.next() % 2 == 0: continue
      default: bytes.apply(change)
      }
    }
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func apply(_ change: UnsyncedChanges.Change) {
    switch change {
    case .extend(let size): if size > count { append(contentsOf: [UInt8](repeating: 0, count: size - count)) }
    case .resize(let size):
      if size < count { removeLast(count - size) } else { apply(.extend(size)) }
    case .write(let offset, let bytes):
      apply(.extend(offset + bytes.count))
      replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }
  }
}
