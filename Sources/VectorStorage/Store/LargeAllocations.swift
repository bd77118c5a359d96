import CLMDB
import Synchronization

/// Keeps the large arrays that LMDB allocates for each store out of the heap.
///
/// LMDB takes 3 MB with `calloc` and `malloc` when it opens a file, and touches almost nothing of it. As pages of
/// their own they cost nothing; from a heap that was used before they would be cleared and stay resident, 2 MB a
/// store. glibc raises the size from which it maps allocations whenever one is freed, up to 32 MB, so the size is
/// lowered while a store is opened and then set to what glibc would arrive at.
enum LargeAllocations {
  private static let opening = Mutex<Void>(())

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
