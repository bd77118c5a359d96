import CSHA256

/// SHA-256 (FIPS 180-4) of bytes that come in blocks.
struct SHA256 {
  private var state = sha256_state()

  init() { unsafe sha256_begin(&state) }

  mutating func update(_ bytes: [UInt8]) { unsafe sha256_update(&state, bytes, bytes.count) }

  /// The digest as 64 lower-case hexadecimal digits; nothing may be added after it.
  mutating func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    unsafe sha256_finish(&state, &digest)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
