import CChecksum
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file that names the store in which the process before this one ended by a signal.
///
/// LMDB trusts its pages, so a damaged one may end the process whenever it is read. The next process reads the note,
/// inspects the stores that it names before it opens them, and refuses the damaged ones while the others serve.
package enum CrashNote {
  private static let installing = Mutex<Void>(())

  /// Writes to `path` from now on when a signal ends this process inside a store; the last call counts.
  package static func install(path: String) throws(StorageError) {
    let code = installing.withLock { _ in unsafe nt_crash_note_install(path) }
    guard code == 0 else {
      throw .io(operation: "installation of signal handlers", file: path, offset: nil, errno: code)
    }
  }

  /// The stores' files that the note of an earlier process names, each once.
  static func read(_ fileSystem: any FileSystem, path: String) throws(StorageError) -> [String] {
    guard try fileSystem.kind(of: path) == .file else { return [] }
    let text = String(decoding: try fileSystem.readFile(path, byteCountMax: 1 << 20), as: UTF8.self)
    return Set(text.split(separator: "\n").map(String.init)).sorted()
  }
}

/// A store's name in the form that a signal handler can write.
@safe final class CrashNoteName: @unchecked Sendable {
  private let name: UnsafeMutablePointer<CChar>?

  init(_ path: String) { unsafe name = strdup(path) }

  deinit { unsafe free(name) }

  /// Runs `body` as inside the store.
  func inside<T>(_ body: () throws(StorageError) -> T) throws(StorageError) -> T {
    let before = unsafe nt_crash_note_enter(name)
    defer { _ = unsafe nt_crash_note_enter(before) }
    return try body()
  }
}
