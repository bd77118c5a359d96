/// One of the two meta pages of an LMDB file, of which the one with the higher transaction counts.
///
/// The layout is that of LMDB 0.9 on 64-bit machines, in native byte order: a page header of 16 bytes, then magic,
/// version, address, map size, the records of the trees of free pages and of tables, the last page's number and the
/// transaction's number.
struct StoreMeta: Equatable, Sendable {
  /// What LMDB keeps about one tree.
  struct Tree: Equatable, Sendable {
    static let byteCount = 48

    let flags: UInt16
    let depth: UInt16
    let branchPageCount: UInt64
    let leafPageCount: UInt64
    let overflowPageCount: UInt64
    let entryCount: UInt64
    /// The root page's number; nil for an empty tree.
    let root: UInt64?

    /// Reads a record at `offset`, which the caller has checked to be whole.
    init(_ bytes: Span<UInt8>, at offset: Int) {
      flags = bytes.load(at: offset + 4)
      depth = bytes.load(at: offset + 6)
      branchPageCount = bytes.load(at: offset + 8)
      leafPageCount = bytes.load(at: offset + 16)
      overflowPageCount = bytes.load(at: offset + 24)
      entryCount = bytes.load(at: offset + 32)
      let page: UInt64 = bytes.load(at: offset + 40)
      root = page == .max ? nil : page
    }

    /// Whether the record can be one of a file whose last page is `lastPage`.
    func isPlausible(lastPage: UInt64) -> Bool {
      guard let root else { return depth == 0 && entryCount == 0 }
      return root >= 2 && root <= lastPage && depth >= 1 && depth <= 32 && entryCount > 0
    }
  }

  /// Bytes from the beginning of the page to the end of the fields.
  static let byteCount = 152
  private static let magic: UInt32 = 0xBEEF_C0DE
  private static let dataVersion: UInt32 = 1
  private static let pageByteCounts = [4096, 8192, 16384, 32768, 65536]
  private static let metaPageFlags: UInt16 = 8
  /// The flags of a tree; a higher bit is the environment's.
  private static let treeFlagsMask: UInt16 = 0x7F
  private static let integerKeyFlag: UInt16 = 8

  let pageByteCount: Int
  let free: Tree
  let tables: Tree
  let lastPage: UInt64
  let transaction: UInt64

  /// Reads meta page `index` (0 or 1) from the bytes of its beginning; nil when it cannot be one.
  init?(_ bytes: Span<UInt8>, index: UInt64) {
    guard bytes.count >= Self.byteCount, bytes.load(UInt64.self, at: 0) == index,
      bytes.load(UInt16.self, at: 10) == Self.metaPageFlags, bytes.load(UInt32.self, at: 16) == Self.magic,
      bytes.load(UInt32.self, at: 20) == Self.dataVersion
    else { return nil }
    pageByteCount = Int(bytes.load(UInt32.self, at: 40))
    free = Tree(bytes, at: 40)
    tables = Tree(bytes, at: 40 + Tree.byteCount)
    lastPage = bytes.load(at: 136)
    transaction = bytes.load(at: 144)
    guard Self.pageByteCounts.contains(pageByteCount), lastPage >= 1,
      lastPage < 1 << 46 / UInt64(pageByteCount),
      free.flags & Self.treeFlagsMask == Self.integerKeyFlag, tables.flags & Self.treeFlagsMask == 0,
      free.isPlausible(lastPage: lastPage), tables.isPlausible(lastPage: lastPage)
    else { return nil }
  }

  /// Reads both meta pages and returns the newer one.
  ///
  /// Commits write the pages in turn, so their transactions are neighbours and the page's index is the
  /// transaction's lowest bit; anything else is damage.
  /// - Throws: `damaged` naming the page.
  static func newest(_ file: any File) throws(StorageError) -> StoreMeta {
    let first = try read(file, index: 0, at: 0)
    let second = try read(file, index: 1, at: UInt64(first.pageByteCount))
    guard first.pageByteCount == second.pageByteCount,
      first.transaction % 2 == 0 && second.transaction % 2 == 1 || second.transaction == 0,
      max(first.transaction, second.transaction) - min(first.transaction, second.transaction) <= 1
    else {
      throw .damaged(
        file: file.path, offset: 0,
        what: "its meta pages are of the transactions \(first.transaction) and \(second.transaction)")
    }
    return first.transaction > second.transaction ? first : second
  }

  private static func read(_ file: any File, index: UInt64, at offset: UInt64) throws(StorageError)
    -> StoreMeta
  {
    let bytes = try file.readBytes(count: byteCount, at: offset)
    guard let meta = StoreMeta(bytes.span, index: index) else {
      throw .damaged(file: file.path, offset: offset, what: "meta page \(index) is not a store's")
    }
    return meta
  }
}
