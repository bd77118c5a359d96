import Testing

@testable import VectorStorage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A directory of its own that goes with the test.
final class TemporaryDirectory: Sendable {
  let path: String
  let fileSystem = POSIXFileSystem()

  /// Where syncs cost nothing, if there is such a place; the long tests use the disk.
  ///
  /// Read once, since another test changes the environment.
  private static let base: String = {
    if let base = unsafe getenv("TMPDIR") { return unsafe String(cString: base) }
    let hasMemory = unsafe access("/dev/shm", W_OK) == 0
    return hasMemory && !TestLength.isLong ? "/dev/shm" : "/tmp"
  }()

  init() throws {
    path = "\(Self.base)/needletail-\(getpid())-\(UInt64.random(in: .min ... .max))"
    try fileSystem.createDirectory(path)
  }

  deinit { try? fileSystem.removeTree(path) }
}

extension FileSystem {
  func replaceFile(_ path: String, with bytes: [UInt8]) throws(StorageError) {
    try replaceFile(path, with: bytes.span)
  }
}
