#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file of lines that grows at its end; what was synced survives a crash.
final class AppendOnlyFile: Sendable {
  private let descriptor: Int32
  private let path: String

  /// Opens or makes the file and cuts it to `byteCount`, the end of its last whole line.
  init(_ path: String, cutTo byteCount: Int?) throws(StageError) {
    self.path = path
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
  func append(line: [UInt8]) throws(StageError) {
    let bytes = line + [UInt8(ascii: "\n")]
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw StageError(.settings, "cannot write \(path): \(errorText())") }
      written += count
    }
    guard fdatasync(descriptor) == 0 else {
      throw StageError(.settings, "cannot sync \(path): \(errorText())")
    }
  }
}
