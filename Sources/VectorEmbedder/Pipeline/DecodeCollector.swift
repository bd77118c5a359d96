/// Takes the frames of one decoding pass: all of them for the vector, some as pictures for reading text.
actor DecodeCollector {
  private var accumulator: (any FrameAccumulator)?
  private let videoLimit: Duration
  /// What looking at the frames took.
  private(set) var spent: Duration = .zero
  /// Why no further frame is looked at.
  private var lateness: StageError?
  private let framesPerSecond: Int
  private let screenInterval: Int?
  private let screenFramesMax: Int
  private let directory: String
  private var frameIndex = 0
  private(set) var screenPaths: [String] = []

  /// - Parameters:
  ///   - videoLimit: the time for looking at the frames, without decoding them.
  ///   - screenIntervalSeconds: nil writes no pictures.
  init(
    accumulator: (any FrameAccumulator)?, videoLimit: Duration, framesPerSecond: Int,
    screenIntervalSeconds: Int?,
    screenFramesMax: Int, directory: String
  ) {
    self.accumulator = accumulator
    self.videoLimit = videoLimit
    self.framesPerSecond = framesPerSecond
    screenInterval = screenIntervalSeconds.map { max(1, $0 * framesPerSecond) }
    self.screenFramesMax = screenFramesMax
    self.directory = directory
  }

  func add(_ frame: Frame) throws(StageError) {
    defer { frameIndex += 1 }
    look(at: frame)
    // The first frame is often black; half a second later there is a title.
    guard let screenInterval, frameIndex % screenInterval == min(framesPerSecond / 2, screenInterval - 1),
      screenPaths.count < 2 * screenFramesMax
    else { return }
    try write(frame)
  }

  /// What is late keeps no other stage from the frames.
  private func look(at frame: Frame) {
    guard accumulator != nil else { return }
    let deadline = StageDeadline(.video, videoLimit, spent: spent)
    do throws(StageError) {
      try deadline.check()
      accumulator?.add(frame)
      spent = deadline.spent
    } catch {
      lateness = error
      accumulator = nil
    }
  }

  private func write(_ frame: Frame) throws(StageError) {
    let passes = ScreenTextReader.passes(of: frame)
    let stem = "\(directory)/screen-\(frameIndex)"
    try Files.write(passes.gray, to: stem + "-gray.pgm", stage: .screen)
    screenPaths.append(stem + "-gray.pgm")
    if let bright = passes.bright {
      try Files.write(bright, to: stem + "-bright.pgm", stage: .screen)
      screenPaths.append(stem + "-bright.pgm")
    }
  }

  /// - Throws: also when looking at the frames took too long.
  func vector() async throws(StageError) -> [Float]? {
    if let lateness { throw lateness }
    try StageDeadline(.video, videoLimit, spent: spent).check()
    return try await accumulator?.vector()
  }
}
