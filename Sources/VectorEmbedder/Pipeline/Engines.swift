/// All that makes something of a video, as the settings say; a stage that is off is nil.
package struct Engines: Sendable {
  package var text: TextBatcher?
  package var video: VideoEmbedder?
  /// Where transcripts may come from, the preferred kind first.
  package var transcriptSources: [Transcript.Kind]
  package var speech: (any SpeechRecognizer)?
  package var screen: ScreenTextReader?
  package var language: LanguageIdentifier?
  package var judgesSentiment: Bool
  package var speechConfidenceMin: Double
  package var screenIntervalSeconds: Int
  package var screenFramesMax: Int
  package var secondsMax: Int
  package var limits: StageLimits
  /// What all of them compute with.
  package var budget: CoreBudget

  /// Everything in the settings that changes a point.
  package var fingerprint: String {
    var parts = [
      VideoDocument.version, text?.embedder.identity.hash ?? "-", video?.identity.hash ?? "-",
      speech?.cacheKey ?? "-",
      screen?.cacheKey ?? "-", "\(language != nil) \(judgesSentiment) \(speechConfidenceMin)",
      "\(screenIntervalSeconds) \(screenFramesMax) \(secondsMax)",
    ]
    // Points from before there was this setting stay.
    if transcriptSources != Transcript.Kind.allCases {
      parts.append("from " + transcriptSources.map(\.rawValue).joined(separator: " "))
    }
    return parts.joined(separator: "|")
  }
}

/// Names of the three vectors.
package struct VectorNames: Sendable, Equatable {
  package var transcript: String
  package var screen: String
  package var video: String

  package init(transcript: String = "transcript", screen: String = "ocr", video: String = "video") {
    self.transcript = transcript
    self.screen = screen
    self.video = video
  }
}
