import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file descriptor that closes itself.
final class POSIXFile: File {
  let path: String
  private let descriptor: Int32
  private let isClosed = Atomic(false)

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit {
    if !isClosed.load(ordering: .relaxed) { _ = systemClose(descriptor) }
  }

  func byteCount() throws(StorageError) -> UInt64 {
    var status = stat()
    guard unsafe fstat(try open(), &status) == 0 else { throw failure("stat", nil) }
    return UInt64(status.st_size)
  }

  func read(
    into buffer: inout [UInt8], _ range: Range<Int>, at offset: UInt64
  ) throws(StorageError) -> Int {
    let descriptor = try open()
    precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { target in
        unsafe pread(
          descriptor, target.baseAddress?.advanced(by: range.lowerBound), range.count, off_t(offset))
      }
      if count >= 0 { return count }
      guard errno == EINTR else { throw failure("read", offset) }
    }
  }

  /// Reads as many bytes as there are, at most the buffer's.
  @unsafe func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int
  {
    let descriptor = try open()
    while true {
      let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      if count >= 0 { return count }
      guard errno == EINTR else { throw failure("read", offset) }
    }
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) -> Int {
    guard bytes.count > 0 else { return 0 }
    return try unsafe bytes.withUnsafeBytes { (source) throws(StorageError) in
      try unsafe write(source, at: offset)
    }
  }

  /// Bytes of one call at most: a kernel without preemption keeps the processor until a call returns, and a builder that
  /// wrote a section by one call was seen to keep it for 60 ms.
  static let callBytesMax = 256 << 10

  /// Writes at least one byte, and returns how many.
  @unsafe func write(_ source: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
    let descriptor = try open()
    while true {
      let count = unsafe pwrite(
        descriptor, source.baseAddress, min(source.count, Self.callBytesMax), off_t(offset))
      if count > 0 { return count }
      if count == 0 { throw .io(operation: "write", file: path, offset: offset, errno: EIO) }
      guard errno == EINTR else { throw failure("write", offset) }
    }
  }

  func preallocate(_ range: Range<UInt64>) throws(StorageError) {
    let descriptor = try open()
    #if canImport(Darwin)
      var store = fstore_t(
        fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
        fst_length: off_t(range.count), fst_bytesalloc: 0)
      guard unsafe fcntl(descriptor, F_PREALLOCATE, &store) != -1 else { throw failure("preallocate", nil) }
      try truncate(to: range.upperBound)
    #else
      let code = posix_fallocate(
        descriptor, off_t(range.lowerBound), off_t(range.upperBound - range.lowerBound))
      guard code == 0 else {
        throw .io(operation: "preallocate", file: path, offset: range.lowerBound, errno: code)
      }
    #endif
  }

  #if os(Linux)
    /// Takes `O_DIRECT` away.
    func useThePageCache() throws(StorageError) {
      let descriptor = try open()
      let flags = fcntl(descriptor, F_GETFL)
      guard flags >= 0, fcntl(descriptor, F_SETFL, flags & ~DirectFile.flag) == 0 else {
        throw failure("change of flags", nil)
      }
    }
  #endif

  func truncate(to byteCount: UInt64) throws(StorageError) {
    guard ftruncate(try open(), off_t(byteCount)) == 0 else { throw failure("truncate", byteCount) }
  }

  func sync() throws(StorageError) {
    let descriptor = try open()
    #if canImport(Darwin)
      let result = fcntl(descriptor, F_FULLFSYNC)
    #else
      let result = fdatasync(descriptor)
    #endif
    guard result == 0 else { throw failure("sync", nil) }
  }

  func lock() throws(StorageError) -> Bool {
    if flock(try open(), LOCK_EX | LOCK_NB) == 0 { return true }
    guard errno == EWOULDBLOCK else { throw failure("lock", nil) }
    return false
  }

  func close() throws(StorageError) {
    guard !isClosed.exchange(true, ordering: .relaxed) else { return }
    guard systemClose(descriptor) == 0 else { throw failure("close", nil) }
  }

  private func open() throws(StorageError) -> Int32 {
    guard !isClosed.load(ordering: .relaxed) else { throw .closed(file: path) }
    return descriptor
  }

  private func failure(_ operation: String, _ offset: UInt64?) -> StorageError {
    .io(operation: operation, file: path, offset: offset, errno: errno)
  }
}

private func systemClose(_ descriptor: Int32) -> Int32 {
  // A child that was just forked shares the lock until it runs its program: closing alone would not end it yet.
  _ = flock(descriptor, LOCK_UN)
  return close(descriptor)
}
