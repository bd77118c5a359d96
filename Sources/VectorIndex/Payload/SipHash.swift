package import VectorModel

/// SipHash-2-4 with a zero key (Aumasson and Bernstein 2012, section 2), which `slice` conditions are defined by.
package enum SipHash {
  /// The hash of an id: of the eight bytes of an integer, little end first, or of the sixteen bytes of a UUID.
  package static func hash(_ id: PointID) -> UInt64 {
    // Whole words of eight bytes, the first byte in the lowest bits; then the length in the highest byte.
    var state = State()
    switch id {
    case .number(let number):
      state.absorb(number)
      state.absorb(8 << 56)
    case .uuid(let uuid):
      state.absorb(uuid.high.byteSwapped)
      state.absorb(uuid.low.byteSwapped)
      state.absorb(16 << 56)
    }
    return state.finish()
  }

  /// Whether a `slice` condition holds for an id.
  package static func isIn(slice index: UInt64, of total: UInt64, _ id: PointID) -> Bool {
    total > 0 && hash(id) % total == index
  }

  private struct State {
    var v0: UInt64 = 0x736f_6d65_7073_6575
    var v1: UInt64 = 0x646f_7261_6e64_6f6d
    var v2: UInt64 = 0x6c79_6765_6e65_7261
    var v3: UInt64 = 0x7465_6462_7974_6573

    mutating func absorb(_ word: UInt64) {
      v3 ^= word
      round()
      round()
      v0 ^= word
    }

    mutating func finish() -> UInt64 {
      v2 ^= 0xff
      for _ in 0..<4 { round() }
      return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func round() {
      v0 &+= v1
      v2 &+= v3
      v1 = Self.rotate(v1, 13) ^ v0
      v3 = Self.rotate(v3, 16) ^ v2
      v0 = Self.rotate(v0, 32)
      v2 &+= v1
      v0 &+= v3
      v1 = Self.rotate(v1, 17) ^ v2
      v3 = Self.rotate(v3, 21) ^ v0
      v2 = Self.rotate(v2, 32)
    }

    private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
      word << bits | word >> (64 - bits)
    }
  }
}
