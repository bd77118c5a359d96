import Synchronization
import Testing

@testable import VectorEmbedder

@Suite struct AppendOnlyFileTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path + "/lines" }

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: [0, 1, 5]) func aLineThatDoesNotFitIsTakenBack(fitting: Int) throws {
    let free = Mutex(6 + fitting)
    do {
      let file = try AppendOnlyFile(path, cutTo: nil) { descriptor, bytes in
        let count = free.withLock { free in
          defer { free -= min(free, bytes.count) }
          return min(free, bytes.count)
        }
        guard count > 0 else { return -1 }
        return systemWrite(descriptor, bytes.prefix(count))
      }
      try file.append(line: Array("first".utf8))
      #expect(throws: StageError.self) { try file.append(line: Array("second".utf8)) }
      free.withLock { $0 = 1000 }
      #expect(throws: StageError.self) { try file.append(line: Array("third".utf8)) }
    }
    try AppendOnlyFile(path, cutTo: nil).append(line: Array("fourth".utf8))
    #expect(try Files.text(at: path, stage: .read) == "first\nfourth\n")
  }
}
