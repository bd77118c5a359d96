/// How numbers become the bytes of an element and back.
extension VectorElement {
  /// Writes `count` numbers; one that does not fit becomes the nearest that does: halves are rounded to even at half,
  /// bytes lose what is behind the point, and bits are set from ½ on.
  ///
  /// - Parameter bytes: room for `byteCount(dimension: count)` bytes
  /// - Complexity: O(count).
  package func encode(_ values: UnsafePointer<Float>, count: Int, into bytes: UnsafeMutableRawPointer) {
    switch self {
    case .float32: unsafe bytes.copyMemory(from: values, byteCount: 4 * count)
    case .float16:
      for index in 0..<count {
        let half = unsafe Self.half(values[index]).littleEndian
        unsafe bytes.storeBytes(of: half, toByteOffset: 2 * index, as: UInt16.self)
      }
    case .uint8:
      let numbers = unsafe bytes.assumingMemoryBound(to: UInt8.self)
      for index in 0..<count {
        let value = unsafe values[index]
        unsafe numbers[index] = value > 0 ? (value < 255 ? UInt8(value) : 255) : 0
      }
    case .bit:
      let groups = unsafe bytes.assumingMemoryBound(to: UInt8.self)
      for group in 0..<((count + 7) / 8) {
        var bits: UInt8 = 0
        for index in group * 8..<min(count, group * 8 + 8) where unsafe values[index] >= 0.5 {
          bits |= 1 << UInt8(index % 8)
        }
        unsafe groups[group] = bits
      }
    }
  }

  /// Reads `count` numbers from `byteCount(dimension: count)` bytes.
  /// - Complexity: O(count).
  package func decode(_ bytes: UnsafeRawPointer, count: Int, into values: UnsafeMutablePointer<Float>) {
    switch self {
    case .float32: unsafe UnsafeMutableRawPointer(values).copyMemory(from: bytes, byteCount: 4 * count)
    case .float16:
      for index in 0..<count {
        let half = unsafe bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        unsafe values[index] = Self.float(half: UInt16(littleEndian: half))
      }
    case .uint8:
      let numbers = unsafe bytes.assumingMemoryBound(to: UInt8.self)
      for index in 0..<count { unsafe values[index] = Float(numbers[index]) }
    case .bit:
      let groups = unsafe bytes.assumingMemoryBound(to: UInt8.self)
      for index in 0..<count { unsafe values[index] = Float(groups[index / 8] >> UInt8(index % 8) & 1) }
    }
  }

  func bytes(of values: [Float]) -> [UInt8] {
    let size = byteCount(dimension: values.count)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      filled = size
      guard let target = buffer.baseAddress else { return }
      unsafe values.withUnsafeBufferPointer { source in
        guard let first = source.baseAddress else { return }
        unsafe encode(first, count: values.count, into: target)
      }
    }
  }

  func values(of bytes: [UInt8], count: Int) -> [Float] {
    precondition(bytes.count == byteCount(dimension: count))
    return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = count
      guard let target = buffer.baseAddress else { return }
      unsafe bytes.withUnsafeBytes { source in
        guard let first = source.baseAddress else { return }
        unsafe decode(first, count: count, into: target)
      }
    }
  }

  /// The nearest half, to even where two are; the largest finite one for what is beyond it.
  ///
  /// Adding ½ shifts a number below 2⁻¹⁴ so that its last bit is worth 2⁻²⁴, as a subnormal half's is.
  package static func half(_ value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    if magnitude >= halfOverflow.bitPattern { return sign | 0x7BFF }
    if magnitude < 0x3880_0000 {
      let shifted = (Float(bitPattern: magnitude) + 0.5).bitPattern
      return sign | UInt16(truncatingIfNeeded: shifted &- 0x3F00_0000)
    }
    let rounded = magnitude &- 0x3800_0000 &+ 0xFFF &+ (magnitude >> 13 & 1)
    return sign | UInt16(truncatingIfNeeded: rounded >> 13)
  }

  /// The number of a finite half.
  ///
  /// A half's exponent is 112 less than a float's, and a product with a power of two is exact, also of subnormals.
  package static func float(half: UInt16) -> Float {
    let magnitude = Float(bitPattern: UInt32(half & 0x7FFF) << 13) * 0x1p112
    return Float(bitPattern: magnitude.bitPattern | UInt32(half & 0x8000) << 16)
  }
}
