import CScheduling
package import VectorModel

/// Writes a file of named, checksummed sections; its name appears once everything is durable.
///
/// Used by one thread at a time. A writer that is dropped before `finish` leaves no file.
package final class SectionFileWriter {
  /// The name that the file will have.
  package let path: String
  private let fileSystem: any FileSystem
  private let file: any File
  private var table = SectionTable()
  /// Bytes that are not written yet, and where they belong.
  private var buffer: [UInt8] = []
  private var bufferOffset: UInt64 = 0
  private var checksum = CRC32C()
  private var names: Set<String> = []
  private var isFinished = false
  private static let bufferBytesMax = 1 << 16
  /// Bytes that are checksummed and written before searches are given way.
  private static let pieceBytesMax = 1 << 18

  private var temporaryPath: String { path + ".tmp" }
  private var offset: Int { Int(bufferOffset) + buffer.count }

  /// Begins a file; one of this name stays as it is until `finish`.
  package init(_ fileSystem: any FileSystem, path: String) throws(StorageError) {
    self.fileSystem = fileSystem
    self.path = path
    file = try fileSystem.open(path + ".tmp", .createOrTruncate)
    buffer = [UInt8](repeating: 0, count: SectionTable.headerByteCount)
  }

  deinit {
    if !isFinished { try? fileSystem.unlink(temporaryPath) }
  }

  /// Writes a section whose bytes `body` appends piece by piece.
  /// - Precondition: the name is new in this file and has at most 1,000 bytes.
  /// - Returns: the section's bytes.
  @discardableResult
  package func section(
    _ name: String, _ body: (borrowing SectionAppender) throws(StorageError) -> Void
  ) throws(StorageError) -> Int {
    precondition(
      name.utf8.count <= 1000 && names.insert(name).inserted, "the section \(name) is there already")
    try pad()
    let start = offset
    checksum = CRC32C()
    try body(SectionAppender(writer: self))
    let byteCount = offset - start
    table.entries.append(
      SectionTable.Entry(name: name, offset: start, byteCount: byteCount, checksum: checksum.value))
    return byteCount
  }

  /// Writes a section of `bytes`.
  package func section(_ name: String, bytes: Span<UInt8>) throws(StorageError) {
    try section(name) { (section) throws(StorageError) in try section.append(bytes) }
  }

  /// Writes a section that is the slices one after another.
  package func section(_ name: String, slices: [MemorySlice]) throws(StorageError) {
    try section(name) { (section) throws(StorageError) in
      for slice in slices { try section.append(slice) }
    }
  }

  /// A section that was written, mapped from the unfinished file: what is made of it need not lie in memory meanwhile.
  ///
  /// The bytes stay readable when the writer is dropped.
  package func mapped(_ name: String) throws(StorageError) -> MemorySlice {
    guard let entry = table.entries.first(where: { $0.name == name }) else {
      preconditionFailure("the section \(name) is not written yet")
    }
    try flush()
    buffer = []
    return MemorySlice(
      try fileSystem.map(temporaryPath), offset: entry.offset, count: entry.byteCount)
  }

  /// Makes the file durable and gives it its name.
  /// - Returns: the file's bytes.
  package func finish() throws(StorageError) -> UInt64 {
    try pad()
    let (header, bytes) = table.encoded()
    buffer.append(contentsOf: bytes)
    let byteCount = UInt64(offset)
    try flush()
    try file.writeAll(header.span, at: 0)
    try file.sync()
    try file.close()
    try fileSystem.rename(temporaryPath, to: path)
    isFinished = true
    try fileSystem.syncDirectory(Path.parent(of: path))
    return byteCount
  }

  fileprivate func append(_ bytes: Span<UInt8>) throws(StorageError) {
    var rest = bytes
    while rest.count > Self.pieceBytesMax {
      try appendPiece(rest.extracting(first: Self.pieceBytesMax))
      rest = rest.extracting(droppingFirst: Self.pieceBytesMax)
    }
    try appendPiece(rest)
  }

  private func appendPiece(_ bytes: Span<UInt8>) throws(StorageError) {
    checksum.update(bytes)
    if buffer.count + bytes.count <= Self.bufferBytesMax {
      buffer.append(copying: bytes)
      return
    }
    try flush()
    try write(bytes)
  }

  private func pad() throws(StorageError) {
    let count = SectionTable.aligned(offset) - offset
    buffer.append(contentsOf: repeatElement(0, count: count))
    if buffer.count >= Self.bufferBytesMax { try flush() }
  }

  private func flush() throws(StorageError) {
    try write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  /// The buffer comes as a parameter, since writing changes what it is a part of.
  private func write(_ bytes: [UInt8]) throws(StorageError) { try write(bytes.span) }

  private func write(_ bytes: Span<UInt8>) throws(StorageError) {
    try file.writeAll(bytes, at: bufferOffset)
    bufferOffset += UInt64(bytes.count)
    scheduling_give_way()
  }
}

/// Appends to the section that is being written.
package struct SectionAppender: ~Copyable {
  fileprivate let writer: SectionFileWriter

  /// Appends a copy of `bytes`.
  package func append(_ bytes: Span<UInt8>) throws(StorageError) { try writer.append(bytes) }

  /// Appends a copy of a slice's bytes.
  package func append(_ slice: MemorySlice) throws(StorageError) {
    let bytes = unsafe slice.bytes.assumingMemoryBound(to: UInt8.self)
    try unsafe writer.append(bytes.span)
  }
}
