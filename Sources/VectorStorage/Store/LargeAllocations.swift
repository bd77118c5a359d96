import CLMDB
import Synchronization

/// What the allocator is told about memory: it keeps the large arrays of LMDB's stores out of the heap, and gives back.
///
/// LMDB takes 3 MB with `calloc` and `malloc` when it opens a file, and touches almost nothing of it. As pages of
/// their own they cost nothing; from a heap that was used before they would be cleared and stay resident, 2 MB a
/// store. glibc raises the size from which it maps allocations whenever one is freed, up to 32 MB, so the size is
/// lowered while a store is opened and then set to what glibc would arrive at.
package enum LargeAllocations {
  private static let opening = Mutex<Void>(())

  /// Gives all whole pages that nothing uses back to the system.
  /// - Complexity: linear in the heap; allocations wait meanwhile, milliseconds for 100 MB.
  package static func giveBack() {
    #if canImport(Glibc)
      malloc_trim(0)
    #endif
  }

  static func mapped<T>(_ open: () throws(StorageError) -> T) throws(StorageError) -> T {
    #if canImport(Glibc)
      try opening.withLock { (_) throws(StorageError) -> T in
        mallopt(M_MMAP_THRESHOLD, 512 << 10)
        defer {
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
