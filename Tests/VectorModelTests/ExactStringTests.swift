import Testing
import VectorModel

@Suite struct ExactStringTests {
  private let composed = "\u{e9}"
  private let decomposed = "e\u{301}"

  @Test func compositionsOfOneCharacterDiffer() {
    #expect(composed == decomposed)
    #expect(ExactString(composed) != ExactString(decomposed))
    #expect(Set([ExactString(composed), ExactString(decomposed), ExactString(composed)]).count == 2)
    #expect(ExactString(decomposed) < ExactString(composed))
  }

  @Test func pathsDifferWithTheBytesOfTheirKeys() throws {
    let paths = try [composed, decomposed, composed, "a[1]", "a[]", "a[2]"].map { text in
      try PayloadPath(text)
    }
    #expect(Set(paths).count == 5)
    #expect(paths[0] != paths[1])
    #expect(paths[0] == paths[2])
  }
}
