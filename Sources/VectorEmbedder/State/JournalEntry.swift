/// One line of the journal.
package enum JournalEntry: Sendable, Equatable, Codable {
  /// Which collection what follows is about; what was done in another one is worth nothing here.
  case collection(identity: String)
  /// The server has acknowledged the point.
  case done(ContentHash, VideoState)
  /// The point was deleted.
  case removed(ContentHash)
  /// A file's content, so that an unchanged file is not read again.
  case file(FileState, ContentHash)
  /// A file gave no point, or not all of it.
  case failed(path: String, FailureState)
  /// A failure that is over.
  case cleared(path: String)
}

/// What the server knows about a content.
package struct VideoState: Sendable, Equatable, Codable {
  /// A hash of all that went into the point besides the content.
  package var fingerprint: String
  /// Ascending.
  package var paths: [String]

  package init(fingerprint: String, paths: [String]) {
    self.fingerprint = fingerprint
    self.paths = paths
  }
}

/// Why a file failed and how often.
package struct FailureState: Sendable, Equatable, Codable {
  package var stage: Stage
  package var reason: String
  package var attempts: Int
  /// The file that failed; a changed one is tried again.
  package var byteCount: Int
  package var modifiedMilliseconds: Int64
  /// The settings that it failed with; others are tried.
  package var fingerprint: String
  /// Whether there is a point all the same, which lacks something; nil in lines of an earlier version.
  package var hasPoint: Bool?

  package init(
    stage: Stage, reason: String, attempts: Int, byteCount: Int, modifiedMilliseconds: Int64,
    fingerprint: String, hasPoint: Bool
  ) {
    self.stage = stage
    self.reason = reason
    self.attempts = attempts
    self.byteCount = byteCount
    self.modifiedMilliseconds = modifiedMilliseconds
    self.fingerprint = fingerprint
    self.hasPoint = hasPoint
  }
}
