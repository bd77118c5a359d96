import FoundationEssentials
import Testing

@testable import VectorEmbedder

@Suite struct DirectoryWatcherTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A clock that is wrong, on a camera or another machine.
  @Test func aTimeInTheFutureIsNoReasonToWaitForEver() async throws {
    let path = directory.path + "/film.mp4"
    try Files.write([1], to: path, stage: .read)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: 86_400)], ofItemAtPath: path)
    let finder = VideoFinder(extensions: ["mp4"])
    #expect(try await finder.settled(directory.path, quiet: .zero).map(\.path) == [path])
  }

  @Test func changesThatDoNotEndDoNotKeepAllBack() async throws {
    let path = directory.path + "/log"
    let writer = Task.detached {
      while !Task.isCancelled {
        try Files.write([1], to: path, stage: .read)
        await Task.yield()
      }
    }
    var count = 0
    for await _ in DirectoryWatcher(rescanEvery: .seconds(1)).changes(below: directory.path) {
      count += 1
      if count == 2 { break }
    }
    writer.cancel()
    _ = try? await writer.value
    #expect(count == 2)
  }
}
