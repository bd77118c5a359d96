/// A model for frames (CLIP) or for short clips (R(2+1)D) as an ONNX file, run by isolated processes.
package final class ONNXVideoEmbedder: FrameEmbedder, Sendable {
  package let identity: ModelIdentity
  let recipe: ONNXVideoRecipe
  private let pool: IsolatedPool

  /// Opens the model in a first process, to learn its dimension and whether it takes the preset's shape.
  init(pool: IsolatedPool, preset: String, files: ONNXModelFiles) async throws(StageError) {
    recipe = try ONNXVideoRecipe(preset: preset)
    self.pool = pool
    identity = ModelIdentity(
      name: "onnx \(preset) \(files.modelHash.prefix(12))",
      hash: ContentHash.sha256(of: [files.hash, preset]).hex, dimension: try await pool.open(),
      earlierHash: ContentHash.sha256(of: [files.modelHash, preset]).hex)
  }

  package var framesPerSecond: Int { recipe.framesPerSecond }

  package func accumulator(durationSeconds: Double?) -> any FrameAccumulator {
    ONNXClips(embedder: self, durationSeconds: durationSeconds)
  }

  /// The mean of the clips' vectors, of length 1.
  func vector(of clips: [[Frame]]) async throws(StageError) -> [Float] {
    let numbers = clips.flatMap { recipe.tensor(of: $0) }
    let answer = try await pool.ask(.clips(count: clips.count), numbers: numbers, stage: .video)
    return try pool.vectors(answer, count: 1, dimension: identity.dimension, stage: .video)[0]
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

  func vector() async throws(StageError) -> [Float]? {
    let length = embedder.recipe.clipFrames
    let whole = clips.compactMap { clip -> [Frame]? in
      guard let last = clip.last else { return nil }
      // A video shorter than a clip stands still at its end.
      return Array(clip.prefix(length)) + [Frame](repeating: last, count: max(0, length - clip.count))
    }
    if whole.isEmpty { return nil }
    return try await embedder.vector(of: whole)
  }
}
