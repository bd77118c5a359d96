/// What each stage may take for one video.
package struct StageLimits: Sendable {
  /// Reading the file for its hash, and the words of a file beside it.
  package var read: Duration
  package var probe: Duration
  package var decode: Duration
  package var speech: Duration
  /// Looking at the frames in this process.
  package var video: Duration
  /// All its texts, without waiting for those of others.
  package var text: Duration
  package var language: Duration
  package var sentiment: Duration
}
