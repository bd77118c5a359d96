import CScheduling

/// Writes a snapshot from its beginning to its end; its name appears once everything is durable.
///
/// Holds about two megabytes whatever the snapshot's size. Used by one thread at a time; a writer that is
/// dropped before `finish` leaves no file.
package final class SnapshotFileWriter {
  /// The name that the file will have.
  package let path: String
  /// Bytes of the file so far.
  package private(set) var byteCount: UInt64 = 0
  private let fileSystem: any FileSystem
  private let file: any File
  private let compressor = Compressor()
  private let observe: (Span<UInt8>) -> Void
  private let seed: UInt32
  private var section: SnapshotSection?
  private var content: [UInt8] = []
  private var frameCount: UInt64 = 0
  private var contentByteCount: UInt64 = 0
  private var isFinished = false

  private var temporaryPath: String { path + ".tmp" }

  /// Begins a file.
  /// - Parameters:
  ///   - salt: random; a fixed one makes equal contents equal files.
  ///   - observe: gets all bytes of the file in order, as a checksum needs them.
  package init(
    _ fileSystem: any FileSystem, path: String, salt: UInt64 = .random(in: .min ... .max),
    observe: @escaping (Span<UInt8>) -> Void = { _ in }
  ) throws(StorageError) {
    self.fileSystem = fileSystem
    self.path = path
    self.observe = observe
    file = try fileSystem.open(path + ".tmp", .createOrTruncate)
    let (header, checksum) = SnapshotFileHeader(salt: salt).encoded()
    seed = checksum
    content.reserveCapacity(SnapshotFrame.contentBytesMax)
    try write(header)
  }

  deinit {
    if !isFinished { try? fileSystem.unlink(temporaryPath) }
  }

  /// Adds an item: its length in four bytes, and `bytes`.
  package func item(_ section: SnapshotSection, _ bytes: Span<UInt8>) throws(StorageError) {
    precondition(bytes.count <= SnapshotFileReader.itemBytesMax, "an item of \(bytes.count) bytes")
    if section != self.section { try flush() }
    self.section = section
    var length: [UInt8] = []
    length.append(littleEndian: UInt32(bytes.count))
    try append(length.span)
    try append(bytes)
  }

  /// Writes the end, makes the file durable and gives it its name.
  package func finish() throws(StorageError) {
    try flush()
    var end: [UInt8] = []
    end.append(littleEndian: frameCount)
    end.append(littleEndian: contentByteCount)
    try item(.end, end.span)
    try flush()
    try file.sync()
    try file.close()
    try fileSystem.rename(temporaryPath, to: path)
    isFinished = true
    try fileSystem.syncDirectory(Path.parent(of: path))
  }

  private func append(_ bytes: Span<UInt8>) throws(StorageError) {
    var offset = 0
    while offset < bytes.count {
      let count = min(bytes.count - offset, SnapshotFrame.contentBytesMax - content.count)
      content.append(copying: bytes.extracting(offset..<(offset + count)))
      offset += count
      if content.count == SnapshotFrame.contentBytesMax { try flush() }
    }
  }

  private func flush() throws(StorageError) {
    guard let section, !content.isEmpty else { return }
    var stored: [UInt8] = []
    let count = compressor.append(content, to: &stored)
    let frame = SnapshotFrame(
      section: section, storedByteCount: count, contentByteCount: content.count, index: frameCount)
    try write(frame.header(stored.span, seed: seed) + stored)
    frameCount += 1
    contentByteCount += UInt64(content.count)
    content.removeAll(keepingCapacity: true)
    scheduling_give_way()
  }

  private func write(_ bytes: [UInt8]) throws(StorageError) {
    try file.writeAll(bytes.span, at: byteCount)
    observe(bytes.span)
    byteCount += UInt64(bytes.count)
  }
}
