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
    static func canBeEntered(_ region: MemoryRegion) -> Bool {
      unsafe madvise(
        UnsafeMutableRawPointer(mutating: region.bytes.baseAddress), pageByteCount,
        AnonymousMemory.populateRead) == 0
    }

    /// How many page faults this thread meets that reads a byte of each page.
    static func faults(reading region: MemoryRegion) -> Int {
      let before = faultsOfThread()
      var sum = 0
      for offset in stride(from: 0, to: unsafe region.bytes.count, by: pageByteCount) {
        sum += Int(unsafe region.bytes[offset])
      }
      return withExtendedLifetime(sum) { faultsOfThread() - before }
    }

    private static func faultsOfThread() -> Int {
      var usage = rusage()
      // RUSAGE_THREAD, which C libraries declare for GNU programs only.
      #if canImport(Glibc)
        _ = unsafe getrusage(__rusage_who_t(1), &usage)
      #else
        _ = unsafe getrusage(1, &usage)
      #endif
      return usage.ru_minflt
    }
  }
#endif
