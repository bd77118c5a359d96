#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A directory of its own, removed with its files when it is released.
final class TemporaryDirectory {
  let path: String
  private var files: [String] = []

  struct Failure: Error {}

  init() throws {
    var template = Array("/tmp/needletail-server-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw Failure() }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for file in files { unsafe unlink(file) }
    unsafe rmdir(path)
  }

  /// Writes a file and returns its path.
  func write(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    guard let stream = unsafe fopen(file, "w") else { throw Failure() }
    defer { unsafe fclose(stream) }
    guard unsafe fputs(text, stream) >= 0 else { throw Failure() }
    files.append(file)
    return file
  }
}
