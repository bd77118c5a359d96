#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import Testing
import VectorModel

/// Numbers against the C library's own conversions, to the last bit.
@Suite struct JSONNumberTests {
  /// Optimised builds try millions of numbers, debug builds as many as take seconds.
  #if DEBUG
    private let scale = 1
  #else
    private let scale = 40
  #endif

  private func cFloat(_ text: String) -> Float { unsafe strtof(text, nil) }
  private func cDouble(_ text: String) -> Double { unsafe strtod(text, nil) }

  /// Reads the texts as a vector and one by one as doubles, and compares each with the C library.
  private func check(_ texts: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let finite = texts.filter { cFloat($0).isFinite }
    var floats: [Float] = []
    try JSONReader.read(Array("[\(finite.joined(separator: ","))]".utf8)) { (reader) throws(RequestError) in
      try reader.readFloats(into: &floats)
    }
    let doubles = try readDoubles(texts)
    try #require(floats.count == finite.count && doubles.count == texts.count, sourceLocation: sourceLocation)
    var wrong = zip(floats, finite).filter { $0.bitPattern != cFloat($1).bitPattern }.map { "float \($1)" }
    wrong += zip(doubles, texts).filter { $0.bitPattern != cDouble($1).bitPattern }.map { "double \($1)" }
    #expect(wrong.isEmpty, "\(wrong.prefix(5)) of \(wrong.count)", sourceLocation: sourceLocation)
  }

  private func readDoubles(_ texts: [String]) throws(RequestError) -> [Double] {
    try JSONReader.read(Array("[\(texts.joined(separator: ","))]".utf8)) { (reader) throws(RequestError) in
      try reader.readList { (reader) throws(RequestError) in try reader.readDouble() }
    }
  }

  private func forChunks(
    of count: Int, seed: UInt64, _ text: (inout SplitMix64) -> String
  ) throws {
    print("seed \(seed)")
    var random = SplitMix64(seed: seed)
    let chunk = 5000
    for _ in 0..<(count * scale / chunk) { try check((0..<chunk).map { _ in text(&random) }) }
  }

  @Test func shortestFormsOfRandomFloatsReadBack() throws {
    try forChunks(of: 50_000, seed: 1) { random in
      while true {
        let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
        if value.isFinite { return value.description }
      }
    }
  }

  @Test func unitIntervalFloatsInEveryUsualForm() throws {
    try forChunks(of: 50_000, seed: 2) { random in
      let value = Float.random(in: -1...1, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: return value.description
      case 1: return Double(value).description
      default: return Double.random(in: -1...1, using: &random).description
      }
    }
  }

  @Test func shortestFormsOfRandomDoublesReadBack() throws {
    try forChunks(of: 50_000, seed: 3) { random in
      while true {
        let value = Double(bitPattern: random.next())
        if value.isFinite { return value.description }
      }
    }
  }

  @Test func randomDigitsUpToFortyWithExponents() throws {
    try forChunks(of: 50_000, seed: 4) { random in
      var text = Bool.random(using: &random) ? "-" : ""
      text += Int.random(in: 0...3, using: &random) == 0 ? "0" : "\(Int.random(in: 1...9, using: &random))"
      let integerDigits = text.hasSuffix("0") ? 0 : Int.random(in: 0..<20, using: &random)
      for _ in 0..<integerDigits { text += "\(Int.random(in: 0...9, using: &random))" }
      let fractionDigits = Int.random(in: 0...20, using: &random)
      if fractionDigits > 0 { text += "." }
      for _ in 0..<fractionDigits { text += "\(Int.random(in: 0...9, using: &random))" }
      if Bool.random(using: &random) {
        text += ["e", "E", "e+", "e-", "E-"].randomElement(using: &random) ?? "e"
        text += "\(Int.random(in: 0...18, using: &random))"
      }
      return text
    }
  }

  @Test func numbersHalfwayBetweenFloatsAndNextToThem() throws {
    // The exact middle between a float and its neighbour has a finite decimal form; glibc prints all of it.
    try forChunks(of: 10_000, seed: 5) { random in
      // A quarter of them below the normal numbers, where the halves stand at other bits.
      let exponent = max(UInt32.random(in: 1...266, using: &random), 67) - 67
      let low = Float(bitPattern: exponent << 23 | UInt32.random(in: 0..<(1 << 23), using: &random))
      let middle = (Double(low) + Double(low.nextUp)) / 2
      var text = Self.exactDecimal(middle)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: text += "0000000000000000000000001"
      case 1: text = Self.exactDecimal(middle.nextDown)
      case 2: text = Self.exactDecimal(middle.nextUp)
      default: break
      }
      return text
    }
  }

  @Test func integersAroundTheLimitsOfTheMantissa() throws {
    var texts: [String] = []
    for shift in 20..<64 {
      let base = UInt64(1) << UInt64(shift)
      for offset in UInt64(0)..<40 {
        texts += ["\(base &+ offset)", "-\(base &- offset)", "\(base &+ offset).0"]
      }
    }
    for text in [
      "9999999999999999999", "10000000000000000000", "18446744073709551615", "18446744073709551616",
    ] {
      texts += [text, "\(text).5", "\(text)e-19", "0.\(text)", "0.0000000000000000000000\(text)"]
    }
    try check(texts)
  }

  @Test func smallAndLargeBoundaries() throws {
    var texts = [
      "1.401298464324817e-45", "7.006492321624085e-46", "7.006492321624086e-46", "7.006492321624084e-46",
      "1.1754943508222875e-38", "1.1754942807573643e-38", "1.17549435e-38", "1.1754943157898259e-38",
      "3.4028234663852886e38", "3.4028235e38", "3.402823567797336e38", "3.4028235677973366e+38",
      "0.0", "-0", "-0.0", "0e400", "-0e-400", "0.000e99999999999999999999", "1e-400",
      "123e-99999999999999999999",
      "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324",
      "2.2250738585072011e-308", "2.2250738585072014e-308", "1e-308", "1e22", "1e23", "9007199254740993",
      "9007199254740992.5", "8.5e22", "1e-22", "1e-23", "5e-324", "1.5e-45",
    ]
    texts.append("0." + String(repeating: "0", count: 500) + "1")
    texts.append("1" + String(repeating: "0", count: 30) + "." + String(repeating: "0", count: 500) + "1")
    texts.append("0." + String(repeating: "3", count: 2000))
    try check(texts)
    try check(["1" + String(repeating: "0", count: 308), "1.7976931348623157e308", "1.7976931348623158e+308"])
  }

  @Test(arguments: [
    "1e400", "-1e309", "1.7976931348623159e308", "123456789e400000000000000000000",
    "1" + String(repeating: "0", count: 309),
  ])
  func whatNoDoubleHoldsIsRefused(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(throws: RequestError.format("number out of range at line 1 column \(bytes.count)")) {
      try JSONReader.read(bytes) { (reader) throws(RequestError) in try reader.readDouble() }
    }
    #expect(throws: RequestError.self) { try JSONValue(parsing: bytes) }
    #expect(throws: RequestError.self) {
      try JSONReader.read(bytes) { (reader) throws(RequestError) in try reader.skipValue() }
    }
  }

  @Test(arguments: ["3.4028236e38", "3.4028235677973367e38", "-1e39", "1e400"])
  func whatNoFloatHoldsIsRefused(_ text: String) {
    #expect(throws: RequestError.self) {
      var values: [Float] = []
      try JSONReader.read(Array("[\(text)]".utf8)) { (reader) throws(RequestError) in
        try reader.readFloats(into: &values)
      }
    }
  }

  @Test func integersKeepAll64Bits() throws {
    let values: [(String, JSONValue)] = [
      ("0", .integer(0)), ("-1", .integer(-1)), ("9223372036854775807", .integer(.max)),
      ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .unsigned(1 << 63)),
      ("18446744073709551615", .unsigned(.max)),
      ("10000000000000000000", .unsigned(10_000_000_000_000_000_000)),
      ("18446744073709551616", .double(18_446_744_073_709_551_616)),
      ("-9223372036854775809", .double(-9_223_372_036_854_775_808)), ("-0", .double(-0.0)),
      ("1.0", .double(1)), ("1e2", .double(100)),
      ("123456789012345678901234567890", .double(1.2345678901234568e29)),
    ]
    for (text, value) in values {
      #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    }
    let isNegativeZero: Bool =
      if case .double(let zero) = try JSONValue(parsing: Array("-0".utf8)) { zero.sign == .minus } else {
        false
      }
    #expect(isNegativeZero)
  }

  @Test func integersOfTheWrongSignWidthOrFormAreNamed() {
    func message<T>(_ text: String, _ read: (inout JSONReader) throws(RequestError) -> T) -> String {
      do throws(RequestError) {
        _ = try JSONReader.read(Array(text.utf8), read)
        return "accepted"
      } catch {
        return String(error.message.dropFirst("Format error in JSON body: ".count))
      }
    }
    let unsigned: (inout JSONReader) throws(RequestError) -> UInt64 = { (reader) throws(RequestError) in
      try reader.readUInt64()
    }
    let signed: (inout JSONReader) throws(RequestError) -> Int64 = { (reader) throws(RequestError) in
      try reader.readInt64()
    }
    #expect(message("-1", unsigned) == "invalid value: integer `-1`, expected u64 at line 1 column 2")
    #expect(message("1.5", unsigned) == "invalid type: floating point `1.5`, expected u64 at line 1 column 3")
    #expect(message("18446744073709551615", unsigned) == "accepted")
    #expect(
      message("9223372036854775808", signed)
        == "invalid value: integer `9223372036854775808`, expected i64 at line 1 column 19")
    #expect(message("\"7\"", signed) == "invalid type: string \"7\", expected i64 at line 1 column 3")
    #expect(message("true", signed) == "invalid type: boolean `true`, expected i64 at line 1 column 4")
  }

  /// All decimal digits of a double.
  private static func exactDecimal(_ value: Double) -> String {
    var buffer = [CChar](repeating: 0, count: 1200)
    let count = unsafe withVaList([value]) { unsafe vsnprintf(&buffer, 1200, "%.1074f", $0) }
    var text = String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text += "0" }
    return text
  }
}
