import Testing
import VectorModel

/// What is JSON and what is not, against RFC 8259.
@Suite struct JSONConformanceTests {
  private func accepts(_ bytes: [UInt8]) -> Bool {
    (try? JSONReader.read(bytes) { (reader) throws(RequestError) in try reader.skipValue() }) != nil
  }

  static let valid = [
    "null", "true", "false", "0", "-0", "1", "-1.5e+3", "1E9", "\"\"", "[]", "{}", " [ ] ", "\t{\n}\r ",
    "\"a\"",
    "[1,2 , 3]", "{\"a\":1,\"b\":[{}]}", "{\"\":null}", "{\"a\":1,\"a\":2}", "\"\\u0000\\u001F\\u007f\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\ud83d\\ude00\"", "\"\\uD800\\uDC00\\uDBFF\\uDFFF\"",
    "\"é日本😀\u{10FFFF}\"",
    "\"\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\"", "[[[[[[]]]]]]", "0.0000000001",
    "12345678.12345678e-12",
    "{\"a\\u0062\":0}", "[\"plain text that is longer than sixteen bytes\"]", "1e-999",
    "\"\u{2028}\u{2029}\"",
  ]

  static let invalid = [
    "", " ", "nul", "nulll", "True", "tru", "+1", "01", "-01", "-", ".5", "1.", "1.e3", "1e", "1e+", "1e+-3",
    "0x10",
    "1_000", "NaN", "Infinity", "-Infinity", "nan", "1 2", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]",
    "[1,,2]",
    "[1]]", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}", "{1:2}", "{\"a\"::1}", "{null:1}", "{\"a\":1}}", "\"", "\"a", "\"\\\"", "\"\\x41\"",
    "\"\\u12\"",
    "\"\\u12g4\"", "\"\\u 123\"", "\"\\u+123\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
    "\"\\ud800\\ud800\"",
    "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\", "\"a\nb\"", "\"a\tb\"", "\"\u{0}\"", "'a'", "[1]x", "// c\n1",
    "/* c */1", "[1]//",
    "\u{FEFF}1", "\u{A0}1", "1\u{0}", "[1;2]", "(1)", "1e1000", "\u{B}1", "tr\u{0}e",
  ]

  @Test(arguments: valid) func acceptsValidTexts(_ text: String) throws {
    #expect(accepts(Array(text.utf8)))
    #expect(ReferenceValidator.accepts(Array(text.utf8)))
    _ = try JSONValue(parsing: Array(text.utf8))
  }

  @Test(arguments: invalid) func refusesInvalidTexts(_ text: String) {
    #expect(!accepts(Array(text.utf8)))
    #expect(!ReferenceValidator.accepts(Array(text.utf8)))
    #expect(throws: RequestError.self) { try JSONValue(parsing: Array(text.utf8)) }
  }

  /// Contents of a string that are no UTF-8: stray and missing continuations, overlong forms, surrogates, too large.
  static let brokenUTF8: [[UInt8]] = [
    [0x80], [0xBF], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
    [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
    [0xF0, 0x80, 0x80, 0x80],
    [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF0, 0x9F, 0x28, 0x80], [0xF4, 0x90, 0x80, 0x80],
    [0xF5, 0x80, 0x80, 0x80],
    [0xFE], [0xFF], [0xF8, 0x88, 0x80, 0x80, 0x80],
  ]

  @Test(arguments: brokenUTF8) func refusesBrokenUTF8InValuesAndKeys(_ content: [UInt8]) {
    let string = Array("\"ab".utf8) + content + Array("\"".utf8)
    #expect(!accepts(string))
    #expect(!accepts(Array("{".utf8) + string + Array(":1}".utf8)))
    #expect(!accepts(Array("\"".utf8) + content))
    #expect(throws: RequestError.self) {
      try JSONReader.read(string) { (reader) throws(RequestError) in try reader.readString() }
    }
  }

  @Test func nestingUpToTheLimitAndNotBeyond() throws {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let allowed = String(repeating: open, count: 127) + "[]" + String(repeating: close, count: 127)
      #expect(accepts(Array(allowed.utf8)))
      _ = try JSONValue(parsing: Array(allowed.utf8))
      let tooDeep = String(repeating: open, count: 128) + "[]" + String(repeating: close, count: 128)
      do throws(RequestError) {
        _ = try JSONValue(parsing: Array(tooDeep.utf8))
        Issue.record("accepted 129 levels")
      } catch {
        #expect(error.code == .badRequest)
        #expect(error.message.contains("limit of 128 levels"))
      }
      #expect(!accepts(Array(tooDeep.utf8)))
      #expect(!accepts(Array(String(repeating: open, count: 1_000_000).utf8)))
    }
    #expect(throws: RequestError.self) {
      try JSONReader.read(Array("[[1]]".utf8), depthMax: 1) { (reader) throws(RequestError) in
        try reader.skipValue()
      }
    }
  }

  /// A text with every construct, short enough to try each of its truncations and single-byte changes.
  static let sample = Array(
    """
    {"points": [{"id": 17, "vector": [0.25, -1.5e-3, 12345678.875],\t"payload": {"größe": "caf\\u00e9 \\ud83d\\ude00 \\n/", \
    "日本": [null, true, false, {}, [], -0, 1E+2], "a\\"b": "\\\\"}},
    {"id": "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "vector": {"x": []}}]}
    """.utf8)

  @Test func everyTruncationIsRefused() {
    #expect(accepts(Self.sample))
    for count in 0..<Self.sample.count {
      let text = Array(Self.sample.prefix(count))
      #expect(accepts(text) == ReferenceValidator.accepts(text), "first \(count) bytes")
      #expect(!accepts(text))
    }
  }

  @Test func everySingleByteChangeIsJudgedLikeTheReference() {
    var differing: [String] = []
    for index in Self.sample.indices {
      for byte in UInt8.min...UInt8.max {
        var text = Self.sample
        text[index] = byte
        let expected = ReferenceValidator.accepts(text)
        let isValue = (try? JSONValue(parsing: text)) != nil
        if accepts(text) != expected || isValue != expected { differing.append("byte \(index) as \(byte)") }
        _ = try? JSONReader.read(text) { (reader) throws(RequestError) in try UpsertOperation(json: &reader) }
      }
    }
    #expect(differing.isEmpty, "\(differing.prefix(5)) of \(differing.count)")
  }

  @Test func randomTextsFromTheGrammarsOwnBytesAreJudgedLikeTheReference() {
    let seed: UInt64 = 7
    print("seed \(seed)")
    var random = SplitMix64(seed: seed)
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "1", "-", "0", ".5", "e2", "true", "null", " ", "\\",
      "\\u00", "\\ud83d",
      "\\ude00", "é", "\n", "\u{1}",
    ].map { Array($0.utf8) }
    var accepted = 0
    var differing: [String] = []
    for _ in 0..<200_000 {
      let text = (0..<Int.random(in: 1...9, using: &random)).flatMap { _ in
        pieces.randomElement(using: &random) ?? []
      }
      let expected = ReferenceValidator.accepts(text)
      if expected { accepted += 1 }
      if accepts(text) != expected { differing.append(String(decoding: text, as: UTF8.self)) }
    }
    #expect(differing.isEmpty, "\(differing.prefix(5)) of \(differing.count)")
    #expect(accepted > 1000)
  }
}
