/// One picture: 8 bits for each of red, green and blue.
package struct Frame: Sendable, Equatable {
  package var width: Int
  package var height: Int
  /// `[height × width × 3]`.
  package var pixels: [UInt8]

  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * 3)
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Brightness after ITU-R BT.601, `[height × width]`.
  ///
  /// - Complexity: O(width · height).
  package var luma: [UInt8] {
    var luma = [UInt8](repeating: 0, count: width * height)
    for index in luma.indices {
      let red = Int(pixels[3 * index])
      let green = Int(pixels[3 * index + 1])
      let blue = Int(pixels[3 * index + 2])
      luma[index] = UInt8(truncatingIfNeeded: (77 * red + 150 * green + 29 * blue) >> 8)
    }
    return luma
  }
}

/// Reads pictures in the portable pixmap format (binary, `P6`) from a stream of blocks.
package struct PixmapStream: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0

  /// A larger picture is refused, in pixels.
  package static let pixelsMax = 64 << 20
  private static let headerBytesMax = 64

  package init() {}

  package mutating func append(_ block: [UInt8]) {
    if start > 0 {
      bytes.removeFirst(start)
      start = 0
    }
    bytes += block
  }

  /// The next whole picture; nil until more bytes come.
  ///
  /// - Throws: for bytes that are no such picture.
  package mutating func next() throws(StageError) -> Frame? {
    guard let header = try header() else { return nil }
    let count = header.width * header.height * 3
    guard bytes.count - header.end >= count else { return nil }
    let pixels = Array(bytes[header.end..<(header.end + count)])
    start = header.end + count
    return Frame(width: header.width, height: header.height, pixels: pixels)
  }

  private func header() throws(StageError) -> (width: Int, height: Int, end: Int)? {
    var fields: [Int] = []
    var index = start
    guard bytes.count - index >= 2 else { return nil }
    guard bytes[index] == UInt8(ascii: "P"), bytes[index + 1] == UInt8(ascii: "6") else {
      throw StageError(.decode, "a picture does not begin with P6")
    }
    index += 2
    var number: Int?
    while fields.count < 3 {
      guard index < bytes.count else {
        if index - start > Self.headerBytesMax { throw StageError(.decode, "a picture's header is too long") }
        return nil
      }
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        number = (number ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
        if number ?? 0 > Self.pixelsMax {
          throw StageError(.decode, "a picture's side is over \(Self.pixelsMax)")
        }
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        if let found = number { fields.append(found) }
        number = nil
      default:
        throw StageError(.decode, "byte \(byte) in a picture's header")
      }
    }
    guard fields[0] > 0, fields[1] > 0, fields[0] <= Self.pixelsMax / fields[1], fields[2] == 255 else {
      throw StageError(.decode, "a picture of \(fields[0]) × \(fields[1]) with largest value \(fields[2])")
    }
    return (fields[0], fields[1], index)
  }
}
