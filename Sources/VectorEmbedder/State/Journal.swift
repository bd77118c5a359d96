import FoundationEssentials

/// What has been done, line by line as JSON; its fold says what is left to do.
///
/// A torn last line is cut: its work is done again, which changes nothing, for ids and vectors depend on the content
/// alone.
package actor Journal {
  private let file: AppendOnlyFile
  package private(set) var state: JournalState

  /// Opens the journal, makes it when missing, and keeps other processes out.
  ///
  /// - Throws: for a damaged line that is not the last one, and when another process has the journal.
  package init(path: String) throws(StageError) {
    let bytes = Files.exists(path) ? try Files.bytes(at: path, stage: .settings) : []
    let read = try JournalState.read(bytes, path: path)
    let lockFile = try AppendOnlyFile(path, cutTo: nil)
    try lockFile.lock()
    file = try AppendOnlyFile(path, cutTo: read.byteCount)
    lock = lockFile
    state = read.state
  }

  private let lock: AppendOnlyFile

  /// Appends and syncs an entry, then folds it in.
  package func append(_ entry: JournalEntry) throws(StageError) {
    let data: Data
    do {
      data = try JSONEncoder().encode(entry)
    } catch {
      throw StageError(.settings, "the journal entry cannot be written: \(error)")
    }
    try file.append(line: Array(data))
    state.fold(entry)
  }

  /// Says which collection this is about from now on; for another one than before nothing was tried.
  package func begin(collection identity: String) throws(StageError) {
    if state.collection != identity { try append(.collection(identity: identity)) }
  }

  /// What the journal at `path` says, without taking it.
  package static func peek(path: String) throws(StageError) -> JournalState {
    guard Files.exists(path) else { return JournalState() }
    return try JournalState.read(try Files.bytes(at: path, stage: .settings), path: path).state
  }
}

/// The fold of a journal.
package struct JournalState: Sendable, Equatable {
  /// The identity of the collection that the videos are in.
  package var collection: String?
  package var videos: [ContentHash: VideoState] = [:]
  package var files: [String: (FileState, ContentHash)] = [:]
  package var failures: [String: FailureState] = [:]

  package init() {}

  package static func == (lhs: JournalState, rhs: JournalState) -> Bool {
    lhs.collection == rhs.collection && lhs.videos == rhs.videos && lhs.failures == rhs.failures
      && lhs.files.mapValues(\.0) == rhs.files.mapValues(\.0)
      && lhs.files.mapValues(\.1) == rhs.files.mapValues(\.1)
  }

  package mutating func fold(_ entry: JournalEntry) {
    switch entry {
    case .collection(let identity):
      if collection != identity {
        videos = [:]
        failures = [:]
      }
      collection = identity
    case .done(let content, let video): videos[content] = video
    case .removed(let content): videos[content] = nil
    case .file(let file, let content): files[file.path] = (file, content)
    case .failed(let path, let failure): failures[path] = failure
    case .cleared(let path): failures[path] = nil
    }
  }

  /// What failed and is still there, in the order of paths.
  ///
  /// - Parameter manifest: what is said about some of them.
  package func failedEntries(manifest: [ManifestEntry] = []) -> [ManifestEntry] {
    let known = Dictionary(manifest.map { ($0.path, $0) }) { first, _ in first }
    return failures.keys.sorted().filter { FileState.look(at: $0) != .gone }
      .map { known[$0] ?? ManifestEntry(path: $0) }
  }

  /// The content of a file that has not changed since it was read.
  package func content(of file: FileState) -> ContentHash? {
    guard let known = files[file.path], known.0 == file else { return nil }
    return known.1
  }

  /// Folds whole lines.
  ///
  /// - Returns: the state, and where the last good line ends, in bytes.
  package static func read(
    _ bytes: [UInt8], path: String
  ) throws(StageError) -> (state: JournalState, byteCount: Int) {
    var state = JournalState()
    var start = 0
    var number = 1
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      do {
        state.fold(try JSONDecoder().decode(JournalEntry.self, from: Data(bytes[start..<end])))
      } catch {
        guard end == bytes.count - 1 else {
          throw StageError(.settings, "\(path) line \(number) is damaged; move the file away to start afresh")
        }
        return (state, start)
      }
      start = end + 1
      number += 1
    }
    return (state, start)
  }
}
