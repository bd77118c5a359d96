// Numbers, exact to the last bit: what plain arithmetic cannot decide goes to the standard library's conversion.

extension JSONReader {
  /// Reads a number without a fraction that fits 64 signed bits.
  package mutating func readInt64() throws(RequestError) -> Int64 {
    try readInteger(as: "i64")
  }

  /// Reads a number without a fraction that fits 64 unsigned bits.
  package mutating func readUInt64() throws(RequestError) -> UInt64 {
    try readInteger(as: "u64")
  }

  mutating func readInteger<T: FixedWidthInteger>(as type: String) throws(RequestError) -> T {
    guard startsNumber() else { throw typeError(expected: type) }
    let start = mark()
    switch try readNumberValue() {
    case .integer(let value):
      if let exact = T(exactly: value) { return exact }
      throw error("invalid value: integer `\(value)`, expected \(type)")
    case .unsigned(let value):
      if let exact = T(exactly: value) { return exact }
      throw error("invalid value: integer `\(value)`, expected \(type)")
    default:
      rewind(to: start)
      throw typeError(expected: type)
    }
  }

  /// Reads a number as the nearest double.
  ///
  /// - Throws: status 400 when it is too large for a finite double.
  package mutating func readDouble() throws(RequestError) -> Double {
    guard startsNumber() else { throw typeError(expected: "f64") }
    let start = offset
    let number = try scanNumber()
    return try double(number, start..<offset)
  }

  /// Reads a number as the nearest float, rounded once.
  ///
  /// - Throws: status 400 when it is too large for a finite float.
  package mutating func readFloat() throws(RequestError) -> Float {
    guard startsNumber() else { throw typeError(expected: "f32") }
    let start = offset
    let number = try scanNumber()
    return try float(number, start..<offset)
  }

  /// Reads an array of numbers and appends them to `values`.
  ///
  /// - Throws: status 400 for anything but finite numbers; `values` may then have grown.
  package mutating func readFloats(into values: inout [Float]) throws(RequestError) {
    guard skipSpace() == UInt8(ascii: "[") else { throw typeError(expected: "a list of numbers") }
    try open()
    if skipSpace() == UInt8(ascii: "]") { return close() }
    while true {
      guard startsNumber() else { throw typeError(expected: "f32") }
      let start = offset
      let number = try scanNumber()
      if let value = number.nearestFloat {
        values.append(value)
      } else {
        values.append(try float(number, start..<offset))
      }
      if current() == UInt8(ascii: ",") {
        offset &+= 1
      } else if try endsArray() {
        return
      }
    }
  }

  /// Reads any number: an integer where it has no fraction and fits 64 bits, a double otherwise.
  mutating func readNumberValue() throws(RequestError) -> JSONValue {
    _ = skipSpace()
    let start = offset
    let number = try scanNumber()
    if number.isInteger {
      // −0 has no integer, so that it stays what it is as a double.
      if !number.isNegative, let value = integer(number, start..<offset) {
        return Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
      } else if number.isNegative, !number.isTruncated, (1...(1 << 63)).contains(number.mantissa) {
        return .integer(Int64(truncatingIfNeeded: 0 &- number.mantissa))
      }
    }
    return .double(try double(number, start..<offset))
  }

  /// Reads over a number, and refuses one that no finite double can hold.
  mutating func skipNumber() throws(RequestError) {
    let start = offset
    let number = try scanNumber()
    if number.exponent > 280 { _ = try double(number, start..<offset) }
  }

  @inline(__always) private mutating func startsNumber() -> Bool {
    let next = skipSpace()
    return next &- UInt8(ascii: "0") < 10 || next == UInt8(ascii: "-")
  }
}

// MARK: - Digits

extension JSONReader {
  /// Reads over the number at the reader's place.
  @inline(__always) mutating func scanNumber() throws(RequestError) -> DecimalNumber {
    var number = DecimalNumber()
    if current() == UInt8(ascii: "-") {
      number.isNegative = true
      offset &+= 1
    }
    let integerStart = offset
    let first = current()
    if first == UInt8(ascii: "0") {
      offset &+= 1
      if isDigit(current()) { throw syntaxError("invalid number") }
    } else {
      scanDigits(into: &number.mantissa)
      guard offset > integerStart else { throw invalidNumber() }
    }
    let integerEnd = offset
    number.isInteger = true
    if current() == UInt8(ascii: ".") {
      offset &+= 1
      number.isInteger = false
      let fractionStart = offset
      scanDigits(into: &number.mantissa)
      guard offset > fractionStart else { throw invalidNumber() }
      number.exponent = fractionStart &- offset
    }
    // 19 digits fit 64 bits. This count has the point in it, which makes few numbers come here in vain.
    if offset &- integerStart > 19, significantCount(integerStart..<offset) > 19 {
      countDigits(integerStart..<integerEnd, fractionEnd: offset, into: &number)
    }
    if current() | 0x20 == UInt8(ascii: "e") {
      offset &+= 1
      number.isInteger = false
      number.exponent &+= try scanExponent()
    }
    return number
  }

  @inline(__always) private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private func invalidNumber() -> RequestError {
    syntaxError(offset >= count ? "EOF while parsing a value" : "invalid number")
  }

  /// Steps over digits and appends them to `mantissa`, which wraps above 19 of them.
  @inline(__always) private mutating func scanDigits(into mantissa: inout UInt64) {
    while count &- offset >= 8 {
      let word = loadWord(offset)
      guard Self.isEightDigits(word) else { break }
      mantissa = mantissa &* 100_000_000 &+ Self.eightDigits(word)
      offset &+= 8
    }
    while offset < count {
      let digit = byte(offset) &- UInt8(ascii: "0")
      guard digit < 10 else { return }
      mantissa = mantissa &* 10 &+ UInt64(digit)
      offset &+= 1
    }
  }

  /// Whether all eight bytes are ASCII digits.
  @inline(__always) private static func isEightDigits(_ word: UInt64) -> Bool {
    let high: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
    return (word & high) | (((word &+ 0x0606_0606_0606_0606) & high) >> 4) == 0x3333_3333_3333_3333
  }

  /// The value of eight ASCII digits, the first in the lowest byte: pairs, then fours, then all eight.
  @inline(__always) private static func eightDigits(_ word: UInt64) -> UInt64 {
    let digits = word &- 0x3030_3030_3030_3030
    let pairs = (digits &* 10) &+ (digits >> 8)
    let low = (pairs & 0x0000_00FF_0000_00FF) &* (100 &+ (1_000_000 << 32))
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF) &* (1 &+ (10_000 << 32))
    return (low &+ high) >> 32
  }

  /// How many digits, and the point among them, follow the leading zeros of `range`.
  @inline(__always) private func significantCount(_ range: Range<Int>) -> Int {
    var start = range.lowerBound
    while start < range.upperBound, byte(start) == UInt8(ascii: "0") || byte(start) == UInt8(ascii: ".") {
      start &+= 1
    }
    return range.upperBound &- start
  }

  /// Reads the digits again, without leading zeros, and keeps the first 19.
  ///
  /// `integer` are the digits before the point; those behind it end at `fractionEnd`.
  private func countDigits(_ integer: Range<Int>, fractionEnd: Int, into number: inout DecimalNumber) {
    var digitCount = 0
    number.mantissa = 0
    number.exponent = 0
    for index in integer.lowerBound..<fractionEnd where index != integer.upperBound {
      let digit = byte(index) &- UInt8(ascii: "0")
      let isFraction = index > integer.upperBound
      if digitCount < 19 {
        number.mantissa = number.mantissa &* 10 &+ UInt64(digit)
        if number.mantissa != 0 { digitCount += 1 }
        if isFraction { number.exponent -= 1 }
      } else {
        number.isTruncated = true
        if !isFraction { number.exponent += 1 }
      }
    }
  }

  /// Reads the exponent behind the `e`; beyond ±100,000,000 it stays there, whatever follows.
  private mutating func scanExponent() throws(RequestError) -> Int {
    let sign = current()
    if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { offset &+= 1 }
    let start = offset
    var exponent = 0
    while isDigit(current()) {
      exponent = min(exponent * 10 + Int(current() &- UInt8(ascii: "0")), 100_000_000)
      offset &+= 1
    }
    guard offset > start else { throw invalidNumber() }
    return sign == UInt8(ascii: "-") ? -exponent : exponent
  }
}

// MARK: - Conversion

extension JSONReader {
  /// The integer whose digits stand in `range`, when it fits 64 unsigned bits.
  private func integer(_ number: DecimalNumber, _ range: Range<Int>) -> UInt64? {
    guard number.isTruncated else { return number.mantissa }
    guard number.exponent == 1 else { return nil }
    let (tens, overflow) = number.mantissa.multipliedReportingOverflow(by: 10)
    let last = UInt64(byte(range.upperBound - 1) &- UInt8(ascii: "0"))
    let (value, carry) = tens.addingReportingOverflow(last)
    return overflow || carry ? nil : value
  }

  /// `number`, whose text is `range`, as the nearest double.
  private func double(_ number: DecimalNumber, _ range: Range<Int>) throws(RequestError) -> Double {
    if let exact = number.exactDouble { return exact }
    guard let value = Double(text(range)), value.isFinite else { throw error("number out of range") }
    return value
  }

  /// `number`, whose text is `range`, as the nearest float.
  private func float(_ number: DecimalNumber, _ range: Range<Int>) throws(RequestError) -> Float {
    if let nearest = number.nearestFloat { return nearest }
    guard let value = Float(text(range)), value.isFinite else { throw error("number out of range") }
    return value
  }
}
