/// Where the words of a video come from: the first of manifest, file beside it, subtitle track, speech.
enum Transcript {
  enum Source: Sendable {
    case manifest(String)
    case sidecar(path: String, SubtitleText.Format)
    case subtitles(MediaProbe.SubtitleTrack)
    case speech
    case none

    /// What the payload calls it.
    var name: String? {
      switch self {
      case .manifest: "manifest"
      case .sidecar: "sidecar"
      case .subtitles: "subtitles"
      case .speech: "speech"
      case .none: nil
      }
    }

    /// The language that the container gives the track.
    var trackLanguage: String? {
      if case .subtitles(let track) = self { track.language } else { nil }
    }
  }

  static func source(of entry: ManifestEntry, probe: MediaProbe, hears: Bool) -> Source {
    if let text = entry.transcript { return .manifest(text) }
    if let (path, format) = sidecar(of: entry.path) { return .sidecar(path: path, format) }
    if let track = probe.subtitles.first { return .subtitles(track) }
    return probe.hasAudio && hears ? .speech : .none
  }

  /// The subtitle file beside a video: `film.srt`, `film.en.srt` or `film.mp4.srt` for `film.mp4`.
  static func sidecar(of path: String) -> (path: String, format: SubtitleText.Format)? {
    let stem = path.lastIndex(of: ".").map { String(path[..<$0]) } ?? path
    for format in [SubtitleText.Format.srt, .vtt, .txt] {
      for candidate in ["\(stem).\(format.rawValue)", "\(path).\(format.rawValue)"]
      where FileState.isRegular(candidate) {
        return (candidate, format)
      }
    }
    for format in [SubtitleText.Format.srt, .vtt] {
      for code in ["en", "es", "fr", "de", "ru", "zh", "it", "pt", "ja", "ko"] {
        let candidate = "\(stem).\(code).\(format.rawValue)"
        if FileState.isRegular(candidate) { return (candidate, format) }
      }
    }
    return nil
  }

  /// A hash of the file beside the video, or nothing: a changed one changes the point.
  static func sidecarFingerprint(of path: String, timeLimit: Duration) -> String {
    guard let (sidecar, _) = sidecar(of: path),
      let hash = try? ContentHash.sha256(ofFile: sidecar, by: StageDeadline(.read, timeLimit))
    else { return "" }
    return hash.hex
  }
}
