/// What lies below a directory, without what is hidden.
///
/// The directory itself may be a symbolic link; below it, links to directories are not followed, for they may lead
/// back. A directory that cannot be listed is left out and named.
struct DirectoryTree: Sendable {
  /// The first is the root; each path begins with it.
  private(set) var directories: [String] = []
  private(set) var files: [String] = []
  private(set) var unreadable: [String] = []

  /// - Parameter list: the names in a directory.
  /// - Throws: where the root cannot be listed.
  init(
    below root: String,
    list: (String) throws(StageError) -> [String] = { path throws(StageError) in
      try Files.names(in: path, stage: .read)
    }
  ) throws(StageError) {
    var pending = add(try list(root), of: root)
    var next = 0
    while next < pending.count {
      let directory = pending[next]
      next += 1
      do {
        pending += add(try list(directory), of: directory)
      } catch {
        // One that vanished meanwhile is no trouble.
        if FileState.look(at: directory) != .gone { unreadable.append(error.reason) }
      }
    }
  }

  /// - Returns: the directories to go on with.
  private mutating func add(_ names: [String], of directory: String) -> [String] {
    directories.append(directory)
    var below: [String] = []
    for name in names where !name.hasPrefix(".") {
      let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
      if !Files.isDirectory(path) {
        files.append(path)
      } else if Files.target(ofLink: path) == nil {
        below.append(path)
      }
    }
    return below
  }
}
