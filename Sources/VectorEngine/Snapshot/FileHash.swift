import CSHA256
import VectorModel
import VectorStorage

/// The SHA-256 of a file, from its bytes in order.
struct FileHash {
  private var state = sha256_state()
  private(set) var byteCount: UInt64 = 0

  init() { unsafe sha256_begin(&state) }

  /// Reads a whole file.
  init(_ path: String, _ fileSystem: any FileSystem) throws(RequestError) {
    self.init()
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
    unsafe bytes.withUnsafeBytes { unsafe sha256_update(&state, $0.baseAddress, $0.count) }
    byteCount += UInt64(bytes.count)
  }

  /// 64 hexadecimal digits of what came so far.
  var digits: String {
    var state = state
    var digest = [UInt8](repeating: 0, count: 32)
    unsafe sha256_finish(&state, &digest)
    let nibbles = Array("0123456789abcdef".utf8)
    var digits: [UInt8] = []
    for byte in digest {
      digits.append(nibbles[Int(byte >> 4)])
      digits.append(nibbles[Int(byte & 15)])
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
