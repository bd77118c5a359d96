import Testing

@testable import VectorEmbedder

/// A small model (Fixtures/make_small_models.py) against the ids that SentencePiece's own Python package gives.
@Suite struct SentencePieceTests {
  private let path = TestModel.testDirectory + "/Fixtures/sentencepiece.model"

  @Test(arguments: [
    ("the red balloon", [1, 25, 3, 11, 2] as [Int32]), ("el puerto xyz", [1, 21, 20, 50, 0, 2]),
    ("", [1, 2]),
  ])
  func idsAreTheReferences(text: String, ids: [Int32]) throws {
    let plain = try SentencePieceTokenizer(path: path, isXLMRoberta: false)
    #expect(plain.encode(text, tokensMax: 32) == ids)
    let shifted = try SentencePieceTokenizer(path: path, isXLMRoberta: true)
    let middle = ids.dropFirst().dropLast().map { $0 == 0 ? 3 : $0 + 1 }
    #expect(shifted.encode(text, tokensMax: 32) == [0] + middle + [2])
  }

  @Test func longTextsKeepTheirEndMark() throws {
    let tokenizer = try SentencePieceTokenizer(path: path, isXLMRoberta: true)
    let ids = tokenizer.encode(String(repeating: "the red balloon ", count: 50), tokensMax: 10)
    #expect(ids.count == 10 && ids.first == 0 && ids.last == 2)
  }

  @Test func otherFilesAreRefused() {
    #expect(throws: StageError.self) {
      try SentencePieceTokenizer(
        path: TestModel.testDirectory + "/SentencePieceTests.swift", isXLMRoberta: false)
    }
    #expect(throws: StageError.self) { try SentencePieceTokenizer(path: "/missing", isXLMRoberta: false) }
  }
}
