#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file as the file system shows it.
package struct FileState: Sendable, Hashable, Codable {
  package var path: String
  package var byteCount: Int
  /// Since 1970, in milliseconds.
  package var modifiedMilliseconds: Int64

  package init(path: String, byteCount: Int, modifiedMilliseconds: Int64) {
    self.path = path
    self.byteCount = byteCount
    self.modifiedMilliseconds = modifiedMilliseconds
  }

  /// What is at `path` now; nil where nothing is to be seen.
  package init?(ofFile path: String) {
    guard case .there(let file) = Self.look(at: path) else { return nil }
    self = file
  }

  /// Whether there is a file with bytes of its own: reading a pipe would wait for whoever writes into it.
  static func isRegular(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// What the file system says about a path.
  enum Look: Equatable {
    case there(FileState)
    /// There is no such file.
    case gone
    /// It cannot be told, for this reason: no permission, a disk or server that does not answer.
    case unknown(String)
  }

  static func look(at path: String) -> Look {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      return errno == ENOENT || errno == ENOTDIR ? .gone : .unknown(errorText())
    }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    return .there(
      FileState(
        path: path, byteCount: Int(status.st_size),
        modifiedMilliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000))
  }
}
