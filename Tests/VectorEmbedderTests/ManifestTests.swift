import Testing

@testable import VectorEmbedder

@Suite struct ManifestTests {
  @Test func readsCSV() throws {
    let text = """
      path,title,language,tags\r
      a.mp4,"A, ""quoted""
      title",SPA,x; y z\r
      b.mp4,,,
      """
    let entries = try Manifest.entries(csv: text)
    #expect(entries.count == 2)
    #expect(entries[0].title == "A, \"quoted\"\ntitle")
    #expect(entries[0].language == "es")
    #expect(entries[0].tags == ["x", "y z"])
    #expect(entries[1] == ManifestEntry(path: "b.mp4"))
  }

  @Test func readsJSONLines() throws {
    let text = #"{"path":"a.mp4","transcript":"hi","tags":["p","q"]}"# + "\n\n" + #"{"path":"b.mp4"}"#
    let entries = try Manifest.entries(jsonLines: text)
    #expect(entries.map(\.path) == ["a.mp4", "b.mp4"])
    #expect(entries[0].transcript == "hi")
    #expect(entries[0].tags == ["p", "q"])
  }

  @Test(arguments: ["title\nx", "path,title\na", "path\n\"a", "path,title\n,x"])
  func badCSVIsNamedByLine(text: String) {
    let error = #expect(throws: StageError.self) { try Manifest.entries(csv: text) }
    #expect(error?.reason.contains("line") == true)
  }

  @Test(arguments: ["{", "{}", #"{"path":""}"#, "[1]"])
  func badJSONLinesAreNamedByLine(text: String) {
    let error = #expect(throws: StageError.self) { try Manifest.entries(jsonLines: text) }
    #expect(error?.reason.contains("line 1") == true)
  }

  @Test func pathsAreMadeAbsolute() {
    #expect(VideoFinder.absolute("/a/./b//../c") == "/a/c")
    #expect(VideoFinder.absolute("x").hasPrefix("/"))
  }

  @Test func findsVideosByTheirEnding() throws {
    let directory = try TemporaryDirectory()
    try Files.makeDirectory(directory.path + "/sub/.hidden", stage: .read)
    for name in ["b.MP4", "sub/a.mkv", "notes.txt", ".c.mp4", "sub/.hidden/d.mp4"] {
      try Files.write([1], to: directory.path + "/" + name, stage: .read)
    }
    let found = try VideoFinder(extensions: ["mp4", "mkv"]).find(directory.path)
    #expect(found.map(\.path) == [directory.path + "/b.MP4", directory.path + "/sub/a.mkv"])
    #expect(throws: StageError.self) {
      try VideoFinder(extensions: []).find(directory.path + "/missing")
    }
  }
}
