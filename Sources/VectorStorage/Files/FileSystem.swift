package import VectorModel

/// How a file is opened.
package enum FileAccess: Sendable {
  /// Must exist; writes fail.
  case read
  /// Must exist.
  case readWrite
  /// Must exist. Written in ascending order only: what stands behind a write in its block of 4,096 bytes becomes
  /// zeros, and space is to be reserved in whole blocks. Goes past the page cache where the system can.
  case append
  /// Must not exist.
  case createNew
  /// Emptied when it exists.
  case createOrTruncate
  /// Created when it does not exist, kept as it is otherwise.
  case createOrOpen
}

/// What a name in a directory stands for.
package enum FileKind: Sendable {
  case file
  case directory
}

/// The one seam through which storage's own bytes reach the disk, so that tests can fail every call.
///
/// LMDB reads and writes its file by itself. Every operation throws `StorageError.io` naming the path.
package protocol FileSystem: Sendable {
  /// Opens `path`; the file closes itself when the last reference goes.
  func open(_ path: String, _ access: FileAccess) throws(StorageError) -> any File
  /// Gives `source` the name `destination`, atomically replacing a file of that name.
  func rename(_ source: String, to destination: String) throws(StorageError)
  /// Removes the file's name.
  func unlink(_ path: String) throws(StorageError)
  /// The names in a directory, in no particular order.
  func list(_ directory: String) throws(StorageError) -> [String]
  /// What is at `path`; nil when nothing is.
  func kind(of path: String) throws(StorageError) -> FileKind?
  /// Makes a directory whose parent exists; an existing directory is kept.
  func createDirectory(_ path: String) throws(StorageError)
  /// Removes an empty directory.
  func removeDirectory(_ path: String) throws(StorageError)
  /// Makes names created, renamed or removed in the directory durable.
  func syncDirectory(_ path: String) throws(StorageError)
  /// Maps a whole file read-only; an empty file gives an empty region.
  func map(_ path: String) throws(StorageError) -> MemoryRegion
  /// Bytes that an unprivileged process can still write to the file system of `path`.
  func freeByteCount(at path: String) throws(StorageError) -> UInt64
}

/// An open file; offsets and sizes in bytes.
///
/// Calls may come from any thread; the file keeps no position.
package protocol File: AnyObject, Sendable {
  var path: String { get }
  /// The file's size.
  func byteCount() throws(StorageError) -> UInt64
  /// Reads bytes into the places `range` of `buffer` and returns how many; 0 only at the end of the file.
  func read(
    into buffer: inout [UInt8], _ range: Range<Int>, at offset: UInt64
  ) throws(StorageError) -> Int
  /// Writes at most `bytes.count` bytes, at least one, and returns how many.
  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) -> Int
  /// Reserves space for the bytes `range`, which read as zeros, and extends the file to its end.
  func preallocate(_ range: Range<UInt64>) throws(StorageError)
  /// Sets the file's size.
  func truncate(to byteCount: UInt64) throws(StorageError)
  /// Makes all written bytes and the size durable (`fdatasync`).
  func sync() throws(StorageError)
  /// Takes the file's exclusive lock without waiting; false when another open file has it.
  func lock() throws(StorageError) -> Bool
  /// Closes the file; later calls fail. A second call does nothing.
  func close() throws(StorageError)
}

extension File {
  /// Writes all of `bytes` at `offset`, however many calls it takes.
  package func writeAll(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
    var done = 0
    while done < bytes.count {
      let written = try write(bytes.extracting(done..<bytes.count), at: offset + UInt64(done))
      precondition(written > 0 && written <= bytes.count - done)
      done += written
    }
  }

  /// Reads until the places `range` of `buffer` are full or the file ends, and returns how many bytes that were.
  package func readAll(
    into buffer: inout [UInt8], _ range: Range<Int>, at offset: UInt64
  ) throws(StorageError) -> Int {
    var done = 0
    while done < range.count {
      let rest = (range.lowerBound + done)..<range.upperBound
      let count = try read(into: &buffer, rest, at: offset + UInt64(done))
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// At most `count` bytes from `offset`; fewer only at the end of the file.
  package func readBytes(count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let read = try readAll(into: &bytes, 0..<count, at: offset)
    if read < count { bytes.removeLast(count - read) }
    return bytes
  }
}

extension FileSystem {
  /// The contents of a small file.
  /// - Throws: `StorageError.limit` when it is larger than `byteCountMax`.
  package func readFile(_ path: String, byteCountMax: Int) throws(StorageError) -> [UInt8] {
    let file = try open(path, .read)
    let size = try file.byteCount()
    guard size <= UInt64(byteCountMax) else {
      throw .limit(file: path, what: "the file has \(size) bytes, at most \(byteCountMax) are read")
    }
    return try file.readBytes(count: Int(size), at: 0)
  }

  /// Makes `path` hold exactly `bytes`, before or after a crash the old or the new contents and nothing between.
  package func replaceFile(_ path: String, with bytes: Span<UInt8>) throws(StorageError) {
    let temporary = path + ".tmp"
    let file = try open(temporary, .createOrTruncate)
    try file.writeAll(bytes, at: 0)
    try file.sync()
    try file.close()
    try rename(temporary, to: path)
    try syncDirectory(Path.parent(of: path))
  }

  /// Removes a directory and all in it; nothing happens when it does not exist.
  package func removeTree(_ path: String) throws(StorageError) {
    switch try kind(of: path) {
    case nil: return
    case .file: try unlink(path)
    case .directory:
      for name in try list(path) { try removeTree(path + "/" + name) }
      try removeDirectory(path)
    }
  }
}

/// Names of files.
enum Path {
  /// The directory that holds `path`.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of `path`.
  static func name(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return path }
    return String(path[path.index(after: slash)...])
  }
}
