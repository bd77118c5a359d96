#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Lets many in together, or one alone; whoever waits to be alone keeps newcomers out.
///
/// Not reentrant: a thread inside must not enter again.
@safe final class Gate: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_rwlock_t>

  init() {
    unsafe lock = .allocate(capacity: 1)
    #if canImport(Glibc)
      var attributes = pthread_rwlockattr_t()
      unsafe pthread_rwlockattr_init(&attributes)
      unsafe pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
      unsafe pthread_rwlock_init(lock, &attributes)
      unsafe pthread_rwlockattr_destroy(&attributes)
    #else
      unsafe pthread_rwlock_init(lock, nil)
    #endif
  }

  deinit {
    unsafe pthread_rwlock_destroy(lock)
    unsafe lock.deallocate()
  }

  /// Runs `body` together with others that share the gate.
  func shared<T>(_ body: () throws(StorageError) -> T) throws(StorageError) -> T {
    unsafe pthread_rwlock_rdlock(lock)
    defer { unsafe pthread_rwlock_unlock(lock) }
    return try body()
  }

  /// Runs `body` while nobody else is inside.
  func exclusive<T>(_ body: () throws(StorageError) -> T) throws(StorageError) -> T {
    unsafe pthread_rwlock_wrlock(lock)
    defer { unsafe pthread_rwlock_unlock(lock) }
    return try body()
  }

  /// Runs `body` unless somebody is inside.
  /// - Returns: whether it ran.
  func exclusiveIfFree(_ body: () throws(StorageError) -> Void) throws(StorageError) -> Bool {
    guard unsafe pthread_rwlock_trywrlock(lock) == 0 else { return false }
    defer { unsafe pthread_rwlock_unlock(lock) }
    try body()
    return true
  }
}
