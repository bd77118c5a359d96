import Synchronization
import VectorModel
import VectorStorage

/// The disk, but for one call that fails, or from which on all fail as after the end of the process.
///
/// It knows what was not synced, so that it can lose power too. What LMDB writes by itself stays outside.
final class FaultyFileSystem: FileSystem {
  /// What happens at one call. A failed sync is an input or output error at a sync.
  enum Fault: CaseIterable {
    case inputOutput
    /// Of a write, half is made.
    case noSpace
    /// The process ends when half of a write is made.
    case tornWrite
    case kill
  }

  private struct State {
    var fault: (call: Int, kind: Fault)?
    var callCount = 0
    var isDead = false
    var fired: String?
    var unsynced = UnsyncedChanges()
  }

  private let disk = POSIXFileSystem()
  private let state = Mutex(State())

  /// Lets the call after `call` others fail; the calls are counted anew.
  func arm(_ kind: Fault, atCall call: Int) {
    state.withLock { state in
      state.fault = (call, kind)
      state.callCount = 0
      state.fired = nil
    }
  }

  var callCount: Int { state.withLock { $0.callCount } }

  /// Ends all faults, and tells which operation met one.
  func disarm() -> String? {
    state.withLock { state in
      defer { (state.fault, state.fired, state.isDead) = (nil, nil, false) }
      return state.fired
    }
  }

  /// Of what was not synced, any part is lost, down to sectors and names. Nobody may have a file open.
  func losePower(_ random: inout SplitMix) throws {
    let changes = state.withLock { state in
      defer { state.unsynced = UnsyncedChanges() }
      return state.unsynced
    }
    try changes.lose(on: disk, &random)
  }

  /// Runs one operation unless a fault meets it.
  /// - Parameter torn: does a half of the operation.
  fileprivate func pass<T>(
    _ operation: String, _ path: String, torn: () throws(StorageError) -> Void = {},
    _ body: (inout UnsyncedChanges) throws(StorageError) -> T
  ) throws(StorageError) -> T {
    try state.withLock { (state) throws(StorageError) -> T in
      let failure = StorageError.io(operation: operation, file: path, offset: nil, errno: 5)
      if state.isDead { throw failure }
      defer { state.callCount += 1 }
      guard let fault = state.fault, fault.call == state.callCount else { return try body(&state.unsynced) }
      state.fired = operation
      switch fault.kind {
      case .inputOutput: throw failure
      case .noSpace:
        try torn()
        throw .io(operation: operation, file: path, offset: nil, errno: 28)
      case .tornWrite, .kill:
        state.isDead = true
        if fault.kind == .tornWrite { try torn() }
        throw failure
      }
    }
  }

  func open(_ path: String, _ access: FileAccess) throws(StorageError) -> any File {
    let (file, node) = try pass("open", path) { (unsynced) throws(StorageError) in
      try unsynced.open(path, access, on: disk)
    }
    return FaultyFile(self, file, node)
  }
  func rename(_ source: String, to destination: String) throws(StorageError) {
    try pass("rename", source) { (unsynced) throws(StorageError) in
      try unsynced.willRename(source, to: destination, on: disk)
      try disk.rename(source, to: destination)
    }
  }
  func unlink(_ path: String) throws(StorageError) {
    try pass("unlink", path) { (unsynced) throws(StorageError) in
      try unsynced.willUnlink(path, on: disk)
      try disk.unlink(path)
    }
  }
  func list(_ directory: String) throws(StorageError) -> [String] {
    try pass("list", directory) { (_) throws(StorageError) in try disk.list(directory) }
  }
  func kind(of path: String) throws(StorageError) -> FileKind? {
    try pass("stat", path) { (_) throws(StorageError) in try disk.kind(of: path) }
  }
  func createDirectory(_ path: String) throws(StorageError) {
    try pass("mkdir", path) { (unsynced) throws(StorageError) in
      try unsynced.willCreateDirectory(path, on: disk)
      try disk.createDirectory(path)
    }
  }
  func removeDirectory(_ path: String) throws(StorageError) {
    try pass("rmdir", path) { (_) throws(StorageError) in try disk.removeDirectory(path) }
  }
  func syncDirectory(_ path: String) throws(StorageError) {
    try pass("sync directory", path) { (unsynced) in unsynced.syncDirectory(path) }
  }
  func map(_ path: String) throws(StorageError) -> MemoryRegion {
    try pass("map", path) { (_) throws(StorageError) in try disk.map(path) }
  }
  func freeByteCount(at path: String) throws(StorageError) -> UInt64 {
    try pass("statvfs", path) { (_) throws(StorageError) in try disk.freeByteCount(at: path) }
  }
}

private final class FaultyFile: File {
  private let system: FaultyFileSystem
  private let file: any File
  private let node: Int?

  init(_ system: FaultyFileSystem, _ file: any File, _ node: Int?) {
    self.system = system
    self.file = file
    self.node = node
  }

  var path: String { file.path }
  func byteCount() throws(StorageError) -> UInt64 {
    try system.pass("size", path) { (_) throws(StorageError) in try file.byteCount() }
  }
  func read(
    into buffer: inout [UInt8], _ range: Range<Int>, at offset: UInt64
  ) throws(StorageError) -> Int {
    try system.pass("read", path) { (_) throws(StorageError) in
      try file.read(into: &buffer, range, at: offset)
    }
  }
  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) -> Int {
    let all = Array(copying: bytes)
    let half = Array(all.prefix(all.count / 2))
    return try system.pass(
      "write", path,
      torn: { () throws(StorageError) in if !half.isEmpty { try file.writeAll(half.span, at: offset) } }
    ) { (unsynced) throws(StorageError) in
      try file.writeAll(all.span, at: offset)
      unsynced.change(node, .write(offset: Int(offset), bytes: all))
      return all.count
    }
  }
  func preallocate(_ range: Range<UInt64>) throws(StorageError) {
    try system.pass("preallocate", path) { (unsynced) throws(StorageError) in
      try file.preallocate(range)
      unsynced.change(node, .extend(Int(range.upperBound)))
    }
  }
  func truncate(to byteCount: UInt64) throws(StorageError) {
    try system.pass("truncate", path) { (unsynced) throws(StorageError) in
      try file.truncate(to: byteCount)
      unsynced.change(node, .resize(Int(byteCount)))
    }
  }
  func sync() throws(StorageError) {
    try system.pass("sync", path) { (unsynced) in unsynced.sync(node) }
  }
  func lock() throws(StorageError) -> Bool { try file.lock() }
  // The process's end closes its files, whatever else fails.
  func close() throws(StorageError) { try file.close() }
}
