import Synchronization
import VectorModel
import VectorStorage

/// A snapshot's bytes, for a download.
final class SnapshotSource: ByteSource {
  let name: String
  let byteCount: UInt64
  private let file: any File

  init(_ library: SnapshotLibrary, named name: String) throws(RequestError) {
    self.name = name
    do throws(StorageError) {
      file = try library.fileSystem.open(library.path(of: name), .read)
      byteCount = try file.byteCount()
    } catch {
      throw error.requestError
    }
  }

  func read(at offset: UInt64, count: Int) throws(RequestError) -> [UInt8] {
    try StorageError.mapped { () throws(StorageError) in try file.readBytes(count: count, at: offset) }
  }
}

/// What an upload brings, in a file that goes with this object.
final class SnapshotUpload: ByteSink {
  let path: String
  private let directory: DataDirectory
  private let file: any File
  private let byteCount = Mutex<UInt64>(0)
  /// A disk is left this much, and is asked each time so many bytes have come.
  private static let freeBytesMin: UInt64 = 64 << 20
  private static let checkBytes: UInt64 = 32 << 20

  init(_ directory: DataDirectory, path: String) throws(RequestError) {
    self.directory = directory
    self.path = path
    do throws(StorageError) { file = try directory.fileSystem.open(path, .createNew) } catch {
      throw error.requestError
    }
  }

  deinit {
    try? file.close()
    try? directory.fileSystem.unlink(path)
  }

  func write(_ bytes: [UInt8]) throws(RequestError) {
    try byteCount.withLock { (byteCount) throws(RequestError) in
      do throws(StorageError) {
        if byteCount / Self.checkBytes != (byteCount + UInt64(bytes.count)) / Self.checkBytes {
          let free = try directory.freeByteCount()
          guard free >= Self.freeBytesMin else {
            throw .limit(file: path, what: "the upload would leave less than \(Self.freeBytesMin) bytes free")
          }
        }
        try file.writeAll(bytes.span, at: byteCount)
      } catch {
        throw error.requestError
      }
      byteCount += UInt64(bytes.count)
    }
  }
}
