import FoundationEssentials
import Testing

@testable import VectorEmbedder

@Suite struct JournalTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path + "/journal.jsonl" }
  private let content = ContentHash(hex: String(repeating: "ab", count: 32))

  init() throws { directory = try TemporaryDirectory() }

  private var entries: [JournalEntry] {
    let file = FileState(path: "/v/a.mp4", byteCount: 5, modifiedMilliseconds: 7)
    let failure = FailureState(
      stage: .decode, reason: "broken", attempts: 1, byteCount: 5, modifiedMilliseconds: 7, fingerprint: "f",
      hasPoint: true)
    return [
      .file(file, content), .done(content, VideoState(fingerprint: "f", paths: ["/v/a.mp4"])),
      .failed(path: "/v/b.mp4", failure), .done(content, VideoState(fingerprint: "g", paths: ["/v/c.mp4"])),
    ]
  }

  @Test func whatWasAppendedIsThereAgain() async throws {
    let expected: JournalState
    do {
      let journal = try Journal(path: path)
      for entry in entries { try await journal.append(entry) }
      expected = await journal.state
    }
    #expect(try Journal.peek(path: path) == expected)
    #expect(expected.videos[content]?.fingerprint == "g")
    #expect(expected.failures["/v/b.mp4"]?.attempts == 1)
    #expect(
      expected.content(of: FileState(path: "/v/a.mp4", byteCount: 5, modifiedMilliseconds: 7)) == content)
    #expect(expected.content(of: FileState(path: "/v/a.mp4", byteCount: 6, modifiedMilliseconds: 7)) == nil)
  }

  @Test func anotherCollectionKnowsNoVideos() async throws {
    let journal = try Journal(path: path)
    try await journal.begin(collection: "one")
    for entry in entries { try await journal.append(entry) }
    try await journal.begin(collection: "one")
    #expect(await journal.state.videos.count == 1)
    try await journal.begin(collection: "two")
    #expect(await journal.state.videos.isEmpty)
    #expect(await journal.state.failures.isEmpty)
    #expect(await journal.state.files.count == 1)
    #expect(try Journal.peek(path: path).collection == "two")
  }

  @Test func everyCutLeavesWholeLines() async throws {
    do {
      let journal = try Journal(path: path)
      for entry in entries { try await journal.append(entry) }
    }
    let bytes = try Files.bytes(at: path, stage: .read)
    for count in 0...bytes.count {
      let read = try JournalState.read(Array(bytes[..<count]), path: path)
      let lines = bytes[..<count].count { $0 == UInt8(ascii: "\n") }
      var expected = JournalState()
      for entry in entries.prefix(lines) { expected.fold(entry) }
      #expect(read.state == expected)
    }
  }

  @Test func aTornLineIsCutBeforeTheNextOne() async throws {
    do {
      let journal = try Journal(path: path)
      try await journal.append(entries[0])
    }
    try Files.write(
      try Files.bytes(at: path, stage: .read) + Array(#"{"done":{"_0"#.utf8), to: path, stage: .read)
    do {
      let journal = try Journal(path: path)
      try await journal.append(entries[1])
    }
    #expect(try Journal.peek(path: path).videos.count == 1)
  }

  @Test func anEarlierVersionsFailureIsRead() throws {
    let line = """
      {"failed":{"path":"/v/a.mp4","_1":{"stage":"decode","reason":"r","attempts":2,"byteCount":5,\
      "modifiedMilliseconds":7,"fingerprint":"f"}}}

      """
    let state = try JournalState.read(Array(line.utf8), path: "journal").state
    #expect(state.failures["/v/a.mp4"]?.attempts == 2)
    #expect(state.failures["/v/a.mp4"]?.hasPoint == nil)
  }

  @Test func damageInTheMiddleIsNamed() throws {
    let good = #"{"cleared":{"path":"x"}}"#
    let error = #expect(throws: StageError.self) {
      try JournalState.read(Array("\(good)\nnot json\n\(good)\n".utf8), path: "journal")
    }
    #expect(error?.reason.contains("journal line 2") == true)
  }

  @Test func aSecondWorkerIsKeptOut() async throws {
    let journal = try Journal(path: path)
    #expect(throws: StageError.self) { try Journal(path: path) }
    try await journal.append(.cleared(path: "x"))
  }
}
