/// The room that is left on the disk of the worker's own files.
struct DiskRoom: Sendable {
  var directory: String
  /// What is free now, in bytes; nil where that is not known.
  var freeByteCount: @Sendable () -> Int?

  /// With less the worker stops, rather than take a full disk for broken videos, in bytes.
  static let freeBytesMin = 16 << 20

  init(directory: String) {
    self.directory = directory
    freeByteCount = { Files.freeByteCount(at: directory) }
  }

  /// The error, or where the disk is full that instead, which is no video's fault.
  ///
  /// Asked while what the video itself put there still lies there.
  func judged(_ error: StageError) -> StageError {
    guard error.stage != .settings, let free = freeByteCount(), free < Self.freeBytesMin else { return error }
    return StageError(
      .settings, "the disk of \(directory) has \(free) bytes left; what failed was: \(error.reason)")
  }
}
