import VectorModel

/// A point's paths, which workers with journals of their own share.
struct SharedPaths: Sendable, Equatable {
  /// Those of this journal, ascending.
  var own: [String]
  /// All that the point is to have, ascending.
  var all: [String]
  /// Whether the server has the point.
  var isThere: Bool
}

extension EmbedderRun {
  /// Adds to this worker's paths of a content what other workers have put on its point.
  ///
  /// A path that this journal knows is its own affair: it is gone from the point when the file is gone, or is another
  /// one. What two workers write at the same moment is not seen by either.
  func shared(
    _ own: [String], of content: ContentHash, at id: UUID128, _ known: VideoState?
  ) async throws(StageError) -> SharedPaths {
    guard let found = try await uploader.paths(of: .uuid(id)) else {
      return SharedPaths(own: own, all: own, isThere: false)
    }
    let files = await journal.state.files
    var paths = SharedPaths(own: own, all: own, isThere: true)
    for path in Set(found).subtracting(own).subtracting(known?.paths ?? []) {
      guard let (file, hash) = files[path] else {
        paths.all.append(path)
        continue
      }
      switch FileState.look(at: path) {
      case .there(let seen) where seen != file || hash != content: continue
      case .gone: continue
      case .there, .unknown:
        paths.own.append(path)
        paths.all.append(path)
      }
    }
    paths.own.sort()
    paths.all.sort()
    return paths
  }
}
