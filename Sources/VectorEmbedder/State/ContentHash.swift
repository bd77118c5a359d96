package import VectorModel

/// SHA-256 of a file's content or of a text: what a video is, wherever it lies.
package struct ContentHash: Sendable, Hashable, Codable {
  /// 64 lower-case hexadecimal digits.
  package var hex: String

  package init(hex: String) { self.hex = hex }

  /// - Parameter deadline: looked at before each block; nil for files of the worker's own, read once at its start.
  /// - Complexity: O(file size), in blocks of 1 MiB.
  package static func sha256(
    ofFile path: String, by deadline: StageDeadline? = nil
  ) throws(StageError) -> ContentHash {
    let file = try ReadableFile(path, stage: .read)
    var hash = SHA256()
    while true {
      try deadline?.check()
      let block = try file.read(byteCount: 1 << 20)
      if block.isEmpty { break }
      hash.update(block)
    }
    return ContentHash(hex: hash.finish())
  }

  /// The hash of texts; where one ends and the next begins counts.
  package static func sha256(of parts: [String]) -> ContentHash {
    var hash = SHA256()
    for part in parts {
      hash.update(Array("\(part.utf8.count):".utf8))
      hash.update(Array(part.utf8))
    }
    return ContentHash(hex: hash.finish())
  }

  /// The point's id: the first 16 bytes as a UUID of version 8 (RFC 9562, section 5.8).
  ///
  /// Nil where the text is no hash.
  package var pointID: UUID128? {
    guard hex.utf8.count == 64, let plain = UUID128(String(hex.prefix(32))) else { return nil }
    let high = plain.high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000
    let low = plain.low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return UUID128(high: high, low: low)
  }
}
