import Testing

@testable import VectorEmbedder

/// What other programs print.
@Suite struct OutputParserTests {
  @Test func readsPocketsphinxWords() throws {
    let output = """
      the red balloon
      <s> 0.070 0.110 1.000100
      the 0.120 0.380 0.800000
      red(2) 0.390 0.660 0.600000
      <sil> 3.000 3.050 0.899414
      [NOISE] 3.1 3.2 0.5
      </s> 5.190 5.270 1.000000
      """
    let speech = try PocketsphinxRecognizer.parse(output, by: .far)
    #expect(speech.text == "the red")
    #expect(abs((speech.confidence ?? 0) - 0.7) < 1e-9)
    #expect(try PocketsphinxRecognizer.parse("", by: .far) == RecognizedSpeech(text: "", confidence: nil))
  }

  @Test func readsTesseractTables() throws {
    func row(_ line: Int, _ page: Int, _ confidence: String, _ word: String) -> String {
      ["5", "\(page)", "1", "1", "\(line)", "1", "0", "0", "9", "9", confidence, word].joined(separator: "\t")
    }
    let table = [
      "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext",
      row(1, 1, "96.1", "GRAND"), row(1, 1, "91", "OPENING"), row(2, 1, "40", "noise"), row(3, 1, "95", "|~"),
      row(1, 2, "90", "Grand"), row(1, 2, "90", "Opening"), row(1, 2, "90", "Today"), row(1, 3, "88", "x"),
    ].joined(separator: "\n")
    #expect(
      try ScreenTextReader.lines(ofTable: table, confidenceMin: 70, by: .far) == ["Grand Opening Today"])
    #expect(try ScreenTextReader.lines(ofTable: "garbage\n\t\t", confidenceMin: 0, by: .far).isEmpty)
  }

  @Test func readsWhatFFprobeSays() throws {
    let json = """
      {"streams": [
        {"index": 0, "codec_type": "video", "width": 640, "height": 360, "disposition": {"attached_pic": 0}},
        {"index": 1, "codec_type": "audio"},
        {"index": 2, "codec_type": "subtitle", "codec_name": "hdmv_pgs_subtitle"},
        {"index": 3, "codec_type": "subtitle", "codec_name": "mov_text", "tags": {"language": "spa"}}],
       "format": {"duration": "12.5", "tags": {"title": "A film"}}}
      """
    let probe = try MediaProbe(json: Array(json.utf8))
    #expect(probe.durationSeconds == 12.5)
    #expect(probe.hasVideo && probe.hasAudio)
    #expect(probe.subtitles == [.init(stream: 3, language: "spa")])
    #expect(probe.title == "A film")
    #expect(throws: StageError.self) { try MediaProbe(json: Array("no".utf8)) }
    let strange = """
      {"streams": [
        {"index": 0, "codec_type": "video", "width": 1e300, "height": -0.5},
        {"index": 1e300, "codec_type": "subtitle", "codec_name": "srt"}], "format": {"duration": "inf"}}
      """
    let wild = try MediaProbe(json: Array(strange.utf8))
    #expect(wild.hasVideo && wild.width == nil && wild.height == nil)
    #expect(wild.subtitles.isEmpty && wild.durationSeconds == nil)
  }

  @Test func readsVectorsOfCommands() throws {
    #expect(try JSONVectors.read(Array("[1, 2.5]".utf8), stage: .text) == [[1, 2.5]])
    #expect(try JSONVectors.read(Array(#"{"vectors": [[1], [2]]}"#.utf8), stage: .text) == [[1], [2]])
    #expect(try JSONVectors.read(Array(#"{"vector": [3]}"#.utf8), stage: .text) == [[3]])
    for bad in ["", "{}", "[]", "[[]]", #"["a"]"#, #"[[1], ["b"]]"#] {
      #expect(throws: StageError.self) { try JSONVectors.read(Array(bad.utf8), stage: .text) }
    }
  }

  @Test func cutsPixmapsOutOfAStream() throws {
    let one = Frame(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
    let bytes = Array("P6\n2 1\n255\n".utf8) + one.pixels
    for size in 1...bytes.count {
      var stream = PixmapStream()
      var frames: [Frame] = []
      let twice = bytes + bytes
      for start in stride(from: 0, to: twice.count, by: size) {
        stream.append(Array(twice[start..<min(start + size, twice.count)]))
        while let frame = try stream.next() { frames.append(frame) }
      }
      #expect(frames == [one, one])
    }
    for bad in [
      "P5\n1 1\n255\n", "P6\n0 1\n255\n", "P6\n1 1\n65535\n", "P6\n99999999 99999999\n255\n", "P6\nx",
    ] {
      var stream = PixmapStream()
      stream.append(Array(bad.utf8))
      #expect(throws: StageError.self) { try stream.next() }
    }
  }
}
