/// A number as its text has it: sign, up to 19 significant digits and a power of ten.
struct DecimalNumber {
  /// The first 19 significant digits as an integer.
  var mantissa: UInt64 = 0
  /// The number is ± mantissa · 10^exponent, or a little more when `isTruncated`.
  var exponent = 0
  var isNegative = false
  /// Whether digits behind the 19th were left out of `mantissa`.
  var isTruncated = false
  /// Whether the text has neither a point nor an exponent.
  var isInteger = false
}

extension DecimalNumber {
  /// The nearest double when plain arithmetic gives it exactly; nil when the text must be converted digit by digit.
  ///
  /// A mantissa below 2^53 and a power of ten up to 10^22 are exact doubles, so that one multiplication or division
  /// rounds once (Clinger, "How to read floating point numbers accurately", PLDI 1990, section 5).
  @inline(__always) var exactDouble: Double? {
    guard !isTruncated, mantissa <= 1 << 53, abs(exponent) <= 22 else {
      return mantissa == 0 && !isTruncated ? (isNegative ? -0.0 : 0.0) : nil
    }
    let scale = Self.powersOfTen[abs(exponent)]
    let magnitude = exponent < 0 ? Double(mantissa) / scale : Double(mantissa) * scale
    return isNegative ? -magnitude : magnitude
  }

  /// The nearest float when double arithmetic shows it beyond doubt; nil when the text must be converted digit by digit.
  ///
  /// The mantissa, the power of ten and their product are each rounded once and the digits left out add less than
  /// 2^-59, so that the double is off by at most 4 units in its last place. Rounding it to a float can only go wrong
  /// where that interval has the middle between two floats in it. That middle is the bit pattern 1 0…0 in the 29 bits
  /// that a float does not have, as long as the result is a normal number.
  @inline(__always) var nearestFloat: Float? {
    guard abs(exponent) < Self.powersOfTen.count else {
      return mantissa == 0 && !isTruncated ? (isNegative ? -0.0 : 0.0) : nil
    }
    let scale = Self.powersOfTen[abs(exponent)]
    let magnitude = exponent < 0 ? Double(mantissa) / scale : Double(mantissa) * scale
    let distance = Int64(magnitude.bitPattern & 0x1FFF_FFFF) &- 0x1000_0000
    guard abs(distance) > 4, magnitude >= 0x1p-126, magnitude < 0x1p127 else {
      return mantissa == 0 && !isTruncated ? (isNegative ? -0.0 : 0.0) : nil
    }
    return Float(isNegative ? -magnitude : magnitude)
  }

  /// 10^0 … 10^63; exact up to 10^22, the nearest doubles above.
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
    1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47,
    1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60, 1e61, 1e62, 1e63,
  ]
}
