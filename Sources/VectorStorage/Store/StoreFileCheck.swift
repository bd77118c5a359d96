/// Reads what LMDB's two meta pages say about a store's file before it is mapped: touching a mapped page that the
/// file does not have would end the process.
///
/// The layout is that of LMDB 0.9 on 64-bit machines: a page header of 16 bytes, then magic, version, address,
/// map size, two table records of 48 bytes, the last page's number and the transaction's number.
struct StoreFileCheck {
  /// Bytes of a page.
  let pageByteCount: Int
  /// Bytes that the pages up to the last used one take.
  let usedByteCount: UInt64
  /// Bytes that the file has.
  let fileByteCount: UInt64

  private static let magic: UInt32 = 0xBEEF_C0DE
  private static let pageByteCounts = [4096, 8192, 16384, 32768, 65536]
  private static let metaOffset = 16
  private static let metaByteCount = 136

  private struct Meta {
    let pageByteCount: Int
    let lastPage: UInt64
    let transaction: UInt64
  }

  /// - Throws: `damaged` when the file cannot be a store.
  init(_ fileSystem: any FileSystem, path: String) throws(StorageError) {
    let file = try fileSystem.open(path, .read)
    fileByteCount = try file.byteCount()
    guard let first = try Self.meta(file, at: 0) else {
      throw .damaged(file: path, offset: 0, what: "its first meta page is not a store's")
    }
    pageByteCount = first.pageByteCount
    guard let second = try Self.meta(file, at: UInt64(first.pageByteCount)),
      second.pageByteCount == first.pageByteCount
    else {
      throw .damaged(
        file: path, offset: UInt64(first.pageByteCount), what: "its second meta page is not a store's")
    }
    let newest = first.transaction > second.transaction ? first : second
    let (bytes, overflow) = (newest.lastPage &+ 1).multipliedReportingOverflow(by: UInt64(pageByteCount))
    guard !overflow, bytes < 1 << 46, newest.lastPage >= 1 else {
      throw .damaged(file: path, offset: nil, what: "its meta page names \(newest.lastPage) as the last page")
    }
    usedByteCount = bytes
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

  private static func meta(_ file: any File, at offset: UInt64) throws(StorageError) -> Meta? {
    let bytes = try file.readBytes(count: metaOffset + metaByteCount, at: offset)
    guard bytes.count == metaOffset + metaByteCount else { return nil }
    let span = bytes.span
    let pageByteCount = Int(span.load(UInt32.self, at: metaOffset + 24))
    guard span.load(UInt32.self, at: metaOffset) == magic, span.load(UInt32.self, at: metaOffset + 4) == 1,
      pageByteCounts.contains(pageByteCount)
    else { return nil }
    return Meta(
      pageByteCount: pageByteCount, lastPage: span.load(at: metaOffset + 120),
      transaction: span.load(at: metaOffset + 128))
  }
}
