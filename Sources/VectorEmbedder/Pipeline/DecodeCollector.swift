/// Takes the frames of one decoding pass: all of them for the vector, some as pictures for reading text.
actor DecodeCollector {
  private var accumulator: (any FrameAccumulator)?
  private let framesPerSecond: Int
  private let screenInterval: Int?
  private let screenFramesMax: Int
  private let directory: String
  private var frameIndex = 0
  private(set) var screenPaths: [String] = []

  /// - Parameter screenIntervalSeconds: nil writes no pictures.
  init(
    accumulator: (any FrameAccumulator)?, framesPerSecond: Int, screenIntervalSeconds: Int?,
    screenFramesMax: Int, directory: String
  ) {
    self.accumulator = accumulator
    self.framesPerSecond = framesPerSecond
    screenInterval = screenIntervalSeconds.map { max(1, $0 * framesPerSecond) }
    self.screenFramesMax = screenFramesMax
    self.directory = directory
  }

  func add(_ frame: Frame) throws(StageError) {
    defer { frameIndex += 1 }
    accumulator?.add(frame)
    // The first frame is often black; half a second later there is a title.
    guard let screenInterval, frameIndex % screenInterval == min(framesPerSecond / 2, screenInterval - 1),
      screenPaths.count < 2 * screenFramesMax
    else { return }
    try write(frame)
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

  func vector() async throws(StageError) -> [Float]? { try await accumulator?.vector() }
}
