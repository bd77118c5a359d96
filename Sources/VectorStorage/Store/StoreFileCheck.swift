/// Compares a store's size with what its meta pages say before it is mapped: touching a mapped page that the file
/// does not have would end the process.
struct StoreFileCheck {
  /// Bytes of a page.
  let pageByteCount: Int
  /// Bytes that the pages up to the last used one take.
  let usedByteCount: UInt64
  /// Bytes that the file has.
  let fileByteCount: UInt64

  /// - Throws: `damaged` when the file cannot be a store.
  init(_ fileSystem: any FileSystem, path: String) throws(StorageError) {
    let file = try fileSystem.open(path, .read)
    fileByteCount = try file.byteCount()
    let meta = try StoreMeta.newest(file)
    pageByteCount = meta.pageByteCount
    usedByteCount = (meta.lastPage + 1) * UInt64(meta.pageByteCount)
  }

  /// Whether the file ends before the last page that its meta page names.
  var isShort: Bool { fileByteCount < usedByteCount }

  /// Makes a short file as long as its meta page says, so that reading through the map cannot end the process.
  ///
  /// LMDB leaves free pages at the end unwritten, so a short file may be whole; whether it is, shows the list of
  /// free pages.
  func extendIfShort(_ fileSystem: any FileSystem, path: String) throws(StorageError) {
    guard isShort else { return }
    guard usedByteCount - fileByteCount <= max(1 << 30, fileByteCount) else {
      throw .damaged(
        file: path, offset: fileByteCount,
        what: "the file ends here, its meta page says \(usedByteCount) bytes")
    }
    try fileSystem.open(path, .readWrite).truncate(to: usedByteCount)
  }
}
