import VectorModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Zeroed memory that a builder fills and then hands over as an immutable region.
///
/// From 1 MiB on it is mapped anonymously, aligned to 2 MiB and advised to use huge pages, which makes random rows
/// 1.3 to 1.5 times faster to reach; below it comes from the allocator, aligned to 64 bytes, which keeps it for later.
/// What is left behind the last whole huge page has small ones where another huge page would be mostly waste.
@safe struct AnonymousMemory {
  fileprivate static let hugePageBytes = 2 << 20
  fileprivate static let mappedBytesMin = 1 << 20
  fileprivate static let pageBytes = sysconf(Int32(_SC_PAGESIZE))
  /// `MADV_POPULATE_READ`, which not every C library names; systems older than Linux 5.14 refuse it.
  static let populateRead: Int32 = 22

  let bytes: UnsafeMutableRawBufferPointer

  /// - Parameter isRandomlyRead: whether huge pages pay: the system clears two megabytes for the first byte of each.
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(byteCount: Int, isRandomlyRead: Bool = true) throws(RequestError) {
    if byteCount < Self.mappedBytesMin {
      unsafe bytes = .allocate(byteCount: max(byteCount, 1), alignment: 64)
      _ = unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    let length = Self.mappedByteCount(byteCount)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    let reserved = length + Self.hugePageBytes
    guard let start = unsafe mmap(nil, reserved, PROT_READ | PROT_WRITE, flags, -1, 0),
      unsafe start != MAP_FAILED
    else {
      throw RequestError(.insufficientStorage, "no memory for \(byteCount) bytes of an index part")
    }
    let address = Int(bitPattern: start)
    let lead = (Self.hugePageBytes - address % Self.hugePageBytes) % Self.hugePageBytes
    if lead > 0 { unsafe munmap(start, lead) }
    unsafe munmap(start + lead + length, reserved - lead - length)
    #if os(Linux)
      if isRandomlyRead { _ = unsafe madvise(start + lead, Self.hugeByteCount(byteCount), MADV_HUGEPAGE) }
    #endif
    unsafe bytes = UnsafeMutableRawBufferPointer(start: start + lead, count: byteCount)
  }

  /// Frees memory that was not handed over.
  func free() { unsafe Self.release(UnsafeRawBufferPointer(bytes)) }

  /// Hands the memory over; `count` bytes of it are the slice.
  func slice(count: Int) -> MemorySlice {
    let region = unsafe MemoryRegion(UnsafeRawBufferPointer(bytes), release: Self.release)
    return MemorySlice(region, offset: 0, count: count)
  }

  /// How many bytes are mapped: whole pages.
  private static func mappedByteCount(_ byteCount: Int) -> Int {
    max(hugeByteCount(byteCount), (byteCount + pageBytes - 1) / pageBytes * pageBytes)
  }

  /// How many of them are in huge pages, the last of which wastes at most a thirty-second of all.
  static func hugeByteCount(_ byteCount: Int) -> Int {
    let whole = byteCount / hugePageBytes * hugePageBytes
    let waste = whole + hugePageBytes - byteCount
    return whole < byteCount && waste <= byteCount / 32 ? whole + hugePageBytes : whole
  }

  @Sendable private static func release(_ bytes: UnsafeRawBufferPointer) {
    if bytes.count < mappedBytesMin {
      unsafe bytes.deallocate()
    } else {
      unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), mappedByteCount(bytes.count))
    }
  }
}

extension MemorySlice {
  /// Gives the pages from a byte on back to the system, of a slice of `AnonymousMemory`; they are zero from then on.
  ///
  /// A huge page of which only the beginning was written else stays whole.
  func giveBack(from offset: Int) {
    #if os(Linux)
      let bytes = unsafe self.bytes
      guard let start = bytes.baseAddress, bytes.count >= AnonymousMemory.mappedBytesMin else { return }
      let first =
        (offset + AnonymousMemory.pageBytes - 1) / AnonymousMemory.pageBytes * AnonymousMemory.pageBytes
      guard first < bytes.count else { return }
      _ = unsafe madvise(
        UnsafeMutableRawPointer(mutating: start + first), bytes.count - first, MADV_DONTNEED)
    #endif
  }

  /// Enters the pages of a mapped file that the system's cache has into the page table; none is read from the file.
  ///
  /// Else each read of a page that no read met before waits some microseconds: twenty rescored rows of a new part
  /// cost as much as the walk.
  /// - Complexity: O(pages)
  func mapCachedPages() {
    #if os(Linux)
      let bytes = unsafe self.bytes
      guard let start = bytes.baseAddress, Int(bitPattern: start) % AnonymousMemory.pageBytes == 0 else {
        return
      }
      let step = AnonymousMemory.hugePageBytes
      var isCached = [UInt8](repeating: 0, count: step / AnonymousMemory.pageBytes)
      for offset in stride(from: 0, to: bytes.count, by: step) {
        let piece = unsafe UnsafeMutableRawPointer(mutating: start + offset)
        let length = min(step, bytes.count - offset)
        let pages = (length + AnonymousMemory.pageBytes - 1) / AnonymousMemory.pageBytes
        guard unsafe mincore(piece, length, &isCached) == 0,
          isCached.prefix(pages).allSatisfy({ $0 & 1 == 1 })
        else { continue }
        _ = unsafe madvise(piece, length, AnonymousMemory.populateRead)
      }
    #endif
  }

  /// Tells the system that pages of a mapped file are read one by one.
  func adviseRandomAccess() {
    #if os(Linux)
      let bytes = unsafe self.bytes
      guard let start = bytes.baseAddress, Int(bitPattern: start) % 4096 == 0 else { return }
      _ = unsafe madvise(UnsafeMutableRawPointer(mutating: start), bytes.count, MADV_RANDOM)
    #endif
  }
}
