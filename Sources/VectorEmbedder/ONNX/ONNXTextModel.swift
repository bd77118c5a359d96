/// A text model of ONNX Runtime with its tokenizer, inside an isolated process.
final class ONNXTextModel {
  private(set) var dimension = 0
  private let session: ONNXSession
  private let recipe: ONNXTextRecipe
  private let tokenizer: any TextTokenizer
  private let output: String
  /// Texts in one run of the model; 1 where it does not take more.
  private let batchMax: Int
  /// The length that the model insists on.
  private let fixedTokenCount: Int?
  private let tokensMax: Int

  /// Texts in one run of the model, whatever is asked at once.
  static let batchMax = 16
  /// How much of a batch may be padding: then running together still costs less than running alone.
  static let paddingShareMax = 0.15

  /// Runs the model once, to learn its dimension and whether its inputs are understood.
  init(
    session: ONNXSession, recipe: ONNXTextRecipe, tokenizer: any TextTokenizer
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
    let shapes = session.inputs.map(\.shape)
    batchMax = shapes.contains { $0.first ?? -1 > 0 } ? 1 : Self.batchMax
    fixedTokenCount = shapes.compactMap { $0.count == 2 && $0[1] > 0 ? $0[1] : nil }.min()
    tokensMax = min(recipe.tokensMax, fixedTokenCount ?? .max)
    dimension = try embed(["test"])[0].count
  }

  /// One vector of length 1 for each text.
  ///
  /// Texts of like lengths are run together, the shorter ones padded behind their end and masked.
  func embed(_ texts: [String]) throws(StageError) -> [[Float]] {
    let tokens = texts.map { tokenizer.encode($0, tokensMax: tokensMax) }
    let pads = session.inputs.contains { $0.name == "attention_mask" } || fixedTokenCount != nil
    let batches = Self.batches(
      lengths: tokens.map(\.count), batchMax: batchMax, paddingShareMax: pads ? Self.paddingShareMax : 0)
    var vectors = [[Float]](repeating: [], count: texts.count)
    for batch in batches {
      let found = try run(batch.map { tokens[$0] })
      for (index, vector) in zip(batch, found) { vectors[index] = vector }
    }
    return vectors
  }

  /// Places of texts that run together: each place once, the lengths of a batch nearly the same.
  ///
  /// - Complexity: O(n log n).
  static func batches(lengths: [Int], batchMax: Int, paddingShareMax: Double) -> [[Int]] {
    var batches: [[Int]] = []
    var open: [Int] = []
    var total = 0
    for index in lengths.indices.sorted(by: { lengths[$0] < lengths[$1] }) {
      let padded = Double((open.count + 1) * lengths[index])
      let padding = padded - Double(total + lengths[index])
      if !open.isEmpty, open.count == batchMax || padding > paddingShareMax * padded {
        batches.append(open)
        open = []
        total = 0
      }
      open.append(index)
      total += lengths[index]
    }
    if !open.isEmpty { batches.append(open) }
    return batches
  }

  private func run(_ sequences: [[Int32]]) throws(StageError) -> [[Float]] {
    let length = fixedTokenCount ?? sequences.map(\.count).max() ?? 0
    let shape = [sequences.count, length]
    func padded(_ row: (_ tokens: [Int32]) -> [Int32], with pad: Int32) -> [Int32] {
      sequences.flatMap { tokens in
        let values = row(tokens)
        return values + [Int32](repeating: pad, count: length - values.count)
      }
    }
    var inputs: [(name: String, value: ONNXSession.Input)] = []
    for input in session.inputs {
      let values: [Int32]
      switch input.name {
      case "attention_mask": values = padded({ $0.map { _ in 1 } }, with: 0)
      case "token_type_ids": values = padded({ $0.map { _ in 0 } }, with: 0)
      case "position_ids": values = sequences.flatMap { _ in (0..<length).map { Int32($0) } }
      case "input_ids", "input", "tokens", "text": values = padded({ $0 }, with: recipe.padID)
      default: throw StageError(.text, "the model wants an input \(input.name), which is not known")
      }
      let tensor: ONNXSession.Input =
        input.isInt32
        ? .int32(Tensor(shape: shape, values: values))
        : .int64(Tensor(shape: shape, values: values.map { Int64($0) }))
      inputs.append((input.name, tensor))
    }
    let result = try session.run(inputs, output: output, stage: .text)
    return try Self.pool(result, recipe.pooling, lengths: sequences.map(\.count))
  }

  /// Makes a vector for each text of `[texts × tokens × dimension]` or `[texts × dimension]`.
  ///
  /// - Parameter lengths: tokens of each text that are no padding.
  static func pool(
    _ tensor: Tensor<Float>, _ pooling: String, lengths: [Int]
  ) throws(StageError) -> [[Float]] {
    let shape = tensor.shape
    guard (2...3).contains(shape.count), shape[0] == lengths.count, let dimension = shape.last, dimension > 0,
      shape.count == 2 || shape[1] >= lengths.max() ?? 0
    else {
      throw StageError(.text, "the model's output for \(lengths.count) texts has the shape \(shape)")
    }
    let rows = shape.count == 2 ? 1 : shape[1]
    var vectors: [[Float]] = []
    for (index, length) in lengths.enumerated() {
      func row(_ number: Int) -> ArraySlice<Float> {
        let start = (index * rows + number) * dimension
        return tensor.values[start..<(start + dimension)]
      }
      var vector: [Float]
      switch pooling {
      case "cls", "output": vector = Array(row(0))
      case "last": vector = Array(row(min(rows, length) - 1))
      default:
        vector = [Float](repeating: 0, count: dimension)
        for number in 0..<min(rows, length) {
          for (column, value) in row(number).enumerated() { vector[column] += value }
        }
      }
      guard let scaled = vector.scaledToLengthOne() else {
        throw StageError(.text, "the model's output is zero or not finite")
      }
      vectors.append(scaled)
    }
    return vectors
  }
}
