import Testing
import VectorModel

@testable import VectorIndex

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct AnonymousMemoryTests {
  private static let huge = 2 << 20

  @Test func theLastHugePageIsTakenWhereLittleOfItIsWasted() {
    #expect(AnonymousMemory.hugeByteCount(Self.huge) == Self.huge)
    #expect(AnonymousMemory.hugeByteCount(Self.huge + 1) == Self.huge)
    #expect(AnonymousMemory.hugeByteCount(9_600_000) == 4 * Self.huge)
    #expect(AnonymousMemory.hugeByteCount(4 * Self.huge - 4096) == 4 * Self.huge)
    #expect(AnonymousMemory.hugeByteCount(100 * Self.huge + 1) == 101 * Self.huge)
  }

  @Test(arguments: [1, 4096, huge - 1, huge, huge + 1, 3 * huge + 4097, 4 * huge - 1])
  func allBytesAreZeroAndCanBeWritten(byteCount: Int) throws {
    let memory = try AnonymousMemory(byteCount: byteCount)
    #expect(unsafe memory.bytes.allSatisfy { $0 == 0 })
    unsafe memory.bytes.initializeMemory(as: UInt8.self, repeating: 7)
    let slice = memory.slice(count: byteCount)
    #expect(unsafe slice.bytes.allSatisfy { $0 == 7 })
  }

  @Test(arguments: [huge / 2, huge, 3 * huge + 4097])
  func onlyWhatLiesBehindIsGivenBack(byteCount: Int) throws {
    let memory = try AnonymousMemory(byteCount: byteCount)
    unsafe memory.bytes.initializeMemory(as: UInt8.self, repeating: 7)
    let slice = memory.slice(count: byteCount)
    let kept = byteCount / 2 - 100
    slice.giveBack(from: kept)
    #expect(unsafe slice.bytes[..<kept].allSatisfy { $0 == 7 })
    #if os(Linux)
      #expect(unsafe slice.bytes[(byteCount / 2 + 65_536)...].allSatisfy { $0 == 0 })
    #endif
    slice.giveBack(from: byteCount)
    #expect(unsafe slice.bytes[..<kept].allSatisfy { $0 == 7 })
  }

  #if os(Linux)
    /// A file of three pieces, the last of which ends within a page; a slice that begins within one is left alone.
    @Test func pagesOfAFileAreMappedBeforeTheyAreRead() {
      let byteCount = 2 * Self.huge + 4096 + 100
      guard let file = unsafe tmpfile() else { preconditionFailure("no temporary file") }
      defer { unsafe fclose(file) }
      let contents = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 / 4096) }
      #expect(unsafe fwrite(contents, 1, byteCount, file) == byteCount)
      unsafe fflush(file)
      guard let address = unsafe mmap(nil, byteCount, PROT_READ, MAP_SHARED, fileno(file), 0),
        unsafe address != MAP_FAILED
      else { preconditionFailure("the file is not mapped") }
      let region = unsafe MemoryRegion(UnsafeRawBufferPointer(start: address, count: byteCount)) {
        unsafe munmap(UnsafeMutableRawPointer(mutating: $0.baseAddress), $0.count)
      }
      MemorySlice(region, offset: 100).mapCachedPages()
      // Older systems than Linux 5.14 do not know this advice.
      if unsafe madvise(address, 4096, AnonymousMemory.populateRead) == 0 {
        MemorySlice(region).mapCachedPages()
        let before = Self.faultsOfThread()
        var sum = 0
        for offset in stride(from: 0, to: byteCount, by: 4096) { sum += Int(unsafe region.bytes[offset]) }
        let after = Self.faultsOfThread()
        #expect(sum > 0 && after == before)
      }
      #expect(unsafe region.bytes.elementsEqual(contents))
    }

    private static func faultsOfThread() -> Int {
      var usage = rusage()
      #if canImport(Glibc)
        _ = unsafe getrusage(__rusage_who_t(1), &usage)
      #else
        _ = unsafe getrusage(1, &usage)
      #endif
      return usage.ru_minflt
    }
  #endif
}
