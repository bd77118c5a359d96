#if os(Linux)
  import VectorModel

  @testable import VectorIndex

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif

  /// A file without a name, whose pages the system has in its cache and this process none in its page table.
  enum MappedFile {
    static let pageByteCount = 4096

    static func region(of contents: [UInt8]) -> MemoryRegion {
      guard let file = unsafe tmpfile() else { preconditionFailure("no temporary file") }
      defer { unsafe fclose(file) }
      precondition(unsafe fwrite(contents, 1, contents.count, file) == contents.count)
      unsafe fflush(file)
      guard let address = unsafe mmap(nil, contents.count, PROT_READ, MAP_SHARED, fileno(file), 0),
        unsafe address != MAP_FAILED
      else { preconditionFailure("the file is not mapped") }
      return unsafe MemoryRegion(UnsafeRawBufferPointer(start: address, count: contents.count)) {
        unsafe munmap(UnsafeMutableRawPointer(mutating: $0.baseAddress), $0.count)
      }
    }

    /// Whether the system enters pages on advice: since Linux 5.14.
    static var canBeEntered: Bool {
      let page = region(of: [UInt8](repeating: 1, count: pageByteCount))
      return unsafe madvise(
        UnsafeMutableRawPointer(mutating: page.bytes.baseAddress), pageByteCount, AnonymousMemory.populateRead
      ) == 0
    }

    /// Whether the page table has all pages, by `/proc/self/pagemap`: eight bytes a page, the highest bit says so.
    static func isEntered(_ region: MemoryRegion) -> Bool {
      let pagesCount = unsafe (region.bytes.count + pageByteCount - 1) / pageByteCount
      let first = unsafe Int(bitPattern: region.bytes.baseAddress) / pageByteCount
      var entries = [UInt64](repeating: 0, count: pagesCount)
      let file = unsafe open("/proc/self/pagemap", O_RDONLY)
      precondition(file >= 0)
      defer { close(file) }
      precondition(unsafe pread(file, &entries, 8 * pagesCount, off_t(8 * first)) == 8 * pagesCount)
      return entries.allSatisfy { $0 >> 63 == 1 }
    }
  }
#endif
