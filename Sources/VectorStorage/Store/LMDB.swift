import CLMDB

/// LMDB's flags and codes that are used here, and its errors as storage's.
enum LMDB {
  static let noSubdirectory = UInt32(MDB_NOSUBDIR)
  static let noThreadLocalStorage = UInt32(MDB_NOTLS)
  static let noMetaSync = UInt32(MDB_NOMETASYNC)
  static let noReadAhead = UInt32(MDB_NORDAHEAD)
  static let create = UInt32(MDB_CREATE)
  static let integerKey = UInt32(MDB_INTEGERKEY)
  static let append = UInt32(MDB_APPEND)

  /// What LMDB's `code` from `operation` means.
  static func error(_ code: Int32, _ operation: String, _ file: String) -> StorageError {
    switch code {
    case MDB_MAP_FULL:
      return .limit(file: file, what: "the store's map is full and may not grow further")
    case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_BAD_TXN, MDB_INCOMPATIBLE, MDB_CURSOR_FULL,
      MDB_PAGE_FULL:
      return .damaged(file: file, offset: nil, what: "\(operation): \(message(code))")
    case MDB_VERSION_MISMATCH:
      return .damaged(file: file, offset: nil, what: "it is not of the version of LMDB that reads it")
    case MDB_PANIC:
      return .poisoned(file: file, cause: message(code))
    case MDB_READERS_FULL:
      return .limit(file: file, what: "\(operation): too many readers at once")
    case 1...:
      return .io(operation: operation, file: file, offset: nil, errno: code)
    default:
      return .damaged(file: file, offset: nil, what: "\(operation): \(message(code)) (code \(code))")
    }
  }

  private static func message(_ code: Int32) -> String {
    guard let text = unsafe mdb_strerror(code) else { return "LMDB error \(code)" }
    return unsafe String(cString: text)
  }
}
