#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
import VectorModel

/// A file beside the program, read or written from its beginning to its end.
final class LocalFile {
  /// Where the bytes are; another name than the wanted one until `finish`.
  private(set) var path: String
  private let descriptor: Int32
  /// The name that the file gets in the end.
  private var finalPath: String?

  /// Opens a file to read it.
  init(reading path: String) throws(RequestError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { throw Self.failure("open", path) }
  }

  /// Makes a file, which has its name only after `finish`: what ends early leaves none, and the one of that name that
  /// was there before. A pipe or device is written as it is.
  init(writing path: String) throws(RequestError) {
    var status = stat()
    let isFile = unsafe stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    finalPath = isFile ? path : nil
    self.path = isFile ? path + ".part" : path
    descriptor = unsafe open(self.path, O_WRONLY | O_CREAT | O_TRUNC, 0o640)
    guard descriptor >= 0 else { throw Self.failure("open", self.path) }
  }

  deinit {
    _ = close(descriptor)
    if finalPath != nil { _ = unsafe unlink(path) }
  }

  /// Brings everything to the disk and gives the file its name.
  func finish() throws(RequestError) {
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
      throw Self.failure("sync", path)
    }
    guard let name = finalPath else { return }
    guard unsafe rename(path, name) == 0 else { throw Self.failure("rename to \(name)", path) }
    path = name
    finalPath = nil
  }

  /// Bytes of the file; 0 for a pipe.
  var byteCount: Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return 0 }
    return Int(status.st_size)
  }

  /// The next bytes, at most `count`; none only at the end.
  func read(_ count: Int) throws(RequestError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    while true {
      let length = unsafe bytes.withUnsafeMutableBytes { buffer in
        #if canImport(Glibc)
          unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
          unsafe Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
          unsafe Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
      }
      if length >= 0 {
        bytes.removeLast(count - length)
        return bytes
      }
      guard errno == EINTR else { throw Self.failure("read", path) }
    }
  }

  /// Everything to the end.
  func readAll() throws(RequestError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece = try read(1 << 20)
      if piece.isEmpty { return bytes }
      bytes += piece
    }
  }

  /// Writes all of `bytes` behind what was written.
  func write(_ bytes: [UInt8]) throws(RequestError) {
    var done = 0
    while done < bytes.count {
      let length = unsafe bytes.withUnsafeBytes { buffer in
        let start = unsafe buffer.baseAddress?.advanced(by: done)
        #if canImport(Glibc)
          return unsafe Glibc.write(descriptor, start, buffer.count - done)
        #elseif canImport(Musl)
          return unsafe Musl.write(descriptor, start, buffer.count - done)
        #else
          return unsafe Darwin.write(descriptor, start, buffer.count - done)
        #endif
      }
      if length < 0, errno != EINTR { throw Self.failure("write", path) }
      if length > 0 { done += length }
    }
  }

  /// Writes `bytes` over the file's beginning.
  func overwriteStart(_ bytes: [UInt8]) throws(RequestError) {
    let length = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    guard length == bytes.count else { throw Self.failure("write", path) }
  }

  private static func failure(_ operation: String, _ path: String) -> RequestError {
    let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
    return RequestError(.internalError, "\(operation) of \(path) failed: \(reason)")
  }
}
