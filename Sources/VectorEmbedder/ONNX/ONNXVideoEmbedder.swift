/// A model for frames (CLIP) or for short clips (R(2+1)D) as an ONNX file.
package final class ONNXVideoEmbedder: FrameEmbedder, Sendable {
  package let identity: ModelIdentity
  let session: ONNXSession
  let recipe: ONNXVideoRecipe

  /// Runs the model once on grey, to learn its dimension and whether it takes the preset's shape.
  package init(session: ONNXSession, preset: String, modelHash: String) throws(StageError) {
    guard let recipe = ONNXVideoRecipe(preset: preset) else {
      throw StageError(.settings, "there is no video_preset `\(preset)`")
    }
    self.session = session
    self.recipe = recipe
    let size = recipe.cropSize
    let gray = Frame(width: size, height: size, pixels: [UInt8](repeating: 128, count: size * size * 3))
    let vector = try Self.run(
      [[Frame]](repeating: [Frame](repeating: gray, count: recipe.clipFrames), count: 1), session, recipe)
    identity = ModelIdentity(
      name: "onnx \(preset) \(modelHash.prefix(12))", hash: ContentHash.sha256(of: [modelHash, preset]).hex,
      dimension: vector.count)
  }

  package var framesPerSecond: Int { recipe.framesPerSecond }

  package func accumulator(durationSeconds: Double?) -> any FrameAccumulator {
    ONNXClips(embedder: self, durationSeconds: durationSeconds)
  }

  /// The mean of the clips' vectors, of length 1.
  static func run(
    _ clips: [[Frame]], _ session: ONNXSession, _ recipe: ONNXVideoRecipe
  ) throws(StageError) -> [Float] {
    guard let input = session.inputs.first, session.inputs.count == 1 else {
      throw StageError(.video, "the model has inputs \(session.inputs), one of pictures is expected")
    }
    let known = ["image_embeds", "pooler_output", "features", "embedding", "output"]
    guard let output = known.first(where: session.outputs.contains) ?? session.outputs.first else {
      throw StageError(.video, "the model has no output")
    }
    var sum: [Float] = []
    for clip in clips {
      let tensor = recipe.tensor(of: clip)
      let result = try session.run([(input, .float32(tensor))], output: output, stage: .video)
      let one = try ONNXTextEmbedder.pool(result, "output")
      if sum.isEmpty { sum = [Float](repeating: 0, count: one.count) }
      sum.add(one, times: 1)
    }
    guard let vector = sum.scaledToLengthOne() else { throw StageError(.video, "the model's output is zero") }
    return vector
  }
}

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

  init?(preset: String) {
    switch preset {
    case "r2plus1d_18":
      // Tran et al. 2018, with torchvision's constants.
      framesPerSecond = 15
      clipFrames = 16
      clipsMax = 4
      resizedHeight = 128
      resizedWidth = 171
      cropSize = 112
      filter = .bilinear
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
    default: return nil
    }
  }

  /// Resized, cropped about the centre, normalised, channels first.
  func tensor(of clip: [Frame]) -> Tensor<Float> {
    let area = cropSize * cropSize
    var values = [Float](repeating: 0, count: 3 * clip.count * area)
    for (index, frame) in clip.enumerated() {
      let (width, height) = resizedSize(of: frame)
      let planes = frame.resampled(width: width, height: height, filter)
      let left = (width - cropSize) / 2
      let top = (height - cropSize) / 2
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
    let shape = clipFrames == 1 ? [1, 3, cropSize, cropSize] : [1, 3, clip.count, cropSize, cropSize]
    return Tensor(shape: shape, values: values)
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

/// Keeps evenly spread frames or clips of one video.
struct ONNXClips: FrameAccumulator {
  private let embedder: ONNXVideoEmbedder
  /// The first frame of each clip, ascending.
  private let starts: [Int]
  private var clips: [[Frame]] = []
  private var frameIndex = 0

  init(embedder: ONNXVideoEmbedder, durationSeconds: Double?) {
    self.embedder = embedder
    let recipe = embedder.recipe
    let frames = max(1, Int((durationSeconds ?? 60) * Double(recipe.framesPerSecond)))
    let count = max(1, min(recipe.clipsMax, frames / recipe.clipFrames))
    let room = max(0, frames - recipe.clipFrames)
    starts = (0..<count).map { count == 1 ? room / 2 : room * $0 / (count - 1) }
  }

  mutating func add(_ frame: Frame) {
    defer { frameIndex += 1 }
    let length = embedder.recipe.clipFrames
    if let next = starts.first(where: { $0 <= frameIndex && frameIndex < $0 + length }) {
      if next == frameIndex || clips.isEmpty { clips.append([]) }
      clips[clips.count - 1].append(frame)
    }
  }

  func vector() throws(StageError) -> [Float]? {
    let length = embedder.recipe.clipFrames
    let whole = clips.compactMap { clip -> [Frame]? in
      guard let last = clip.last else { return nil }
      // A video shorter than a clip stands still at its end.
      return Array(clip.prefix(length)) + [Frame](repeating: last, count: max(0, length - clip.count))
    }
    if whole.isEmpty { return nil }
    return try ONNXVideoEmbedder.run(whole, embedder.session, embedder.recipe)
  }
}
