/// One pass of ffmpeg over a file: frames through a pipe, sound and subtitles into files beside it.
package struct MediaDecoder: Sendable {
  package struct Wish: Sendable {
    package var framesPerSecond: Int?
    /// Frames are scaled into this size, never up; their shape stays.
    package var widthMax = 640
    package var heightMax = 360
    /// Where to put 16 kHz mono PCM.
    package var wavePath: String?
    /// The stream to convert and where to put the WebVTT.
    package var subtitle: (stream: Int, path: String)?
    package var secondsMax: Int

    package init(secondsMax: Int) { self.secondsMax = secondsMax }

    var isEmpty: Bool { framesPerSecond == nil && wavePath == nil && subtitle == nil }
  }

  package var timeLimit: Duration

  package init(timeLimit: Duration) { self.timeLimit = timeLimit }

  /// A file name for ffmpeg, which would read `pipe:1` or `http://…` as something else.
  static func fileURL(_ path: String) -> String { "file:" + path }

  /// Decodes what is wished for and hands each frame to `onFrame`.
  ///
  /// - Returns: how many frames came, and a warning when the file broke off.
  /// - Throws: when nothing at all could be decoded, or after the time limit.
  package func decode(
    _ path: String, _ wish: Wish, onFrame: @escaping @Sendable (Frame) async throws -> Void
  ) async throws(StageError) -> (frameCount: Int, warning: String?) {
    guard !wish.isEmpty else { return (0, nil) }
    let child = ChildProcess(.decode, "ffmpeg", arguments(path, wish), timeLimit: timeLimit)
    let reader = FrameReader(onFrame)
    let outcome = try await child.stream { try await reader.append($0) }
    let frameCount = await reader.frameCount
    if !outcome.isSuccess {
      guard frameCount > 0 || wish.wavePath.map(Files.exists) == true else { throw outcome.error(of: child) }
      return (frameCount, "ffmpeg \(outcome.ending): \(outcome.standardErrorTail.suffix(300))")
    }
    return (frameCount, nil)
  }

  private func arguments(_ path: String, _ wish: Wish) -> [String] {
    var arguments = ["-nostdin", "-v", "error", "-y", "-threads", "1", "-i", Self.fileURL(path)]
    let limit = ["-t", String(wish.secondsMax)]
    if let rate = wish.framesPerSecond {
      let scale = "scale='min(\(wish.widthMax),iw)':'min(\(wish.heightMax),ih)'"
      arguments +=
        limit + [
          "-map", "0:V:0", "-vf", "fps=\(rate),\(scale):force_original_aspect_ratio=decrease", "-threads",
          "1",
          "-f", "image2pipe", "-c:v", "ppm", "pipe:1",
        ]
    }
    if let wave = wish.wavePath {
      arguments +=
        limit + ["-map", "0:a:0", "-ac", "1", "-ar", "16000", "-c:a", "pcm_s16le", "-f", "wav", wave]
    }
    if let subtitle = wish.subtitle {
      arguments += limit + ["-map", "0:\(subtitle.stream)", "-f", "webvtt", Self.fileURL(subtitle.path)]
    }
    return arguments
  }
}

/// Cuts the pipe's bytes into frames.
private actor FrameReader {
  private var stream = PixmapStream()
  private let onFrame: @Sendable (Frame) async throws -> Void
  private(set) var frameCount = 0

  init(_ onFrame: @escaping @Sendable (Frame) async throws -> Void) { self.onFrame = onFrame }

  func append(_ bytes: [UInt8]) async throws {
    stream.append(bytes)
    while let frame = try stream.next() {
      frameCount += 1
      try await onFrame(frame)
    }
  }
}
