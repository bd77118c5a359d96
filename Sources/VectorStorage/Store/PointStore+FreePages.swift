extension PointStore {
  /// Holds that every page behind the file's end is in LMDB's list of free pages.
  /// - Throws: `damaged` when a page with contents is missing.
  func requireFreePages(_ check: StoreFileCheck) throws(StorageError) {
    let firstMissing = check.fileByteCount / UInt64(check.pageByteCount)
    let missingCount = check.usedByteCount / UInt64(check.pageByteCount) - firstMissing
    let freeCount = try read { (reader) throws(StorageError) in
      try reader.freePageCount(from: firstMissing)
    }
    guard freeCount >= missingCount else {
      throw .damaged(
        file: path, offset: check.fileByteCount,
        what: "the file ends here, its meta page says \(check.usedByteCount) bytes")
    }
  }

  /// Bytes of all pages up to the last one that was ever used, and of those that hold something now.
  /// - Complexity: O(1).
  package func space() throws(StorageError) -> (byteCount: UInt64, liveByteCount: UInt64) {
    let byteCount = try usedByteCount()
    let live = try read { (reader) throws(StorageError) in try reader.livePageBytes() }
    return (byteCount, min(live, byteCount))
  }
}
