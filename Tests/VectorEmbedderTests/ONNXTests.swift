import Testing

@testable import VectorEmbedder

/// Small models with the real ones' names, types and shapes (Fixtures/make_small_models.py) in the real ONNX Runtime;
/// without NEEDLETAIL_EMBEDDER_ONNX_LIBRARY this suite does not run.
@Suite(.enabled(if: TestModel.onnxLibrary != nil && TestModel.hasProgram)) struct ONNXTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "world"]
    try write(pieces.joined(separator: "\n"), "vocab.txt")
    // Three letters, their merges, and the marks of GPT-2 and CLIP.
    try write(
      #"{"c":10,"a":11,"t":12,"t</w>":13,"at</w>":14,"cat</w>":15,"Ġ":16,"<|startoftext|>":40,"<|endoftext|>":41}"#,
      "vocab.json")
    try write("#version: 0.2\na t</w>\nc at</w>\n", "merges.txt")
  }

  private func write(_ text: String, _ name: String) throws {
    try Files.write(Array(text.utf8), to: directory.path + "/" + name, stage: .read)
  }

  private func model(_ name: String) -> String { TestModel.testDirectory + "/Fixtures/" + name }

  private func factory(_ flags: [String]) throws -> EngineFactory {
    EngineFactory(try SettingValues(flags: ["onnx_library=\(TestModel.onnxLibrary ?? "")"] + flags))
  }

  private func text(_ name: String, _ flags: [String]) async throws -> any TextEmbedder {
    let bytePairs = flags.contains { $0.contains("preset") }
    let vocabulary = directory.path + (bytePairs ? "/vocab.json" : "/vocab.txt")
    return try await factory(
      [
        "text_engine=onnx", "text_model=\(model(name))", "text_vocabulary=\(vocabulary)",
        "text_merges=\(directory.path)/merges.txt",
      ] + flags
    ).textEmbedder()
  }

  private func isVector(_ vector: [Float], _ start: [Float]) -> Bool {
    let padded = start + [Float](repeating: 0, count: vector.count - start.count)
    return vector.dot(padded.scaledToLengthOne() ?? []) > 0.99999
  }

  @Test(arguments: [
    // The tokens are 2, 4, 5, 3.
    ("mean", [14, 4, 54] as [Float]), ("cls", [2, 1, 4]), ("last", [3, 1, 9]),
  ])
  func textsArePooled(pooling: String, row: [Float]) async throws {
    let embedder = try await text("text.onnx", ["text_pooling=\(pooling)"])
    #expect(embedder.identity.dimension == 8)
    // Shorter and longer neighbours change nothing.
    let neighbours = (0..<40).map { String(repeating: "hello ", count: $0) }
    let vectors = try await embedder.embed(neighbours + ["hello world"] + neighbours, as: .query, by: .far)
    #expect(vectors.count == 81)
    #expect(isVector(vectors[40], row))
    #expect(vectors[3] == vectors[44])
  }

  @Test func poolingIsPartOfTheIdentity() async throws {
    let mean = try await text("text.onnx", ["text_pooling=mean"]).identity.hash
    let cls = try await text("text.onnx", ["text_pooling=cls"]).identity.hash
    #expect(mean != cls)
  }

  @Test func theVocabularyIsPartOfTheIdentity() async throws {
    let before = try await text("text.onnx", []).identity
    try write("[PAD]\n[UNK]\n[CLS]\n[SEP]\nworld\nhello", "vocab.txt")
    let after = try await text("text.onnx", []).identity
    #expect(before.hash != after.hash)
    #expect(before.earlierHash == after.earlierHash)
  }

  @Test func sentencePieceModelsGetTheirIDs() async throws {
    let embedder = try await factory([
      "text_engine=onnx", "text_model=\(model("text.onnx"))", "text_tokenizer=xlm_roberta",
      "text_vocabulary=\(model("sentencepiece.model"))",
    ]).textEmbedder()
    // <s> 0, 26, 4, 12, </s> 2: «the red balloon», each id one higher than the file's.
    let ids: [Float] = [0, 26, 4, 12, 2]
    let vectors = try await embedder.embed(["the red balloon"], as: .passage, by: .far)
    #expect(isVector(vectors[0], [ids.reduce(0, +), 5, ids.reduce(0) { $0 + $1 * $1 }]))
  }

  @Test func gpt2IsTheMeanOfItsLastLayer() async throws {
    let embedder = try await text("gpt2.onnx", ["text_preset=gpt2"])
    #expect(embedder.identity.dimension == 768)
    // «c a» is 10, the space 16, 11; nothing is added.
    let vectors = try await embedder.embed(["c a", "cccccc", "c"], as: .passage, by: .far)
    #expect(isVector(vectors[0], [37, 3, 3]))
    #expect(isVector(vectors[1], [60, 15, 6]))
    #expect(isVector(vectors[2], [10, 0, 1]))
  }

  @Test(arguments: ["clip_text.onnx", "clip_tokens.onnx"])
  func clipGetsItsTokens(name: String) async throws {
    let embedder = try await text(name, ["text_preset=clip_vit_b32"])
    #expect(embedder.identity.dimension == 512)
    let long = Array(repeating: "cat", count: 100).joined(separator: " ")
    let vectors = try await embedder.embed(["a CAT", "cat", long], as: .query, by: .far)
    // Begin 40, «cat» 15, end 41; «a» has no piece of its own here.
    #expect(isVector(vectors[1], [96, 41, 3]))
    #expect(isVector(vectors[2], [Float(40 + 75 * 15 + 41), 41, 77]))
  }

  @Test(arguments: [("clip_vit_b32", "clip_vision.onnx"), ("r2plus1d_18", "r2plus1d_18.onnx")])
  func picturesAreNormalised(preset: String, name: String) async throws {
    let engine = try await factory([
      "video_engine=onnx", "video_preset=\(preset)", "video_model=\(model(name))",
    ]).videoEmbedder()
    guard case .frames(let embedder)? = engine else {
      Issue.record("no embedder of frames")
      return
    }
    #expect(embedder.identity.dimension == 512)
    let recipe = try ONNXVideoRecipe(preset: preset)
    var accumulator = embedder.accumulator(durationSeconds: 3)
    var pixels: [UInt8] = []
    for _ in 0..<(320 * 180) { pixels += [255, 0, 51] }
    for _ in 0..<(3 * recipe.framesPerSecond) {
      accumulator.add(Frame(width: 320, height: 180, pixels: pixels))
    }
    let vector = try #require(try await accumulator.vector())
    let colour: [Float] = [1, 0, 0.2]
    let channels = colour.indices.map { (colour[$0] - recipe.mean[$0]) / recipe.deviation[$0] }
    // The means, and the pixel in the middle (of the last frame).
    #expect(isVector(vector, channels + channels))
  }

  /// A real model: make_minilm_onnx.py writes it, NEEDLETAIL_EMBEDDER_MINILM_ONNX names it.
  @Test(.enabled(if: TestModel.minilmONNX != nil && TestModel.isInstalled))
  func minilmGivesTheVectorsOfTheBuiltInEngine() async throws {
    let embedder = try await factory([
      "text_engine=onnx", "text_model=\(TestModel.minilmONNX ?? "")",
      "text_vocabulary=\(TestModel.minilm)/vocab.txt",
    ]).textEmbedder()
    let native = try MiniLMEmbedder(directory: TestModel.minilm)
    let sentence = "The fisherman mends his old net while the boat waits in the harbour, "
    let texts = (0..<30).map { String(repeating: sentence, count: 1 + $0 % 7) + "\($0)" }
    let found = try await embedder.embed(texts, as: .passage, by: .far)
    let expected = try native.embed(texts, by: .far)
    for (one, other) in zip(found, expected) { #expect(one.dot(other) > 0.99999) }
  }

  @Test func aModelOfAnotherShapeIsRefused() async throws {
    let factory = try factory([
      "video_engine=onnx", "video_preset=r2plus1d_18", "video_model=\(model("clip_vision.onnx"))",
    ])
    let error = await #expect(throws: StageError.self) { try await factory.videoEmbedder() }
    #expect(error?.stage == .settings)
    await #expect(throws: StageError.self) { try await text("clip_vision.onnx", []) }
  }

  @Test func otherFilesAreRefused() async throws {
    for name in ["missing.onnx", "make_small_models.py"] {
      await #expect(throws: (any Error).self) { try await text(name, []) }
    }
  }
}

/// What needs no runtime.
@Suite struct ONNXBatchTests {
  @Test func everyFileOfAModelIsPartOfItsHash() throws {
    let directory = try TemporaryDirectory()
    func write(_ name: String, _ byte: UInt8) throws -> String {
      try Files.write([byte], to: directory.path + "/" + name, stage: .read)
      return directory.path + "/" + name
    }
    let model = try write("model.onnx", 1)
    let vocabulary = try write("vocab.json", 2)
    let alone = try ONNXModelFiles(model: model, others: [nil])
    #expect(alone.hash == alone.modelHash)
    var hashes = [alone.hash, try ONNXModelFiles(model: model, others: [vocabulary, nil]).hash]
    for (name, byte) in [
      ("vocab.json", 3), ("merges.txt", 4), ("model.onnx_data", 5), ("model.onnx.data", 6),
    ] {
      _ = try write(name, UInt8(byte))
      let merges = directory.path + "/merges.txt"
      let files = try ONNXModelFiles(model: model, others: [vocabulary, Files.exists(merges) ? merges : nil])
      #expect(files.modelHash == alone.modelHash)
      hashes.append(files.hash)
    }
    #expect(Set(hashes).count == hashes.count)
  }

  @Test func everyTextStandsInOneBatchOfLikeLengths() {
    var generator = SplitMix64(seed: 11)
    for _ in 0..<200 {
      let lengths = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
        Int.random(in: 1...90, using: &generator)
      }
      let batches = ONNXTextModel.batches(lengths: lengths, batchMax: 16, paddingShareMax: 0.15)
      #expect(batches.flatMap { $0 }.sorted() == Array(lengths.indices))
      for batch in batches {
        let longest = batch.map { lengths[$0] }.max() ?? 0
        let total = batch.reduce(0) { $0 + lengths[$1] }
        #expect(batch.count <= 16)
        #expect(Double(batch.count * longest - total) <= 0.15 * Double(batch.count * longest))
      }
      let exact = ONNXTextModel.batches(lengths: lengths, batchMax: 16, paddingShareMax: 0)
      #expect(exact.allSatisfy { Set($0.map { lengths[$0] }).count == 1 })
    }
  }

  @Test func paddingIsNotPooled() throws {
    let tensor = Tensor<Float>(shape: [2, 3, 2], values: [3, 4, 9, 9, 9, 9, 0, 2, 0, 4, 0, 6])
    let means = try ONNXTextModel.pool(tensor, "mean", lengths: [1, 3])
    #expect(means == [[0.6, 0.8], [0, 1]])
    #expect(try ONNXTextModel.pool(tensor, "last", lengths: [1, 3]) == [[0.6, 0.8], [0, 1]])
    #expect(throws: StageError.self) { try ONNXTextModel.pool(tensor, "mean", lengths: [1]) }
    #expect(throws: StageError.self) { try ONNXTextModel.pool(tensor, "mean", lengths: [1, 4]) }
    let zeros = Tensor<Float>(shape: [1, 2], values: [0, 0])
    #expect(throws: StageError.self) { try ONNXTextModel.pool(zeros, "output", lengths: [1]) }
  }
}
