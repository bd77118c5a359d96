import FoundationEssentials
import Testing

@testable import VectorEmbedder

@Suite struct VideoFinderTests {
  private let directory: TemporaryDirectory
  private let finder = VideoFinder(extensions: ["mp4"])

  init() throws {
    directory = try TemporaryDirectory()
    for name in ["videos/b", "videos/a/deep", "videos/.hidden", "videos/folder.mp4"] {
      try Files.makeDirectory(directory.path + "/" + name, stage: .read)
    }
    for name in [
      "b/1.mp4", "a/deep/2.MP4", "a.mp4", "note.txt", "b/.3.mp4", ".hidden/4.mp4", "folder.mp4/5.mp4",
    ] {
      try Files.write([1], to: directory.path + "/videos/" + name, stage: .read)
    }
  }

  private let expected = ["a.mp4", "a/deep/2.MP4", "b/1.mp4", "folder.mp4/5.mp4"]

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: directory.path + "/" + name, withDestinationPath: directory.path + "/" + target)
  }

  @Test func findsVideosAtEveryDepth() throws {
    let found = try finder.find(directory.path + "/videos").map(\.path)
    #expect(found == expected.map { directory.path + "/videos/" + $0 })
  }

  @Test func aLinkToADirectoryIsThatDirectory() throws {
    try link("link", to: "videos")
    let found = try finder.find(directory.path + "/link").map(\.path)
    #expect(found == expected.map { directory.path + "/link/" + $0 })
  }

  @Test func linksBelowLeadToFilesOnly() throws {
    try link("videos/b/loop", to: "videos")
    try link("videos/b/link.mp4", to: "videos/a.mp4")
    let found = try finder.find(directory.path + "/videos").map(\.path)
    #expect(found == (expected + ["b/link.mp4"]).sorted().map { directory.path + "/videos/" + $0 })
  }

  @Test func whatCannotBeListedIsLeftOutByName() throws {
    let root = directory.path + "/videos"
    let tree = try DirectoryTree(below: root) { path throws(StageError) in
      if path == root + "/a" { throw StageError(.read, "no permission for a") }
      if path == root + "/b" {
        // As if somebody deleted it just now.
        Files.remove(path)
        throw StageError(.read, "b is not there")
      }
      return try Files.names(in: path, stage: .read)
    }
    #expect(
      tree.files.map { String($0.dropFirst(root.count + 1)) } == ["a.mp4", "note.txt", "folder.mp4/5.mp4"])
    #expect(tree.directories == [root, root + "/folder.mp4"])
    #expect(tree.unreadable == ["no permission for a"])
  }

  @Test func aRootThatCannotBeListedIsAnError() {
    #expect(throws: StageError.self) { try DirectoryTree(below: directory.path + "/videos/a.mp4") }
    #expect(throws: StageError.self) { try finder.find(directory.path + "/none") }
  }
}
