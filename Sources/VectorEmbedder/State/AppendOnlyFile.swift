import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file of lines that grows at its end; what was synced survives a crash.
///
/// A line that could not be written whole and synced is taken back, and no other one follows it.
final class AppendOnlyFile: Sendable {
  typealias Write = @Sendable (Int32, ArraySlice<UInt8>) -> Int

  private let descriptor: Int32
  private let path: String
  private let writeSome: Write
  private let hasFailed = Mutex(false)

  /// Opens or makes the file and cuts it to `byteCount`, the end of its last whole line.
  ///
  /// - Parameter write: the system's unless a test puts a full disk in its place.
  init(_ path: String, cutTo byteCount: Int?, write: @escaping Write = systemWrite) throws(StageError) {
    self.path = path
    writeSome = write
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw StageError(.settings, "cannot open \(path): \(errorText())") }
    if let byteCount, ftruncate(descriptor, off_t(byteCount)) != 0 {
      throw StageError(.settings, "cannot cut \(path): \(errorText())")
    }
  }

  deinit {
    // A child that was just forked still shares the lock, so closing alone would not end it yet.
    _ = flock(descriptor, LOCK_UN)
    _ = close(descriptor)
  }

  /// Takes the file for this process alone, until it ends.
  ///
  /// - Throws: when another process has it.
  func lock() throws(StageError) {
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw StageError(.settings, "\(path) is in use by another needletail-embedder")
    }
  }

  /// Appends a line and brings it to the disk.
  ///
  /// - Throws: also after an earlier failure: the worker has to start again.
  func append(line: [UInt8]) throws(StageError) {
    try hasFailed.withLock { hasFailed throws(StageError) in
      if hasFailed { throw StageError(.settings, "\(path) could not be written before") }
      let end = lseek(descriptor, 0, SEEK_END)
      do throws(StageError) {
        try write(line + [UInt8(ascii: "\n")])
      } catch {
        hasFailed = true
        // Where this fails too, the next start finds a torn last line and cuts it.
        if end >= 0 { _ = ftruncate(descriptor, end) }
        throw error
      }
    }
  }

  private func write(_ bytes: [UInt8]) throws(StageError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = writeSome(descriptor, rest)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw StageError(.settings, "cannot write \(path): \(errorText())") }
      rest = rest.dropFirst(count)
    }
    guard fdatasync(descriptor) == 0 else {
      throw StageError(.settings, "cannot sync \(path): \(errorText())")
    }
  }
}

/// Writes some of the bytes at least.
///
/// - Returns: how many, or a negative number, as the system's call.
func systemWrite(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
  unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
}
