import Crypto
import VectorStorage
import VectorModel

/// The SHA-256 of a file, from its bytes in order.
struct FileHash {
  private var hash = SHA256()
  private(set) var byteCount: UInt64 = 0

  init() {}

  /// Reads a whole file.
  init(_ path: String, _ fileSystem: any FileSystem) throws(RequestError) {
    let bytesPerRead = 1 << 20
    do throws(StorageError) {
      let file = try fileSystem.open(path, .read)
      while true {
        let bytes = try file.readBytes(count: bytesPerRead, at: byteCount)
        if bytes.isEmpty { return }
        update(bytes.span)
      }
    } catch {
      throw error.requestError
    }
  }

  mutating func update(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
    byteCount += UInt64(bytes.count)
  }

  /// 64 hexadecimal digits of what came so far.
  var digits: String {
    let nibbles = Array("0123456789abcdef".utf8)
    var digits: [UInt8] = []
    for byte in hash.finalize() {
      digits.append(nibbles[Int(byte >> 4)])
      digits.append(nibbles[Int(byte & 15)])
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
