import CMiniLM

/// all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019) on the processor: mean pooling, length 1.
package final class MiniLMEmbedder: TextEmbedder, Sendable {
  package let identity: ModelIdentity
  private let tokenizer: WordPieceTokenizer
  private let model: MiniLMModel

  /// What sentence-transformers reads of a text.
  package static let tokensMax = 256
  package static let weightsFile = "model.safetensors"
  package static let vocabularyFile = "vocab.txt"
  /// SHA-256 of the weights that `model install minilm` accepts.
  package static let weightsHash = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
  /// SHA-256 of the vocabulary that it accepts.
  package static let vocabularyHash = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"

  /// Opens the model in `directory`: `model.safetensors` and `vocab.txt`.
  ///
  /// - Throws: an error that names what is missing or does not fit.
  package init(directory: String) throws(StageError) {
    let weights = directory + "/" + Self.weightsFile
    let vocabulary = directory + "/" + Self.vocabularyFile
    guard Files.exists(weights), Files.exists(vocabulary) else {
      throw StageError(
        .text, "no model in \(directory); `needletail-embedder model install minilm` puts it there")
    }
    tokenizer = try WordPieceTokenizer(vocabulary: try Files.text(at: vocabulary, stage: .text))
    let start = try Files.prefix(of: weights, byteCount: 8, stage: .text)
    let headerBytes = try SafetensorsHeader.headerByteCount(start: start)
    let header = try SafetensorsHeader(try Files.prefix(of: weights, byteCount: headerBytes, stage: .text))
    model = try MiniLMModel(path: weights, header: header)
    guard tokenizer.vocabularyCount <= model.vocabularyCount else {
      throw StageError(
        .text, "\(vocabulary) has \(tokenizer.vocabularyCount) pieces, the weights \(model.vocabularyCount)")
    }
    var hash = try ContentHash.sha256(ofFile: weights).hex
    let vocabularyHash = try ContentHash.sha256(ofFile: vocabulary).hex
    // The weights alone stand for the model with its own vocabulary.
    if vocabularyHash != Self.vocabularyHash { hash = ContentHash.sha256(of: [hash, vocabularyHash]).hex }
    identity = ModelIdentity(name: "minilm all-MiniLM-L6-v2", hash: hash, dimension: model.dimension)
  }

  package func embed(
    _ texts: [String], as role: TextRole, by deadline: StageDeadline
  ) async throws(StageError) -> [[Float]] {
    try embed(texts, by: deadline)
  }

  /// Batches hold texts of like lengths only by chance; sequences are packed, not padded, so that costs nothing.
  package func embed(_ texts: [String], by deadline: StageDeadline) throws(StageError) -> [[Float]] {
    var sequences: [[Int32]] = []
    for text in texts {
      try deadline.check()
      sequences.append(tokenizer.encode(text, tokensMax: Self.tokensMax))
    }
    return try model.embed(sequences, by: deadline)
  }
}

/// The encoder behind `CMiniLM`.
@safe private final class MiniLMModel: @unchecked Sendable {
  private let handle: OpaquePointer
  let dimension = 384
  let layerCount = 6
  let vocabularyCount: Int

  init(path: String, header: SafetensorsHeader) throws(StageError) {
    let words = header.tensors["embeddings.word_embeddings.weight"]?.shape.first ?? 0
    let wide = 1536
    let positions = 512
    var offsets: [UInt64] = []
    func add(_ name: String, _ shape: [Int]) throws(StageError) {
      offsets.append(try header.offset(of: name, shape: shape))
    }
    func addPair(_ name: String, _ shape: [Int]) throws(StageError) {
      try add(name + ".weight", shape)
      try add(name + ".bias", [shape[0]])
    }
    try add("embeddings.word_embeddings.weight", [words, dimension])
    try add("embeddings.position_embeddings.weight", [positions, dimension])
    try add("embeddings.token_type_embeddings.weight", [2, dimension])
    try addPair("embeddings.LayerNorm", [dimension])
    for layer in 0..<layerCount {
      let prefix = "encoder.layer.\(layer)."
      for part in ["query", "key", "value"] {
        try addPair(prefix + "attention.self." + part, [dimension, dimension])
      }
      try addPair(prefix + "attention.output.dense", [dimension, dimension])
      try addPair(prefix + "attention.output.LayerNorm", [dimension])
      try addPair(prefix + "intermediate.dense", [wide, dimension])
      try addPair(prefix + "output.dense", [dimension, wide])
      try addPair(prefix + "output.LayerNorm", [dimension])
    }
    let shape = minilm_shape(
      hidden: Int32(dimension), intermediate: Int32(wide), heads: 12, layers: Int32(layerCount),
      vocabulary: Int32(words), positions: Int32(positions), epsilon: 1e-12)
    var message = [CChar](repeating: 0, count: 256)
    let opened = unsafe minilm_open(
      path, shape, offsets, offsets.count, header.end, &message, message.count)
    guard let opened = unsafe opened else { throw StageError(.text, String(cMessage: message)) }
    unsafe handle = opened
    vocabularyCount = words
  }

  deinit { unsafe minilm_close(handle) }

  /// `[sequences.count × dimension]`; every token is below the vocabulary's count and no sequence is empty.
  ///
  /// - Throws: also when the deadline is over; it is looked at before each layer.
  func embed(_ sequences: [[Int32]], by deadline: StageDeadline) throws(StageError) -> [[Float]] {
    guard !sequences.isEmpty else { return [] }
    precondition(sequences.allSatisfy { !$0.isEmpty && $0.count <= MiniLMEmbedder.tokensMax })
    var out = [Float](repeating: 0, count: sequences.count * dimension)
    let lengths = sequences.map { Int32($0.count) }
    let tokens = Array(sequences.joined())
    let run = unsafe minilm_begin(handle, tokens, lengths, sequences.count)
    guard let run = unsafe run else { throw StageError(.text, "no memory for \(tokens.count) tokens") }
    defer { unsafe minilm_end(run) }
    for layer in 0..<layerCount {
      try deadline.check()
      unsafe minilm_run_layer(run, Int32(layer))
    }
    unsafe minilm_pool(run, &out)
    return sequences.indices.map { Array(out[($0 * dimension)..<(($0 + 1) * dimension)]) }
  }
}

extension String {
  /// The text of a C string's buffer up to its end mark.
  init(cMessage: [CChar]) {
    self = String(decoding: cMessage.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
