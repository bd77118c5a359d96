#if os(Linux)
  import Synchronization

  #if canImport(Glibc)
    import Glibc
  #else
    import Musl
  #endif

  /// A file that is written in order, past the page cache.
  ///
  /// What is written once and seldom read needs no pages of memory, which the kernel would have to find, fill and
  /// write back. Such writes are whole blocks from aligned memory, so the block that a write ends in is written again
  /// by the next one, with the bytes that it had.
  final class DirectFile: File {
    /// `O_DIRECT`, which the system's header hides.
    #if arch(arm64) || arch(arm)
      static let flag: Int32 = 0o200_000
    #else
      static let flag: Int32 = 0o40_000
    #endif
    private static let blockBytes = 4096
    /// More would be copied, and not written by one call.
    private static let writeBytesMax = POSIXFile.callBytesMax

    /// The bytes of the block in which the last write ended.
    private struct Tail {
      var offset: UInt64
      var bytes: [UInt8]
    }

    private let file: POSIXFile
    private let tail = Mutex<Tail?>(nil)

    /// - Parameter file: opened with `O_DIRECT`.
    init(_ file: POSIXFile) { self.file = file }

    var path: String { file.path }

    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) -> Int {
      guard bytes.count > 0 else { return 0 }
      let start = offset & ~UInt64(Self.blockBytes - 1)
      let head = Int(offset - start)
      let count = min(bytes.count, Self.writeBytesMax - head)
      let end = head + count
      return try tail.withLock { (tail) throws(StorageError) in
        let blocks = try AlignedBytes(count: Self.roundedUp(end), alignment: Self.blockBytes)
        if head > 0 {
          if let tail, tail.offset == start, tail.bytes.count == head {
            blocks.copy(tail.bytes.span, to: 0)
          } else {
            blocks.clear(0..<Self.blockBytes)
            _ = try unsafe blocks.withBytes(0..<Self.blockBytes) { (block) throws(StorageError) in
              try direct { () throws(StorageError) in try unsafe file.read(into: block, at: start) }
            }
          }
        }
        blocks.copy(bytes.extracting(0..<count), to: head)
        blocks.clear(end..<blocks.count)
        tail = nil
        let written = try writeBlocks(blocks, at: start)
        guard written >= end else {
          guard written > head else { throw .io(operation: "write", file: path, offset: offset, errno: EIO) }
          return written - head
        }
        let last = end & ~(Self.blockBytes - 1)
        if last < end { tail = Tail(offset: start + UInt64(last), bytes: blocks.array(last..<end)) }
        return count
      }
    }

    private func writeBlocks(_ blocks: borrowing AlignedBytes, at start: UInt64) throws(StorageError) -> Int {
      try unsafe blocks.withBytes(0..<blocks.count) { (bytes) throws(StorageError) in
        try direct { () throws(StorageError) in
          try unsafe file.write(UnsafeRawBufferPointer(bytes), at: start)
        }
      }
    }

    /// Some file systems let a file be opened like this and then want more of the alignment, or have no way to reserve
    /// space but to write a byte a block.
    private func direct<T>(_ body: () throws(StorageError) -> T) throws(StorageError) -> T {
      do throws(StorageError) { return try body() } catch {
        guard case .io(_, _, _, EINVAL) = error else { throw error }
        try file.useThePageCache()
        return try body()
      }
    }

    static func roundedUp(_ count: Int) -> Int { (count + blockBytes - 1) & ~(blockBytes - 1) }

    func read(
      into buffer: inout [UInt8], _ range: Range<Int>, at offset: UInt64
    ) throws(StorageError) -> Int {
      let start = offset & ~UInt64(Self.blockBytes - 1)
      let head = Int(offset - start)
      let end = head + min(range.count, Self.writeBytesMax - head)
      let blocks = try AlignedBytes(count: Self.roundedUp(end), alignment: Self.blockBytes)
      let read = try unsafe blocks.withBytes(0..<blocks.count) { (bytes) throws(StorageError) in
        try direct { () throws(StorageError) in try unsafe file.read(into: bytes, at: start) }
      }
      guard read > head else { return 0 }
      let found = blocks.array(head..<min(read, end))
      buffer.replaceSubrange(range.lowerBound..<(range.lowerBound + found.count), with: found)
      return found.count
    }

    func byteCount() throws(StorageError) -> UInt64 { try file.byteCount() }
    func preallocate(_ range: Range<UInt64>) throws(StorageError) {
      try direct { () throws(StorageError) in try file.preallocate(range) }
    }
    func sync() throws(StorageError) { try file.sync() }
    func lock() throws(StorageError) -> Bool { try file.lock() }
    func close() throws(StorageError) { try file.close() }

    func truncate(to byteCount: UInt64) throws(StorageError) {
      tail.withLock { $0 = nil }
      try file.truncate(to: byteCount)
    }
  }

  /// Memory at an address that is a multiple of `alignment`.
  @safe private struct AlignedBytes: ~Copyable {
    let count: Int
    private let base: UnsafeMutableRawPointer

    init(count: Int, alignment: Int) throws(StorageError) {
      var memory: UnsafeMutableRawPointer?
      let code = unsafe posix_memalign(&memory, alignment, count)
      guard code == 0, let base = unsafe memory else {
        throw .io(operation: "allocation of \(count) bytes", file: "", offset: nil, errno: code)
      }
      self.count = count
      unsafe self.base = base
    }

    deinit { unsafe free(base) }

    func withBytes<T>(
      _ range: Range<Int>, _ body: (UnsafeMutableRawBufferPointer) throws(StorageError) -> T
    ) throws(StorageError) -> T {
      precondition(range.lowerBound >= 0 && range.upperBound <= count)
      return try unsafe body(
        UnsafeMutableRawBufferPointer(start: base.advanced(by: range.lowerBound), count: range.count))
    }

    func copy(_ bytes: Span<UInt8>, to offset: Int) {
      precondition(offset >= 0 && offset + bytes.count <= count)
      unsafe bytes.withUnsafeBytes { source in
        guard let address = source.baseAddress else { return }
        unsafe base.advanced(by: offset).copyMemory(from: address, byteCount: source.count)
      }
    }

    func clear(_ range: Range<Int>) {
      precondition(range.lowerBound >= 0 && range.upperBound <= count)
      unsafe memset(base.advanced(by: range.lowerBound), 0, range.count)
    }

    func array(_ range: Range<Int>) -> [UInt8] {
      precondition(range.lowerBound >= 0 && range.upperBound <= count)
      return unsafe Array(
        UnsafeRawBufferPointer(start: base.advanced(by: range.lowerBound), count: range.count))
    }
  }
#endif
