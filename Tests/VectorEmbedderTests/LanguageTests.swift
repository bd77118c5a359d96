import Testing

@testable import VectorEmbedder

/// cld2 in a process of its own, and the rule on scripts.
@Suite(.enabled(if: TestModel.hasProgram)) struct LanguageTests {
  private let identifier = LanguageIdentifier(processesMax: 1, timeLimit: .seconds(60))

  @Test func identifiesLanguages() async throws {
    for (text, code) in [
      ("The weather is nice today and we will go to the beach with our friends.", "en"),
      ("Hoy hace buen tiempo y vamos a ir a la playa con nuestros amigos.", "es"),
      ("Сегодня хорошая погода, и мы пойдём на пляж с друзьями.", "ru"),
      ("Heute ist das Wetter schön und wir gehen mit unseren Freunden an den Strand.", "de"),
      ("Il fait beau aujourd'hui et nous allons à la plage avec nos amis.", "fr"),
      ("今天天气很好，我们要和朋友们去海滩。", "zh"), ("今日は天気がいいので、友達と海に行きます。", "ja"),
      ("오늘은 날씨가 좋아서 바다에 갑니다.", "ko"),
    ] {
      #expect(try await identifier.identify(text, by: .far)?.code == code)
    }
  }

  @Test func unknownLanguagesAreNil() async throws {
    #expect(try await identifier.identify("", by: .far) == nil)
    #expect(try await identifier.identify("12 34 !!", by: .far) == nil)
    #expect(try await identifier.identify("\u{0}\u{0}", by: .far) == nil)
    #expect(LanguageDetector.normalized("zh-Hant") == "zh")
    #expect(LanguageDetector.normalized("GER") == "de")
  }

  @Test func longTextsAreCutBetweenCharacters() async throws {
    let text =
      "x"
      + String(
        repeating: "Сегодня хорошая погода, и мы пойдём на пляж с друзьями. ", count: 2000)
    #expect(LanguageDetector.start(of: text).utf8.count <= LanguageDetector.bytesMax)
    #expect(try await identifier.identify(text, by: .far)?.code == "ru")
  }
}
