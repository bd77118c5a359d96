@testable import VectorEmbedder

/// Small videos, made on the spot by ffmpeg's own sources.
struct TestMedia {
  let directory: String

  static let isPossible = TestModel.hasProgram && TestModel.hasPrograms("ffmpeg", "ffprobe")

  private func ffmpeg(_ arguments: [String]) async throws {
    let child = ChildProcess(
      .decode, "ffmpeg", ["-nostdin", "-v", "error", "-y"] + arguments, timeLimit: .seconds(60))
    _ = try await child.run()
  }

  /// A moving test picture with a spoken sentence.
  func speech(_ name: String, saying text: String, voice: String = "rms") async throws {
    try await ffmpeg([
      "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10", "-f", "lavfi", "-i",
      "flite=text='\(text)':voice=\(voice)", "-shortest", "-c:v", "mpeg4", "-c:a", "aac",
      directory + "/" + name,
    ])
  }

  /// A title in white on a moving background, without sound.
  func title(_ name: String, _ text: String, seconds: Int = 4) async throws {
    try await ffmpeg([
      "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=10:duration=\(seconds)", "-vf",
      "drawbox=y=130:h=100:color=black@0.6:t=fill,"
        + "drawtext=text='\(text)':fontsize=52:fontcolor=white:x=(w-tw)/2:y=(h-th)/2",
      "-c:v", "mpeg4", directory + "/" + name,
    ])
  }

  /// A picture of a source filter of ffmpeg, without sound.
  func picture(_ name: String, source: String, seconds: Int = 3, filter: String = "null") async throws {
    try await ffmpeg([
      "-f", "lavfi", "-i", source, "-t", "\(seconds)", "-vf", filter, "-c:v", "mpeg4", "-q:v", "4",
      directory + "/" + name,
    ])
  }

  /// Another video's picture through a filter, in another code and strongly compressed.
  func recoded(_ name: String, from original: String, filter: String) async throws {
    try await ffmpeg([
      "-i", directory + "/" + original, "-vf", filter, "-c:v", "mpeg2video", "-q:v", "8", "-r", "25",
      directory + "/" + name,
    ])
  }

  /// A video with a subtitle track.
  func subtitled(_ name: String, _ text: String, language: String) async throws {
    let subtitle = directory + "/.\(name).srt"
    try Files.write(Array(Self.subtitle(text).utf8), to: subtitle, stage: .read)
    try await ffmpeg([
      "-f", "lavfi", "-i", "mandelbrot=size=160x120:rate=10", "-i", subtitle, "-t", "3", "-map", "0:v",
      "-map", "1",
      "-c:v", "mpeg4", "-c:s", "srt", "-metadata:s:s:0", "language=\(language)", directory + "/" + name,
    ])
    Files.remove(subtitle)
  }

  /// A file of subtitles alone.
  func textOnly(_ name: String, _ text: String) async throws {
    try await textOnly(name, subtitles: Self.subtitle(text))
  }

  func textOnly(_ name: String, subtitles: String) async throws {
    let subtitle = directory + "/.\(name).srt"
    try Files.write(Array(subtitles.utf8), to: subtitle, stage: .read)
    try await ffmpeg(["-i", subtitle, "-c:s", "srt", directory + "/" + name])
    Files.remove(subtitle)
  }

  func sidecar(_ name: String, _ text: String) throws {
    try Files.write(Array(Self.subtitle(text).utf8), to: directory + "/" + name, stage: .read)
  }

  func bytes(_ name: String, _ bytes: [UInt8]) throws {
    try Files.write(bytes, to: directory + "/" + name, stage: .read)
  }

  private static func subtitle(_ text: String) -> String { "1\n00:00:00,100 --> 00:00:02,900\n\(text)\n" }
}
