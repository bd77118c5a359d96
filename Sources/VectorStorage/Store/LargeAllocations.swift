import CLMDB
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// What the allocator is told about memory: it keeps the large arrays of LMDB's stores out of the heap, and gives back.
///
/// LMDB takes 3 MB with `calloc` and `malloc` when it opens a file, and touches almost nothing of it. As pages of
/// their own they cost nothing; from a heap that was used before they would be cleared and stay resident, 2 MB a
/// store. glibc raises the size from which it maps allocations whenever one is freed, up to 32 MB, so the size is
/// lowered while a store is opened and then set to what glibc would arrive at. It prefers holes of the heap to maps
/// whatever the size, so those that are large enough are taken meanwhile, untouched.
package enum LargeAllocations {
  private static let opening = Mutex<Void>(())

  /// Lets threads share few heaps; said first thing in a program, before it has threads.
  ///
  /// glibc gives threads heaps of their own, eight a core, and never gives back what lies free at the end of any but
  /// the first. After a load these ends took three times as much as the points. Large machines get a few heaps, which
  /// threads share without waiting for each other.
  /// - Parameter coresCount: of the machine.
  package static func shareHeaps(coresCount: Int) {
    #if canImport(Glibc)
      mallopt(M_ARENA_MAX, Int32(clamping: max(1, coresCount / 8)))
    #endif
  }

  /// Gives all whole pages that nothing uses back to the system.
  /// - Complexity: linear in the heap; allocations wait meanwhile, milliseconds for 100 MB.
  package static func giveBack() {
    #if canImport(Glibc)
      malloc_trim(0)
    #endif
  }

  #if canImport(Glibc)
    /// LMDB's arrays are larger than that.
    private static let holeBytes = 1 << 20
    private static let holesMax = 16_384

    /// The addresses of all holes of the heap that are large enough for one of LMDB's arrays.
    private static func takenHoles() -> [Int] {
      var holes: [Int] = []
      while holes.count < holesMax {
        let hole = unsafe Int(bitPattern: malloc(holeBytes))
        holes.append(hole)
        // The heap adds a few bytes, a map of its own whole pages, and another allocator than glibc's nothing.
        let usable = unsafe malloc_usable_size(UnsafeMutableRawPointer(bitPattern: hole))
        if usable <= holeBytes || usable > holeBytes + 2048 { break }
      }
      return holes
    }
  #endif

  static func mapped<T>(_ open: () throws(StorageError) -> T) throws(StorageError) -> T {
    #if canImport(Glibc)
      try opening.withLock { (_) throws(StorageError) -> T in
        mallopt(M_MMAP_THRESHOLD, 512 << 10)
        let holes = takenHoles()
        defer {
          for hole in holes { unsafe free(UnsafeMutableRawPointer(bitPattern: hole)) }
          mallopt(M_MMAP_THRESHOLD, 32 << 20)
          mallopt(M_TRIM_THRESHOLD, 64 << 20)
        }
        return try open()
      }
    #else
      try open()
    #endif
  }
}
