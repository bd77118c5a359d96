/// Bytes that somebody keeps alive: a mapped file, huge pages, or an array.
///
/// Immutable after construction, so it may be read from any thread. The owner frees the bytes in its `deinit`.
@safe package final class MemoryRegion: Sendable {
  /// The bytes, valid as long as this object lives.
  nonisolated(unsafe) package let bytes: UnsafeRawBufferPointer
  private let release: @Sendable (UnsafeRawBufferPointer) -> Void

  /// Adopts `bytes`, which must stay unchanged until `release` is called with them.
  package init(
    _ bytes: UnsafeRawBufferPointer, release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
  ) {
    unsafe self.bytes = bytes
    unsafe self.release = release
  }

  /// Copies `contents` into memory aligned to 64 bytes.
  package convenience init(copying contents: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 64)
    unsafe copy.copyBytes(from: contents)
    unsafe self.init(UnsafeRawBufferPointer(copy)) { unsafe $0.deallocate() }
  }

  deinit { unsafe release(bytes) }

  package var count: Int { unsafe bytes.count }
}

/// A span of a region that keeps the region alive.
package struct MemorySlice: Sendable {
  package let region: MemoryRegion
  package let offset: Int
  package let count: Int

  package init(_ region: MemoryRegion, offset: Int = 0, count: Int? = nil) {
    let length = count ?? region.count - offset
    precondition(offset >= 0 && length >= 0 && offset + length <= region.count)
    self.region = region
    self.offset = offset
    self.count = length
  }

  /// The bytes, valid as long as `region` lives.
  package var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: region.bytes[offset..<(offset + count)])
  }
}
