import Testing
import VectorModel

@testable import VectorIndex

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
      let contents = (0..<(2 * Self.huge + 4096 + 100)).map { UInt8(truncatingIfNeeded: $0 / 4096) }
      let region = MappedFile.region(of: contents)
      MemorySlice(region, offset: 100).mapCachedPages()
      if MappedFile.canBeEntered {
        #expect(!MappedFile.isEntered(region))
        MemorySlice(region).mapCachedPages()
        #expect(MappedFile.isEntered(region))
      }
      #expect(unsafe region.bytes.elementsEqual(contents))
    }
  #endif
}
