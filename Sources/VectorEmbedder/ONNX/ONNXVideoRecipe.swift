/// What a picture model expects.
struct ONNXVideoRecipe: Sendable {
  var framesPerSecond: Int
  /// 1: each frame alone, `[1 × 3 × height × width]`; more: `[1 × 3 × frames × height × width]`.
  var clipFrames: Int
  var clipsMax: Int
  var resizedHeight: Int
  /// Nil: the shortest edge is `resizedHeight`.
  var resizedWidth: Int?
  var cropSize: Int
  var filter: Resampling
  var mean: [Float]
  var deviation: [Float]

  /// - Throws: for a preset that there is not.
  init(preset: String) throws(StageError) {
    switch preset {
    case "r2plus1d_18":
      // Tran et al. 2018, with torchvision's constants.
      framesPerSecond = 15
      clipFrames = 16
      clipsMax = 4
      resizedHeight = 128
      resizedWidth = 171
      cropSize = 112
      filter = .interpolation
      mean = [0.43216, 0.394666, 0.37645]
      deviation = [0.22803, 0.22145, 0.216989]
    case "clip_vit_b32":
      // Radford et al. 2021.
      framesPerSecond = 1
      clipFrames = 1
      clipsMax = 32
      resizedHeight = 224
      resizedWidth = nil
      cropSize = 224
      filter = .bicubic
      mean = [0.48145466, 0.4578275, 0.40821073]
      deviation = [0.26862954, 0.26130258, 0.27577711]
    default: throw StageError(.settings, "there is no video_preset `\(preset)`")
    }
  }

  /// What the model takes at once.
  var tensorShape: [Int] {
    clipFrames == 1 ? [1, 3, cropSize, cropSize] : [1, 3, clipFrames, cropSize, cropSize]
  }

  var tensorCount: Int { 3 * clipFrames * cropSize * cropSize }

  /// Resized, cropped about the centre, normalised, channels first: the values of `tensorShape`.
  func tensor(of clip: [Frame]) -> [Float] {
    precondition(clip.count == clipFrames)
    let area = cropSize * cropSize
    var values = [Float](repeating: 0, count: 3 * clip.count * area)
    for (index, frame) in clip.enumerated() {
      let (width, height) = resizedSize(of: frame)
      let planes = frame.resampled(width: width, height: height, filter)
      let left = Self.start(of: cropSize, in: width)
      let top = Self.start(of: cropSize, in: height)
      for channel in 0..<3 {
        let start = (channel * clip.count + index) * area
        for y in 0..<cropSize {
          for x in 0..<cropSize {
            values[start + y * cropSize + x] =
              (planes[channel][left + x, top + y] - mean[channel]) / deviation[channel]
          }
        }
      }
    }
    return values
  }

  /// Where the centre crop begins; halves are rounded to even numbers, as Python does it.
  private static func start(of part: Int, in whole: Int) -> Int {
    Int((Double(whole - part) / 2).rounded(.toNearestOrEven))
  }

  private func resizedSize(of frame: Frame) -> (width: Int, height: Int) {
    if let resizedWidth { return (resizedWidth, resizedHeight) }
    let shortest = min(frame.width, frame.height)
    return (
      max(cropSize, frame.width * resizedHeight / shortest),
      max(cropSize, frame.height * resizedHeight / shortest)
    )
  }
}
