#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that is read from start to end in blocks.
struct ReadableFile: ~Copyable {
  private let descriptor: Int32
  private let path: String
  private let stage: Stage

  init(_ path: String, stage: Stage) throws(StageError) {
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    self.path = path
    self.stage = stage
    guard descriptor >= 0 else { throw StageError(stage, "cannot open \(path): \(errorText())") }
  }

  /// Takes a descriptor that is open already, and closes it in the end.
  init(descriptor: Int32, stage: Stage) {
    self.descriptor = descriptor
    self.stage = stage
    path = "descriptor \(descriptor)"
  }

  deinit { _ = close(descriptor) }

  /// The next bytes, `byteCount` of them unless the file ends before.
  func read(byteCount: Int) throws(StageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var filled = 0
    while filled < byteCount {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe systemRead(
          descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw StageError(stage, "cannot read \(path): \(errorText())")
      }
      if count == 0 { break }
      filled += count
    }
    bytes.removeLast(byteCount - filled)
    return bytes
  }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  unsafe read(descriptor, buffer.baseAddress, buffer.count)
}

/// What the last failed call of the system means.
func errorText() -> String { unsafe String(cString: strerror(errno)) }
