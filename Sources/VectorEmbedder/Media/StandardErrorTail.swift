import Subprocess
import Synchronization

/// The end of what a child process writes to its standard error, at hand even when the child has to be ended.
final class StandardErrorTail: Sendable {
  /// How much of it is kept.
  static let bytesMax = 2048

  private let bytes = Mutex<[UInt8]>([])

  var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

  /// Returns when the child has closed its standard error.
  func collect(_ output: SubprocessOutputSequence) async {
    do {
      for try await buffer in output {
        let more = buffer.copied
        bytes.withLock { bytes in
          bytes += more
          if bytes.count > Self.bytesMax { bytes.removeFirst(bytes.count - Self.bytesMax) }
        }
      }
    } catch {
      // What came before the pipe broke is the tail.
    }
  }
}
