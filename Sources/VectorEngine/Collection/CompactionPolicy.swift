/// When a store is written anew to give its free pages back to the file system.
///
/// LMDB uses free pages again and never shortens its file, so only a store that has lost much of what it held gains by
/// it: a policy by share alone would rewrite small stores for nothing, one by bytes alone large ones again and again.
package struct CompactionPolicy: Sendable {
  /// Free pages must be worth more than this.
  package var freeBytesMin: UInt64 = 64 << 20
  /// Free pages must be more than this share of the file.
  package var freeShareMin = 0.5
  /// How often a store's free pages are counted.
  package var intervalMilliseconds = 10_000

  /// - Parameters:
  ///   - byteCount: bytes that the store's pages take.
  ///   - liveByteCount: bytes of the pages that hold something.
  func isDue(byteCount: UInt64, liveByteCount: UInt64) -> Bool {
    guard byteCount > liveByteCount else { return false }
    let free = byteCount - liveByteCount
    return free > freeBytesMin && Double(free) > freeShareMin * Double(byteCount)
  }
}
