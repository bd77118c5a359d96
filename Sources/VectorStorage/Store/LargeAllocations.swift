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
  /// Free bytes at the end of a heap that are kept for later, and by how many a heap grows besides what is asked for:
  /// glibc's own number.
  private static let trimThreshold: Int32 = 64 << 20
  private static let topPad: Int32 = 128 << 10

  /// Most heaps of the process. glibc's own limit is eight a core: each keeps what is free at its end.
  ///
  /// Not one for all: whoever is preempted while he has the heap keeps the event loops waiting. With one heap searches
  /// while points were written had a p95 of 4.9 ms, with sixteen 3.5.
  package static let heapsMax = 8

  /// Limits the heaps; said first thing in a program, before it has threads.
  package static func limitHeaps() {
    #if canImport(Glibc)
      mallopt(M_ARENA_MAX, Int32(heapsMax))
    #endif
  }

  /// Gives all whole pages that nothing uses back to the system, but for those at the ends of heaps.
  /// - Complexity: linear in the heaps; allocations wait meanwhile, milliseconds for 100 MB.
  package static func giveBack() {
    #if canImport(Glibc)
      malloc_trim(0)
    #endif
  }

  /// Gives the free ends of all heaps back to the system, after a load three times as much as the points take.
  ///
  /// glibc looks at the end of a heap only when something large in it is freed.
  /// - Parameter onThreads: calls `body` on so many threads at once, with a closure that returns once all of them have
  ///   called it, or after a while: as long as each holds memory, a new thread takes the next heap.
  package static func giveBackEnds(
    onThreads: (_ count: Int, _ body: @escaping @Sendable (() -> Void) -> Void) -> Void
  ) {
    #if canImport(Glibc)
      opening.withLock { _ in
        mallopt(M_TRIM_THRESHOLD, 128 << 10)
        mallopt(M_TOP_PAD, 0)
        onThreads(2 * heapsMax) { untilAllHaveCome in
          let block = unsafe malloc(256 << 10)
          // Memory that nobody looks at the compiler need not take.
          _ = unsafe malloc_usable_size(block)
          untilAllHaveCome()
          unsafe free(block)
        }
        mallopt(M_TRIM_THRESHOLD, trimThreshold)
        mallopt(M_TOP_PAD, topPad)
      }
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
          mallopt(M_TRIM_THRESHOLD, trimThreshold)
        }
        return try open()
      }
    #else
      try open()
    #endif
  }
}
