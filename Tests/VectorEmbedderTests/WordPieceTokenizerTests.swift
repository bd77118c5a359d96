import Testing

@testable import VectorEmbedder

@Suite struct WordPieceTokenizerTests {
  private let tokenizer: WordPieceTokenizer

  init() throws {
    let pieces = [
      "[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "the", "cafe", ",", "!", "中", "文", "runn",
      "##ing", "x",
    ]
    tokenizer = try WordPieceTokenizer(vocabulary: pieces.joined(separator: "\n"))
  }

  @Test(arguments: [
    ("", [2, 3]), ("unaffable", [2, 4, 5, 6, 3]), ("The  CAFÉ,\tthe!", [2, 7, 8, 9, 7, 10, 3]),
    ("中文", [2, 11, 12, 3]), ("running", [2, 13, 14, 3]), ("zebra the", [2, 1, 7, 3]),
    ("the\u{0}\u{200B}the", [2, 1, 3]), ("e\u{301}", [2, 1, 3]),
  ])
  func splitsAsBERTDoes(text: String, ids: [Int32]) {
    #expect(tokenizer.encode(text, tokensMax: 256) == ids)
  }

  @Test func wordsOverTheLimitAreUnknown() {
    let long = String(repeating: "x", count: WordPieceTokenizer.wordCharactersMax + 1)
    #expect(tokenizer.encode(long, tokensMax: 256) == [2, 1, 3])
  }

  @Test func longTextsKeepTheirEndMark() {
    let tokens = tokenizer.encode(String(repeating: "the ", count: 500), tokensMax: 16)
    #expect(tokens.count == 16)
    #expect(tokens.first == 2 && tokens.last == 3)
  }

  @Test func aVocabularyWithoutMarksIsRefused() {
    #expect(throws: StageError.self) { try WordPieceTokenizer(vocabulary: "[UNK]\n[CLS]\nthe") }
  }
}
