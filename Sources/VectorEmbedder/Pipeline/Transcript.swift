/// Where the words of a video come from: the first of the permitted kinds that the video has.
package enum Transcript {
  /// The kinds of sources, by the names of setting and payload, in the order of the default.
  package enum Kind: String, Sendable, CaseIterable {
    case manifest, sidecar, subtitles, speech
  }

  enum Source: Sendable {
    case manifest(String)
    case sidecar(SidecarFinder.Sidecar)
    case subtitles(MediaProbe.SubtitleTrack)
    case speech
    case none

    /// What the payload calls it.
    var name: String? { kind?.rawValue }

    private var kind: Kind? {
      switch self {
      case .manifest: .manifest
      case .sidecar: .sidecar
      case .subtitles: .subtitles
      case .speech: .speech
      case .none: nil
      }
    }

    /// The language that the container gives the track.
    var trackLanguage: String? {
      if case .subtitles(let track) = self { track.language } else { nil }
    }
  }

  /// - Parameter kinds: those permitted, the preferred one first.
  static func source(
    of entry: ManifestEntry, probe: MediaProbe, kinds: [Kind], hears: Bool, sidecars: SidecarFinder
  ) -> Source {
    for kind in kinds {
      switch kind {
      case .manifest:
        if let text = entry.transcript { return .manifest(text) }
      case .sidecar:
        if let file = sidecars.sidecar(of: entry.path, language: entry.language) { return .sidecar(file) }
      case .subtitles:
        if let track = probe.subtitles.first { return .subtitles(track) }
      case .speech:
        if probe.hasAudio && hears { return .speech }
      }
    }
    return .none
  }

  /// A hash of the file beside the video where it may be the source, or nothing: a changed one changes the point.
  static func sidecarFingerprint(
    of entry: ManifestEntry, kinds: [Kind], sidecars: SidecarFinder, timeLimit: Duration
  ) -> String {
    let first = kinds.first { $0 == .sidecar || ($0 == .manifest && entry.transcript != nil) }
    guard first == .sidecar, let file = sidecars.sidecar(of: entry.path, language: entry.language),
      let hash = try? ContentHash.sha256(ofFile: file.path, by: StageDeadline(.read, timeLimit))
    else { return "" }
    return hash.hex
  }
}
