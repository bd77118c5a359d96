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

  /// What is at `path` now; nil where nothing is.
  package init?(ofFile path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    self.init(
      path: path, byteCount: Int(status.st_size),
      modifiedMilliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
