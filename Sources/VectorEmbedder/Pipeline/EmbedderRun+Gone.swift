extension EmbedderRun {
  /// Takes failures of files that are gone for over, unless this run names them.
  ///
  /// Where there is a point that lacks something, what made it is forgotten: its content is embedded again under
  /// another name, or when the file is back.
  func forgetGone(besides entries: [ManifestEntry]) async throws {
    let named = Set(entries.map(\.path))
    let state = await journal.state
    for (path, failure) in state.failures
    where !named.contains(path) && FileState.look(at: path) == .gone {
      if failure.hasPoint != false, let content = state.files[path]?.1, var video = state.videos[content] {
        video.fingerprint = ""
        try await journal.append(.done(content, video))
      }
      try await journal.append(.cleared(path: path))
    }
  }

  /// Deletes the points whose files are all gone from below a directory; one that has paths of other workers loses
  /// this one's.
  ///
  /// A file that cannot be seen for another reason than its absence is not gone, nor is one elsewhere, nor one whose
  /// directory is empty: such is the place of a disk that is not mounted.
  func prune(below root: String) async throws {
    var keptCounts: [String: Int] = [:]
    for (content, video) in await journal.state.videos {
      let state = await journal.state
      let isGone = video.paths.allSatisfy { path in
        guard path.isBelow(directory: root) else { return false }
        return switch FileState.look(at: path) {
        case .there(let file): state.content(of: file).map { $0 != content } ?? false
        case .gone: true
        case .unknown: false
        }
      }
      guard isGone, let id = content.pointID else { continue }
      if let empty = video.paths.compactMap({ Self.emptyDirectory(above: $0, below: root) }).first {
        keptCounts[empty, default: 0] += 1
        continue
      }
      let shared = try await shared([], of: content, at: id, video)
      if shared.all.isEmpty {
        try await uploader.delete([.uuid(id)])
      } else {
        try await uploader.setPayload(VideoDocument.pathsPayload(shared.all), of: .uuid(id))
      }
      if shared.own.isEmpty {
        try await journal.append(.removed(content))
        cache.remove(content)
      } else {
        try await journal.append(
          .done(content, VideoState(fingerprint: video.fingerprint, paths: shared.own)))
      }
      await progress.change { if shared.all.isEmpty { $0.pruned += 1 } else { $0.renamed += 1 } }
    }
    for (directory, count) in keptCounts.sorted(by: { $0.key < $1.key }) {
      await progress.note(
        "\(count) points are kept: \(directory), where their files were, is empty, as a disk's place is that is not "
          + "mounted; remove it or put a file into it, and they go")
    }
  }

  /// The nearest directory above a path that is gone, where nothing or nothing readable is in it.
  private static func emptyDirectory(above path: String, below root: String) -> String? {
    var directory = path
    repeat {
      directory = directory.parentDirectory
      if FileState.look(at: directory) == .gone { continue }
      let names = try? Files.names(in: directory, stage: .read)
      return names?.isEmpty == false ? nil : directory
    } while directory.isBelow(directory: root)
    return root
  }
}

extension String {
  /// Whether the path leads into a directory; both begin at the root.
  func isBelow(directory: String) -> Bool {
    hasPrefix(directory.hasSuffix("/") ? directory : directory + "/")
  }

  /// The directory that a path from the root lies in.
  fileprivate var parentDirectory: String {
    guard let slash = lastIndex(of: "/"), slash != startIndex else { return "/" }
    return String(self[..<slash])
  }
}
