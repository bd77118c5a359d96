import Synchronization
import VectorModel
import VectorStorage

/// The disk, but for one call that fails, or from which on all fail as after the end of the process.
final class FaultyFileSystem: FileSystem {
  enum Fault: CaseIterable { case inputOutput, noSpace, kill }

  private struct State {
    var fault: (call: Int, kind: Fault)?
    var callCount = 0
    var isDead = false
    var hasFired = false
  }

  private let disk = POSIXFileSystem()
  private let state = Mutex(State())

  /// Lets the call after `call` others fail; the calls are counted anew.
  func arm(_ kind: Fault, atCall call: Int) { state.withLock { $0 = State(fault: (call, kind)) } }

  /// Ends all faults, and tells whether there was one.
  func disarm() -> Bool {
    state.withLock { state in
      defer { state = State() }
      return state.hasFired
    }
  }

  fileprivate func pass(_ operation: String, _ path: String) throws(StorageError) {
    let failure = state.withLock { state -> Int32? in
      if state.isDead { return 5 }
      defer { state.callCount += 1 }
      guard let fault = state.fault, fault.call == state.callCount else { return nil }
      state.hasFired = true
      state.isDead = fault.kind == .kill
      return fault.kind == .noSpace ? 28 : 5
    }
    if let failure { throw .io(operation: operation, file: path, offset: nil, errno: failure) }
  }

  func open(_ path: String, _ access: FileAccess) throws(StorageError) -> any File {
    try pass("open", path)
    return FaultyFile(self, try disk.open(path, access))
  }
  func rename(_ source: String, to destination: String) throws(StorageError) {
    try pass("rename", source)
    try disk.rename(source, to: destination)
  }
  func unlink(_ path: String) throws(StorageError) {
    try pass("unlink", path)
    try disk.unlink(path)
  }
  func list(_ directory: String) throws(StorageError) -> [String] {
    try pass("list", directory)
    return try disk.list(directory)
  }
  func kind(of path: String) throws(StorageError) -> FileKind? {
    try pass("stat", path)
    return try disk.kind(of: path)
  }
  func createDirectory(_ path: String) throws(StorageError) {
    try pass("mkdir", path)
    try disk.createDirectory(path)
  }
  func removeDirectory(_ path: String) throws(StorageError) {
    try pass("rmdir", path)
    try disk.removeDirectory(path)
  }
  func syncDirectory(_ path: String) throws(StorageError) {
    try pass("sync directory", path)
    try disk.syncDirectory(path)
  }
  func map(_ path: String) throws(StorageError) -> MemoryRegion {
    try pass("map", path)
    return try disk.map(path)
  }
  func freeByteCount(at path: String) throws(StorageError) -> UInt64 {
    try pass("statvfs", path)
    return try disk.freeByteCount(at: path)
  }
}

private final class FaultyFile: File {
  private let system: FaultyFileSystem
  private let file: any File

  init(_ system: FaultyFileSystem, _ file: any File) {
    self.system = system
    self.file = file
  }

  var path: String { file.path }
  func byteCount() throws(StorageError) -> UInt64 {
    try system.pass("size", path)
    return try file.byteCount()
  }
  func read(
    into buffer: inout [UInt8], _ range: Range<Int>, at offset: UInt64
  ) throws(StorageError) -> Int {
    try system.pass("read", path)
    return try file.read(into: &buffer, range, at: offset)
  }
  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) -> Int {
    try system.pass("write", path)
    return try file.write(bytes, at: offset)
  }
  func preallocate(_ range: Range<UInt64>) throws(StorageError) {
    try system.pass("preallocate", path)
    try file.preallocate(range)
  }
  func truncate(to byteCount: UInt64) throws(StorageError) {
    try system.pass("truncate", path)
    try file.truncate(to: byteCount)
  }
  func sync() throws(StorageError) {
    try system.pass("sync", path)
    try file.sync()
  }
  func lock() throws(StorageError) -> Bool { try file.lock() }
  // The process's end closes its files, whatever else fails.
  func close() throws(StorageError) { try file.close() }
}
