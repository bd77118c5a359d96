import CScheduling

/// Reads a snapshot's items in order, trusting nothing that it reads. Used by one thread at a time.
///
/// Memory is bounded by what really was decompressed: a frame gives at most 1 MiB, and an item grows only as
/// its bytes come.
package final class SnapshotFileReader {
  /// More than the largest operation of a log.
  package static let itemBytesMax = 600 << 20

  package struct Item: Equatable, Sendable {
    package let section: SnapshotSection
    package let bytes: [UInt8]
  }

  package let path: String
  /// Bytes of the file.
  package let byteCount: UInt64
  /// Where the reader stands in the file: for progress.
  package private(set) var offset: UInt64 = 0
  private let file: any File
  private let decompressor = Decompressor()
  private let seed: UInt32
  private var section: SnapshotSection?
  private var content: [UInt8] = []
  private var contentOffset = 0
  private var frameCount: UInt64 = 0
  private var contentByteCount: UInt64 = 0
  private var isAtEnd = false

  /// Opens a snapshot and checks its header.
  /// - Throws: `damaged` or `newerFormat` naming the file.
  package init(_ fileSystem: any FileSystem, path: String) throws(StorageError) {
    self.path = path
    file = try fileSystem.open(path, .read)
    byteCount = try file.byteCount()
    let header = try file.readBytes(count: SnapshotFileHeader.byteCount, at: 0)
    seed = try SnapshotFileHeader.checksum(of: header, file: path)
    offset = UInt64(header.count)
  }

  /// The next item, or nil behind the last one, when the whole file has proved to be intact.
  /// - Throws: `damaged` naming file and offset.
  package func next() throws(StorageError) -> Item? {
    if isAtEnd { return nil }
    if contentOffset == content.count, try !loadFrame() {
      throw damaged("the file ends without its end frame")
    }
    guard let section else { throw damaged("no frame was read") }
    let lengthBytes = try take(4, of: section)
    let length: UInt32 = lengthBytes.span.load(at: 0)
    guard length <= Self.itemBytesMax else { throw damaged("an item says it has \(length) bytes") }
    let bytes = try take(Int(length), of: section)
    guard section == .end else { return Item(section: section, bytes: bytes) }
    try finish(bytes)
    return nil
  }

  private func take(_ count: Int, of section: SnapshotSection) throws(StorageError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      if contentOffset == content.count {
        guard try loadFrame(), self.section == section else {
          throw damaged("an item ends after \(bytes.count) of its \(count) bytes")
        }
      }
      let end = min(content.count, contentOffset + count - bytes.count)
      bytes.append(contentsOf: content[contentOffset..<end])
      contentOffset = end
    }
    return bytes
  }

  private func loadFrame() throws(StorageError) -> Bool {
    let header = try file.readBytes(count: SnapshotFrame.headerByteCount, at: offset)
    if header.isEmpty { return false }
    guard let frame = SnapshotFrame(header.span), frame.index == frameCount, frame.contentByteCount > 0 else {
      throw damaged("no frame of index \(frameCount) begins here")
    }
    let stored = try file.readBytes(count: frame.storedByteCount, at: offset + UInt64(header.count))
    guard stored.count == frame.storedByteCount,
      SnapshotFrame.checksum(header.span, stored.span, seed: seed) == header.span.load(UInt32.self, at: 12)
    else { throw damaged("the checksum of frame \(frameCount) does not match") }
    guard let content = decompressor.contents(stored.span, count: frame.contentByteCount) else {
      throw damaged("frame \(frameCount) cannot be decompressed")
    }
    self.content = content
    contentOffset = 0
    section = frame.section
    if frame.section != .end {
      frameCount += 1
      contentByteCount += UInt64(content.count)
    }
    offset += UInt64(header.count + stored.count)
    scheduling_give_way()
    return true
  }

  private func finish(_ bytes: [UInt8]) throws(StorageError) {
    guard bytes.count == 16, bytes.span.load(UInt64.self, at: 0) == frameCount,
      bytes.span.load(UInt64.self, at: 8) == contentByteCount, contentOffset == content.count
    else { throw damaged("the end frame does not agree with the \(frameCount) frames before it") }
    guard offset == byteCount else { throw damaged("\(byteCount - offset) bytes follow the end frame") }
    isAtEnd = true
  }

  private func damaged(_ what: String) -> StorageError { .damaged(file: path, offset: offset, what: what) }
}
