import VectorModel

/// What ffprobe says about a file.
package struct MediaProbe: Sendable, Equatable, Codable {
  package struct SubtitleTrack: Sendable, Equatable, Codable {
    /// The stream's number in the file.
    package var stream: Int
    /// As the file says, often a code of three letters.
    package var language: String?
  }

  package var durationSeconds: Double?
  package var width: Int?
  package var height: Int?
  package var hasVideo = false
  package var hasAudio = false
  /// Tracks of text; pictures of text are not listed.
  package var subtitles: [SubtitleTrack] = []
  /// The container's own title.
  package var title: String?

  private static let textCodecs: Set<String> = [
    "subrip", "srt", "webvtt", "mov_text", "ass", "ssa", "text", "ttml",
  ]

  /// Asks ffprobe.
  ///
  /// - Throws: for a file that is no media file, with what ffprobe says.
  package static func probe(_ path: String, timeLimit: Duration) async throws(StageError) -> MediaProbe {
    let child = ChildProcess(
      .probe, "ffprobe",
      ["-v", "error", "-of", "json", "-show_format", "-show_streams", MediaDecoder.fileURL(path)],
      timeLimit: timeLimit)
    let probe = try MediaProbe(json: try await child.run())
    guard probe.hasVideo || probe.hasAudio || !probe.subtitles.isEmpty else {
      throw StageError(.probe, "the file has neither picture nor sound nor text")
    }
    return probe
  }

  /// Reads ffprobe's JSON.
  package init(json: [UInt8]) throws(StageError) {
    let value: JSONValue
    do { value = try JSONValue(parsing: json) } catch { throw StageError(.probe, error.message) }
    let format = value["format"]
    durationSeconds = format?["duration"]?.text.flatMap { Double($0) }
      .flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
    title = format?["tags"]?["title"]?.text
    for stream in value["streams"]?.elements ?? [] {
      switch stream["codec_type"]?.text {
      case "video" where !hasVideo && stream["disposition"]?["attached_pic"]?.double != 1:
        hasVideo = true
        width = stream["width"]?.double.flatMap { Int(exactly: $0) }
        height = stream["height"]?.double.flatMap { Int(exactly: $0) }
      case "audio": hasAudio = true
      case "subtitle":
        guard let codec = stream["codec_name"]?.text, Self.textCodecs.contains(codec),
          let index = stream["index"]?.double.flatMap({ Int(exactly: $0) })
        else { continue }
        subtitles.append(SubtitleTrack(stream: index, language: stream["tags"]?["language"]?.text))
      default: continue
      }
    }
  }
}
