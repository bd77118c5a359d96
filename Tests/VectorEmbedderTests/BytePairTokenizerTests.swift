import Testing

@testable import VectorEmbedder

@Suite struct BytePairTokenizerTests {
  @Test func gpt2SplitsLikeItsRegularExpression() {
    let words = BytePairTokenizer.words(of: "Hello  world, it's 42x!\n\nEnd", style: .gpt2)
    #expect(words == ["Hello", " ", " world", ",", " it", "'s", " 42", "x", "!", "\n", "\n", "End"])
  }

  @Test func gpt2KeepsSpacesAtTheEnd() {
    #expect(BytePairTokenizer.words(of: "a  ", style: .gpt2) == ["a", "  "])
  }

  @Test func clipDropsSpacesAndSplitsDigits() {
    #expect(BytePairTokenizer.words(of: "a photo 42", style: .clip) == ["a", "photo", "4", "2"])
  }

  @Test func joinsEarlierMergesFirst() throws {
    let vocabulary = #"{"l":0,"o":1,"w":2,"lo":3,"low":4,"Ġ":5,"Ġlow":6,"<|endoftext|>":7}"#
    let tokenizer = try BytePairTokenizer(
      vocabulary: Array(vocabulary.utf8), merges: "#version: 0.2\nl o\nlo w\nĠ low\n", style: .gpt2)
    #expect(tokenizer.encode("low low", tokensMax: 8) == [4, 6])
    #expect(tokenizer.encode("lo", tokensMax: 8) == [3])
    #expect(tokenizer.encode("", tokensMax: 8) == [7])
    #expect(tokenizer.encode("low low low", tokensMax: 2) == [4, 6])
  }

  @Test func clipMarksBeginEndAndWordEnds() throws {
    let vocabulary = #"{"c":0,"a":1,"t</w>":2,"at</w>":3,"cat</w>":4,"<|startoftext|>":5,"<|endoftext|>":6}"#
    let tokenizer = try BytePairTokenizer(
      vocabulary: Array(vocabulary.utf8), merges: "a t</w>\nc at</w>\n", style: .clip)
    #expect(tokenizer.encode("Cat", tokensMax: 77) == [5, 4, 6])
  }

  @Test(arguments: ["", "[]", #"{"a":"b"}"#, #"{"a":-1}"#])
  func badVocabulariesAreRefused(json: String) {
    #expect(throws: StageError.self) {
      try BytePairTokenizer(vocabulary: Array(json.utf8), merges: "", style: .gpt2)
    }
  }

  @Test func badMergesAreRefused() {
    #expect(throws: StageError.self) {
      try BytePairTokenizer(vocabulary: Array("{}".utf8), merges: "a b c", style: .gpt2)
    }
  }
}
