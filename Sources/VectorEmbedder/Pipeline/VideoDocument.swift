package import VectorModel

/// All that is known about a video: the point before it is a point.
package struct VideoDocument: Sendable, Equatable {
  package var content: ContentHash
  package var paths: [String]
  package var title: String
  package var durationSeconds: Double?
  package var transcript: String?
  /// `manifest`, `sidecar`, `subtitles` or `speech`.
  package var transcriptSource: String?
  package var screenText: String?
  package var language: DetectedLanguage?
  package var sentiment: Double?
  package var tags: [String] = []
  /// By name; a modality that the video lacks has none.
  package var vectors: [(name: String, value: [Float])] = []

  package static func == (lhs: VideoDocument, rhs: VideoDocument) -> Bool {
    lhs.payload == rhs.payload && lhs.vectors.map(\.name) == rhs.vectors.map(\.name)
      && lhs.vectors.map(\.value) == rhs.vectors.map(\.value)
  }

  /// The worker's version in every payload; it grows when results change.
  package static let version = "needletail-embedder 1"

  package init(content: ContentHash, paths: [String], title: String) {
    self.content = content
    self.paths = paths
    self.title = title
  }

  /// The payload as JSON; what is unknown is null.
  package var payload: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("title", title)
      Self.write(paths, as: "paths", to: &writer)
      writer.member("sha256", content.hex)
      nullable("duration_s", durationSeconds.map { .double(($0 * 1000).rounded() / 1000) }, &writer)
      nullable("language", language.map { .string($0.code) }, &writer)
      nullable("language_confidence", language.map { .double($0.confidence) }, &writer)
      nullable("language_source", language.map { .string($0.source) }, &writer)
      nullable("transcript", transcript.map { .string($0) }, &writer)
      nullable("transcript_source", transcriptSource.map { .string($0) }, &writer)
      writer.member("asr_words", transcript.map(wordCount) ?? 0)
      nullable("ocr_text", screenText.map { .string($0) }, &writer)
      writer.member("ocr_words", screenText.map(wordCount) ?? 0)
      nullable("sentiment", sentiment.map { .double(($0 * 10_000).rounded() / 10_000) }, &writer)
      Self.write(tags, as: "tags", to: &writer)
      writer.member("embedder_version", Self.version)
    }
    return writer.bytes
  }

  /// The part of the payload that changes with a file's name.
  static func pathsPayload(_ paths: [String]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { write(paths, as: "paths", to: &$0) }
    return writer.bytes
  }

  /// The point under the id of the content.
  package func point() throws(StageError) -> Point {
    guard let id = content.pointID else { throw StageError(.upload, "\(content.hex) is no content hash") }
    let entries = vectors.map { NamedVectors.Entry(name: $0.name, value: .dense($0.value)) }
    return Point(id: .uuid(id), vectors: NamedVectors(entries), payload: payload)
  }

  private static func write(_ texts: [String], as key: String, to writer: inout JSONWriter) {
    writer.key(key)
    writer.array(texts) { $0.string($1) }
  }

  private func nullable(_ key: String, _ value: JSONValue?, _ writer: inout JSONWriter) {
    writer.member(key, value ?? .null)
  }
}
