import Synchronization
import VectorModel

@testable import VectorStorage

/// Files in memory that know what would survive a power loss, and fail where a test says.
///
/// Each file has its durable bytes and the writes since its last sync; each directory has its durable names and
/// the changes since its last sync. A failed sync forgets the writes, as a kernel does that marks pages clean.
final class SimulatedFileSystem: FileSystem {
  /// What happens at one call.
  enum Fault: CaseIterable, Sendable {
    /// The process ends before the call takes effect.
    case kill
    /// The process ends when half of the bytes are written.
    case tornWrite
    /// The call fails with EIO.
    case inputOutput
    /// The call fails with ENOSPC.
    case noSpace
    /// A write takes one byte only; other calls are not affected.
    case shortWrite
  }

  enum Change: Sendable {
    case write(offset: Int, bytes: [UInt8])
    case resize(Int)
  }

  enum NameChange: Sendable {
    case set(String, Int)
    case remove(String)
    case move(String, String, Int)
  }

  struct Node: Sendable {
    var durable: [UInt8] = []
    var current: [UInt8] = []
    var pending: [Change] = []
    var lockCount = 0
  }

  struct State: Sendable {
    var nodes: [Int: Node] = [:]
    var names: [String: Int] = [:]
    var directories: Set<String> = ["/"]
    var durableNames: [String: Int] = [:]
    var durableDirectories: Set<String> = ["/"]
    var pendingNames: [String: [NameChange]] = [:]
    var nextNode = 1
    var callCount = 0
    var fault: (call: Int, kind: Fault)?
    var firedOperation: String?
    var isDead = false
    var life = 0
    var syncCount = 0
  }

  let state = Mutex(State())

  /// Lets the call after `call` others fail; the calls are counted anew.
  func arm(_ kind: Fault, atCall call: Int) {
    state.withLock { state in
      state.fault = (call, kind)
      state.callCount = 0
      state.firedOperation = nil
    }
  }

  func disarm() { state.withLock { $0.fault = nil } }

  /// The operation that the fault met, or nil when it was never reached.
  var firedOperation: String? { state.withLock { $0.firedOperation } }
  var callCount: Int { state.withLock { $0.callCount } }
  var syncCount: Int { state.withLock { $0.syncCount } }

  /// Ends the process: open files are gone, everything written stays.
  func kill() {
    state.withLock { state in
      state.isDead = false
      state.fault = nil
      state.life += 1
      for node in state.nodes.keys { state.nodes[node]?.lockCount = 0 }
    }
  }

  /// Ends the machine: of what was not synced, any part may survive, down to sectors.
  func losePower(_ random: inout SplitMix64) {
    kill()
    state.withLock { state in
      for (node, contents) in state.nodes.sorted(by: { $0.key < $1.key }) {
        let survived = Self.survivors(of: contents, &random)
        state.nodes[node] = Node(durable: survived, current: survived)
      }
      for (_, changes) in state.pendingNames.sorted(by: { $0.key < $1.key }) {
        let keptCount = Int.random(in: 0...changes.count, using: &random)
        for change in changes.prefix(keptCount) { state.durableNames.apply(change) }
      }
      state.pendingNames = [:]
      state.names = state.durableNames
    }
  }

  private static func survivors(of node: Node, _ random: inout SplitMix64) -> [UInt8] {
    var bytes = node.durable
    let mode = Int.random(in: 0..<4, using: &random)
    for (index, change) in node.pending.enumerated() {
      switch (mode, change) {
      case (0, _): continue
      case (1, _), (2, .resize): bytes.apply(change)
      case (3, .resize): if Bool.random(using: &random) { bytes.apply(change) }
      case (_, .write(let offset, let written)):
        // Sectors in any order; sometimes the last ones only.
        if mode == 2, index == 0, node.pending.count > 1, Bool.random(using: &random) { continue }
        var start = 0
        while start < written.count {
          let end = min((offset + start) / 512 * 512 + 512 - offset, written.count)
          if Bool.random(using: &random) {
            bytes.apply(.write(offset: offset + start, bytes: Array(written[start..<end])))
          }
          start = end
        }
      default: continue
      }
    }
    return bytes
  }

  /// The bytes of a file as they are read now.
  func contents(_ path: String) -> [UInt8]? {
    state.withLock { state in state.names[path].flatMap { state.nodes[$0]?.current } }
  }

  /// Replaces a file behind storage's back, durably.
  func replace(_ path: String, _ bytes: [UInt8]) {
    state.withLock { state in
      guard let node = state.names[path] else { return }
      state.nodes[node] = Node(durable: bytes, current: bytes)
    }
  }

  /// Removes a file behind storage's back, durably.
  func lose(_ path: String) {
    state.withLock { state in
      state.names[path] = nil
      state.durableNames[path] = nil
    }
  }

  /// A copy of everything, as if all were durable.
  func copy() -> SimulatedFileSystem {
    let copy = SimulatedFileSystem()
    let state = state.withLock { $0 }
    copy.state.withLock { target in
      target = State()
      target.nodes = state.nodes.mapValues { Node(durable: $0.current, current: $0.current) }
      target.names = state.names
      target.durableNames = state.names
      target.directories = state.directories
      target.durableDirectories = state.directories
      target.nextNode = state.nextNode
    }
    return copy
  }

  /// All files' paths.
  var paths: [String] { state.withLock { $0.names.keys.sorted() } }

  // MARK: FileSystem

  func open(_ path: String, _ access: FileAccess) throws(StorageError) -> any File {
    try call("open", path) { (state) throws(StorageError) in
      if let node = state.names[path] {
        if case .createNew = access {
          throw .io(operation: "open", file: path, offset: nil, errno: POSIX.exists)
        }
        if case .createOrTruncate = access { state.change(node, .resize(0)) }
        return SimulatedFile(self, path: path, node: node, life: state.life)
      }
      switch access {
      case .read, .readWrite, .append:
        throw .io(operation: "open", file: path, offset: nil, errno: POSIX.notFound)
      case .createNew, .createOrTruncate, .createOrOpen:
        let node = state.nextNode
        state.nextNode += 1
        state.nodes[node] = Node()
        state.rename(.set(path, node), in: Path.parent(of: path))
        return SimulatedFile(self, path: path, node: node, life: state.life)
      }
    }
  }

  func rename(_ source: String, to destination: String) throws(StorageError) {
    try call("rename", source) { (state) throws(StorageError) in
      guard let node = state.names[source] else {
        if state.directories.contains(source) { return state.moveDirectory(source, to: destination) }
        throw .io(operation: "rename", file: source, offset: nil, errno: POSIX.notFound)
      }
      state.rename(.move(source, destination, node), in: Path.parent(of: source))
    }
  }

  func unlink(_ path: String) throws(StorageError) {
    try call("unlink", path) { (state) throws(StorageError) in
      guard state.names[path] != nil else {
        throw .io(operation: "unlink", file: path, offset: nil, errno: POSIX.notFound)
      }
      state.rename(.remove(path), in: Path.parent(of: path))
    }
  }

  func list(_ directory: String) throws(StorageError) -> [String] {
    try call("list", directory) { (state) throws(StorageError) in
      guard state.directories.contains(directory) else {
        throw .io(operation: "list", file: directory, offset: nil, errno: POSIX.notFound)
      }
      return (Array(state.names.keys) + state.directories).filter {
        Path.parent(of: $0) == directory && $0 != "/"
      }
      .map(Path.name(of:))
    }
  }

  func kind(of path: String) throws(StorageError) -> FileKind? {
    try call("stat", path) { (state) throws(StorageError) in
      state.directories.contains(path) ? .directory : state.names[path] == nil ? nil : .file
    }
  }

  func createDirectory(_ path: String) throws(StorageError) {
    try call("mkdir", path) { (state) throws(StorageError) in _ = state.directories.insert(path) }
  }

  func removeDirectory(_ path: String) throws(StorageError) {
    try call("rmdir", path) { (state) throws(StorageError) in _ = state.directories.remove(path) }
  }

  func syncDirectory(_ path: String) throws(StorageError) {
    try call("sync directory", path) { (state) throws(StorageError) in
      for change in state.pendingNames.removeValue(forKey: path) ?? [] { state.durableNames.apply(change) }
    }
  }

  func map(_ path: String) throws(StorageError) -> MemoryRegion {
    let bytes: [UInt8] = try call("map", path) { (state) throws(StorageError) in
      guard let node = state.names[path] else {
        throw .io(operation: "map", file: path, offset: nil, errno: POSIX.notFound)
      }
      return state.nodes[node]?.current ?? []
    }
    return MemoryRegion(copying: bytes)
  }

  func freeByteCount(at path: String) throws(StorageError) -> UInt64 { 1 << 40 }

  /// Runs one operation unless a fault meets it.
  func call<T>(
    _ operation: String, _ path: String, life: Int? = nil,
    torn: (inout State) -> Void = { _ in },
    _ body: (inout State) throws(StorageError) -> T
  ) throws(StorageError) -> T {
    try state.withLock { (state) throws(StorageError) -> T in
      if state.isDead || (life.map { $0 != state.life } ?? false) {
        throw .io(operation: operation, file: path, offset: nil, errno: POSIX.inputOutput)
      }
      state.callCount += 1
      guard let fault = state.fault, fault.call == state.callCount - 1 else { return try body(&state) }
      guard fault.kind != .shortWrite || operation == "write" else { return try body(&state) }
      state.firedOperation = operation
      switch fault.kind {
      case .kill, .tornWrite:
        if fault.kind == .tornWrite { torn(&state) }
        state.isDead = true
        throw .io(operation: operation, file: path, offset: nil, errno: POSIX.inputOutput)
      case .inputOutput:
        if operation == "sync" { torn(&state) }
        throw .io(operation: operation, file: path, offset: nil, errno: POSIX.inputOutput)
      case .noSpace:
        if operation == "write" { torn(&state) }
        throw .io(operation: operation, file: path, offset: nil, errno: POSIX.noSpace)
      case .shortWrite: return try body(&state)
      }
    }
  }
}

extension SimulatedFileSystem.State {
  mutating func rename(_ change: SimulatedFileSystem.NameChange, in directory: String) {
    names.apply(change)
    pendingNames[directory, default: []].append(change)
  }

  mutating func change(_ node: Int, _ change: SimulatedFileSystem.Change) {
    nodes[node]?.current.apply(change)
    nodes[node]?.pending.append(change)
  }

  mutating func moveDirectory(_ source: String, to destination: String) {
    directories = Set(directories.map { $0.moved(from: source, to: destination) })
    names = Dictionary(
      uniqueKeysWithValues: names.map { ($0.key.moved(from: source, to: destination), $0.value) })
    durableNames = Dictionary(
      uniqueKeysWithValues: durableNames.map { ($0.key.moved(from: source, to: destination), $0.value) })
  }
}

extension String {
  fileprivate func moved(from source: String, to destination: String) -> String {
    self == source || hasPrefix(source + "/") ? destination + dropFirst(source.count) : self
  }
}

extension Dictionary where Key == String, Value == Int {
  mutating func apply(_ change: SimulatedFileSystem.NameChange) {
    switch change {
    case .set(let path, let node): self[path] = node
    case .remove(let path): self[path] = nil
    case .move(let source, let destination, let node):
      if self[source] == node { self[source] = nil }
      self[destination] = node
    }
  }
}

extension Array where Element == UInt8 {
  mutating func apply(_ change: SimulatedFileSystem.Change) {
    switch change {
    case .resize(let size):
      if size < count {
        removeLast(count - size)
      } else {
        append(contentsOf: [UInt8](repeating: 0, count: size - count))
      }
    case .write(let offset, let bytes):
      if count < offset + bytes.count {
        append(contentsOf: [UInt8](repeating: 0, count: offset + bytes.count - count))
      }
      replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }
  }
}
