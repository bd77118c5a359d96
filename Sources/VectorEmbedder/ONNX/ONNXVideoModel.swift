/// A picture model of ONNX Runtime, inside an isolated process.
final class ONNXVideoModel {
  private(set) var dimension = 0
  private let session: ONNXSession
  private let recipe: ONNXVideoRecipe
  private let input: String
  private let output: String

  /// The names of outputs that hold one vector, the better ones first.
  private static let outputs = ["image_embeds", "pooler_output", "features", "embedding", "output"]

  /// Runs the model once on grey, to learn its dimension and whether it takes the preset's shape.
  init(session: ONNXSession, preset: String) throws(StageError) {
    recipe = try ONNXVideoRecipe(preset: preset)
    self.session = session
    guard let input = session.inputs.first?.name, session.inputs.count == 1 else {
      throw StageError(
        .settings, "the model has inputs \(session.inputs.map(\.name)), one of pictures is expected")
    }
    self.input = input
    guard let output = Self.outputs.first(where: session.outputs.contains) ?? session.outputs.first else {
      throw StageError(.settings, "the model has no output")
    }
    self.output = output
    let side = recipe.cropSize
    let gray = Frame(width: side, height: side, pixels: [UInt8](repeating: 128, count: side * side * 3))
    let clip = [Frame](repeating: gray, count: recipe.clipFrames)
    dimension = try vector(ofClips: 1, recipe.tensor(of: clip)).count
  }

  /// The mean of the clips' vectors, of length 1.
  ///
  /// - Parameter numbers: `count` tensors of the recipe's shape.
  func vector(ofClips count: Int, _ numbers: [Float]) throws(StageError) -> [Float] {
    let size = recipe.tensorCount
    guard count > 0, numbers.count == count * size else {
      throw StageError(.video, "\(numbers.count) numbers for \(count) clips of \(size)")
    }
    var sum: [Float] = []
    for clip in 0..<count {
      let tensor = Tensor(
        shape: recipe.tensorShape, values: Array(numbers[(clip * size)..<((clip + 1) * size)]))
      let result = try session.run([(input, .float32(tensor))], output: output, stage: .video)
      guard let one = try ONNXTextModel.pool(result.flattened, "output", lengths: [1]).first else { continue }
      if sum.isEmpty { sum = [Float](repeating: 0, count: one.count) }
      sum.add(one, times: 1)
    }
    guard let vector = sum.scaledToLengthOne() else {
      throw StageError(.video, "the model's output is zero or not finite")
    }
    return vector
  }
}

extension Tensor {
  /// As one row: some exports of picture models keep sides of length 1.
  fileprivate var flattened: Tensor { Tensor(shape: [1, values.count], values: values) }
}
