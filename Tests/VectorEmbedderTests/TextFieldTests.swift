import Testing

@testable import VectorEmbedder

/// Long texts in pieces.
@Suite struct TextFieldTests {
  private func fields(_ text: String, countMax: Int = 100) -> [String] {
    var rest = text[...]
    var fields: [String] = []
    while let field = rest.popField(countMax: countMax, until: \.isLineEnd) { fields.append(String(field)) }
    return fields
  }

  @Test func fieldsEndAtSeparatorsOrAtTheirLimit() {
    #expect(fields("") == [])
    #expect(fields("a\n\nb\r\nc\rd\u{2028}e\n") == ["a", "", "b", "c", "d", "e"])
    #expect(fields("abcdefg\nh", countMax: 3) == ["abc", "def", "g", "h"])
    #expect(fields("abc\nd", countMax: 3) == ["abc", "", "d"])
    #expect(fields("x\u{301}\u{302}y", countMax: 2) == ["x\u{301}", "\u{302}y"])
  }
}
