import Testing

@testable import VectorEmbedder

@Suite struct TextTests {
  @Test func chunksEndBehindSentences() throws {
    let sentence = Array(repeating: "word", count: 40).joined(separator: " ") + "."
    let chunks = try TextChunk.chunks(
      of: Array(repeating: sentence, count: 4).joined(separator: " "), by: .far)
    #expect(chunks.map(\.unitCount) == [80, 80])
    #expect(chunks.allSatisfy { $0.text.hasSuffix(".") })
  }

  @Test func longSentencesAndRunsAreCut() throws {
    let words = try TextChunk.chunks(
      of: Array(repeating: "word", count: 250).joined(separator: " "), by: .far)
    #expect(words.map(\.unitCount) == [110, 110, 30])
    let chinese = try TextChunk.chunks(of: String(repeating: "文", count: 250), by: .far)
    #expect(chinese.map(\.unitCount) == [110, 110, 30])
    #expect(chinese.map(\.text).joined().count == 250)
    // A run that no model reads is cut too.
    let letters = try TextChunk.chunks(of: String(repeating: "x", count: 20_000), by: .far)
    #expect(
      letters.map(\.text) == [
        [4400, 4400, 4400, 4400, 2400].map { String(repeating: "x", count: $0) }
          .joined(separator: " ")
      ])
  }

  @Test func countsWords() {
    #expect(wordCount(of: "two words") == 2)
    #expect(wordCount(of: "三个字") == 3)
    #expect(wordCount(of: "") == 0)
  }

  @Test func hashingFindsSharedWords() {
    let fox = HashingEmbedder.vector(of: "The quick brown fox jumps")
    let same = HashingEmbedder.vector(of: "a brown fox, jumping")
    let other = HashingEmbedder.vector(of: "stock markets fell sharply today")
    #expect(fox.count == 384)
    #expect(fox.dot(same) > 0.3)
    #expect(fox.dot(other) < 0.2)
    #expect(abs(fox.dot(fox) - 1) < 1e-5)
    #expect(HashingEmbedder.vector(of: "").allSatisfy { $0.isFinite })
  }

  @Test func sentimentHasSignsAndNulls() throws {
    let good = try #require(
      try Sentiment.polarity(of: "A wonderful, beautiful film.", language: "en", by: .far))
    let bad = try #require(
      try Sentiment.polarity(of: "A terrible and boring film.", language: "en", by: .far))
    let negated = try #require(
      try Sentiment.polarity(of: "This is not a good film.", language: "en", by: .far))
    #expect(good > 0.5 && bad < -0.5 && negated < 0)
    #expect(try Sentiment.polarity(of: "Una película maravillosa", language: "es", by: .far) == nil)
    #expect(try Sentiment.polarity(of: "The train leaves at noon", language: "en", by: .far) == nil)
    #expect(SentimentLexicon.entries.count > 1000)
    #expect(SentimentLexicon.entries.values.allSatisfy { (-1...1).contains($0.polarity) })
  }
}
