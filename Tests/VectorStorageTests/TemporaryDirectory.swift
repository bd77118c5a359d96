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

  init() throws {
    let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    path = "\(base)/needletail-\(getpid())-\(UInt64.random(in: .min ... .max))"
    try fileSystem.createDirectory(path)
  }

  deinit { try? fileSystem.removeTree(path) }
}
