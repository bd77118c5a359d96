import Testing

@testable import VectorEmbedder

/// Small models in the real ONNX Runtime; without NEEDLETAIL_EMBEDDER_ONNX_LIBRARY this suite does not run.
@Suite(.enabled(if: TestModel.onnxLibrary != nil)) struct ONNXTests {
  private func session(_ name: String) throws -> ONNXSession {
    try ONNXSession(
      library: TestModel.onnxLibrary ?? "", model: TestModel.testDirectory + "/Fixtures/" + name)
  }

  /// `[1 × tokens × 8]` with rows (id, 1, id², 0, …).
  private func embedder(_ pooling: String) throws -> ONNXTextEmbedder {
    let tokenizer = try WordPieceTokenizer(vocabulary: "[PAD]\n[UNK]\n[CLS]\n[SEP]\nhello\nworld")
    let recipe = ONNXTextRecipe(tokenizer: "wordpiece", pooling: pooling, output: nil, tokensMax: 16)
    return try ONNXTextEmbedder(
      session: try session("text.onnx"), recipe: recipe, tokenizer: tokenizer, modelHash: "x")
  }

  @Test(arguments: [
    // The tokens are 2, 4, 5, 3.
    ("mean", [14, 4, 54] as [Float]), ("cls", [2, 1, 4]), ("last", [3, 1, 9]),
  ])
  func textsArePooled(pooling: String, row: [Float]) async throws {
    let embedder = try embedder(pooling)
    #expect(embedder.identity.dimension == 8)
    let vectors = try await embedder.embed(["hello world"], as: .query)
    let expected = try #require((row + [0, 0, 0, 0, 0]).scaledToLengthOne())
    #expect(vectors[0].dot(expected) > 0.99999)
  }

  @Test func poolingIsPartOfTheIdentity() throws {
    #expect(try embedder("mean").identity.hash != embedder("cls").identity.hash)
  }

  @Test(arguments: [("clip_vit_b32", "image.onnx"), ("r2plus1d_18", "clip.onnx")])
  func picturesAreNormalised(preset: String, model: String) throws {
    let embedder = try ONNXVideoEmbedder(session: try session(model), preset: preset, modelHash: "x")
    let recipe = try #require(ONNXVideoRecipe(preset: preset))
    var accumulator = embedder.accumulator(durationSeconds: 3)
    var pixels: [UInt8] = []
    for _ in 0..<(320 * 180) { pixels += [255, 0, 51] }
    for _ in 0..<(3 * recipe.framesPerSecond) {
      accumulator.add(Frame(width: 320, height: 180, pixels: pixels))
    }
    let vector = try #require(try accumulator.vector())
    let colour: [Float] = [1, 0, 0.2]
    let expected = try #require(
      colour.indices.map { (colour[$0] - recipe.mean[$0]) / recipe.deviation[$0] }.scaledToLengthOne())
    #expect(vector.dot(expected) > 0.9999)
  }

  @Test func aModelOfAnotherShapeIsRefused() throws {
    let session = try session("image.onnx")
    #expect(throws: StageError.self) {
      try ONNXVideoEmbedder(session: session, preset: "r2plus1d_18", modelHash: "x")
    }
  }

  @Test func otherFilesAreRefused() {
    let library = TestModel.onnxLibrary ?? ""
    let model = TestModel.testDirectory + "/Fixtures/text.onnx"
    #expect(throws: StageError.self) { try ONNXSession(library: library, model: "/missing") }
    #expect(throws: StageError.self) { try ONNXSession(library: library, model: #filePath) }
    #expect(throws: StageError.self) { try ONNXSession(library: "/missing.so", model: model) }
  }
}
