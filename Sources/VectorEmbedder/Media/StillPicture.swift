/// A picture file as one frame.
package enum StillPicture {
  /// Lets ffmpeg read whatever format it is.
  ///
  /// - Throws: for a file that ffmpeg does not take for a picture or video.
  package static func frame(ofFile path: String) async throws(StageError) -> Frame {
    let child = ChildProcess(
      .decode, "ffmpeg",
      [
        "-nostdin", "-v", "error", "-i", MediaDecoder.fileURL(path), "-frames:v", "1", "-vf",
        "scale='min(640,iw)':-2", "-f", "image2pipe", "-c:v", "ppm", "pipe:1",
      ], timeLimit: .seconds(60))
    var stream = PixmapStream()
    stream.append(try await child.run(outputBytesMax: 256 << 20))
    guard let frame = try stream.next() else { throw StageError(.decode, "\(path) holds no picture") }
    return frame
  }
}
