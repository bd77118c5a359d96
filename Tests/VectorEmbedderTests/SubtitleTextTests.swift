import Testing

@testable import VectorEmbedder

@Suite struct SubtitleTextTests {
  @Test func readsSubRip() throws {
    let text = """
      1
      00:00:01,000 --> 00:00:02,500
      <i>Hello</i> there.
      - 42 apples!

      2
      00:00:03,000 --> 00:00:04,000
      {\\an8}[MUSIC] General &amp; co
      """
    #expect(
      try SubtitleText.words(of: text, format: .srt, by: .far) == "Hello there. - 42 apples! General & co")
  }

  @Test func readsWebVTT() throws {
    let text = """
      WEBVTT - title

      NOTE nothing of this
      is spoken

      STYLE
      ::cue { color: red }

      intro
      00:01.000 --> 00:02.000 align:start
      <v Ann>Good <c.loud>morning</c>

      00:02.000 --> 00:03.000
      ♪ la la ♪
      """
    #expect(try SubtitleText.words(of: text, format: .vtt, by: .far) == "Good morning la la")
  }

  @Test func rollingCaptionsCountOnce() throws {
    let text = """
      00:01.000 --> 00:02.000
      one two

      00:02.000 --> 00:03.000
      one two
      three four

      00:03.000 --> 00:04.000
      three four
      """
    #expect(try SubtitleText.words(of: text, format: .vtt, by: .far) == "one two three four")
  }

  @Test func windowsLineEndsAndMissingNumbersDoNotMatter() throws {
    let text = "00:00:01,000 --> 00:00:02,000\r\nfirst\r\n\r\n00:00:03,000 --> 00:00:04,000\r\nsecond\r\n"
    #expect(try SubtitleText.words(of: text, format: .srt, by: .far) == "first second")
  }

  @Test func openBracketsAreText() {
    #expect(SubtitleText.plainText("2 < 3 and so on") == "2 < 3 and so on")
  }

  @Test func plainTextLosesOnlyItsLineBreaks() throws {
    #expect(try SubtitleText.words(of: " a\n\nb  c ", format: .txt, by: .far) == "a b c")
  }

  @Test func noInputMakesItTrap() throws {
    var generator = SplitMix64(seed: 17)
    let alphabet = Array("<>[]{}-0:, \n\r\u{FEFF}&amp;♪x")
    for _ in 0..<500 {
      let length = Int.random(in: 0...60, using: &generator)
      let text = String((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? " " })
      for format in [SubtitleText.Format.srt, .vtt, .txt] {
        #expect(try SubtitleText.words(of: text, format: format, by: .far).utf8.count <= text.utf8.count)
      }
    }
  }
}
