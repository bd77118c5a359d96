/// Any text model as an ONNX file.
package final class ONNXTextEmbedder: TextEmbedder, Sendable {
  package let identity: ModelIdentity
  private let session: ONNXSession
  private let recipe: ONNXTextRecipe
  private let tokenizer: any TextTokenizer
  private let output: String

  /// Runs the model once, to learn its dimension and whether its inputs are understood.
  package init(
    session: ONNXSession, recipe: ONNXTextRecipe, tokenizer: any TextTokenizer, modelHash: String
  ) throws(StageError) {
    self.session = session
    self.recipe = recipe
    self.tokenizer = tokenizer
    let named = recipe.output.flatMap { session.outputs.contains($0) ? $0 : nil }
    guard let output = named ?? session.outputs.first else {
      throw StageError(.settings, "the model has no output")
    }
    if let wanted = recipe.output, named == nil, recipe.pooling == "output" {
      throw StageError(.settings, "the model has no output \(wanted), only \(session.outputs)")
    }
    self.output = output
    let probe = try Self.vector("test", session, recipe, tokenizer, output)
    identity = ModelIdentity(
      name: "onnx \(recipe.tokenizer) \(recipe.pooling) \(modelHash.prefix(12))",
      hash: ContentHash.sha256(of: [modelHash, recipe.fingerprint]).hex, dimension: probe.count)
  }

  package func embed(_ texts: [String], as role: TextRole) async throws(StageError) -> [[Float]] {
    let prefix = role == .query ? recipe.queryPrefix : recipe.passagePrefix
    // One text at a time: padding a batch costs more than it gains on one thread.
    var vectors: [[Float]] = []
    for text in texts {
      vectors.append(try Self.vector(prefix + text, session, recipe, tokenizer, output))
    }
    return vectors
  }

  private static func vector(
    _ text: String, _ session: ONNXSession, _ recipe: ONNXTextRecipe, _ tokenizer: any TextTokenizer,
    _ output: String
  ) throws(StageError) -> [Float] {
    let tokens = tokenizer.encode(text, tokensMax: recipe.tokensMax)
    let shape = [1, tokens.count]
    var inputs: [(name: String, value: ONNXSession.Input)] = []
    for name in session.inputs {
      let values: [Int64]
      switch name {
      case "attention_mask": values = tokens.map { _ in 1 }
      case "token_type_ids": values = tokens.map { _ in 0 }
      case "position_ids": values = tokens.indices.map { Int64($0) }
      case "input_ids", "input", "tokens", "text": values = tokens.map { Int64($0) }
      default: throw StageError(.text, "the model wants an input \(name), which is not known")
      }
      inputs.append((name, .int64(Tensor(shape: shape, values: values))))
    }
    let result = try session.run(inputs, output: output, stage: .text)
    return try pool(result, recipe.pooling)
  }

  /// Makes one vector of `[1 × tokens × dimension]` or `[1 × dimension]`.
  static func pool(_ tensor: Tensor<Float>, _ pooling: String) throws(StageError) -> [Float] {
    guard let dimension = tensor.shape.last, dimension > 0, tensor.values.count >= dimension else {
      throw StageError(.text, "the model's output has the shape \(tensor.shape)")
    }
    let count = tensor.values.count / dimension
    var vector: [Float]
    switch pooling {
    case "cls", "output": vector = Array(tensor.values.prefix(dimension))
    case "last": vector = Array(tensor.values.suffix(dimension))
    default:
      vector = [Float](repeating: 0, count: dimension)
      for row in 0..<count {
        for column in 0..<dimension { vector[column] += tensor.values[row * dimension + column] }
      }
    }
    guard let scaled = vector.scaledToLengthOne() else {
      throw StageError(.text, "the model's output is zero or not finite")
    }
    return scaled
  }
}
