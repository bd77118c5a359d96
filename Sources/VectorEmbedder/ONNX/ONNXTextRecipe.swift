/// How a text model wants its texts and what its output means.
package struct ONNXTextRecipe: Sendable, Equatable, Codable {
  /// `wordpiece`, `sentencepiece`, `xlm_roberta`, `clip_bpe` or `gpt2_bpe`.
  package var tokenizer: String
  /// `mean` over the tokens, the first (`cls`), the `last`, or the `output` as it is.
  package var pooling: String
  /// Nil is the model's first output.
  package var output: String?
  package var tokensMax: Int
  package var isUncased = true
  package var queryPrefix = ""
  package var passagePrefix = ""

  package init(
    tokenizer: String, pooling: String, output: String?, tokensMax: Int, isUncased: Bool = true,
    queryPrefix: String = "", passagePrefix: String = ""
  ) {
    self.tokenizer = tokenizer
    self.pooling = pooling
    self.output = output
    self.tokensMax = tokensMax
    self.isUncased = isUncased
    self.queryPrefix = queryPrefix
    self.passagePrefix = passagePrefix
  }

  /// A known model; nil for `none`.
  package init?(preset: String) throws(SettingsError) {
    switch preset {
    case "none": return nil
    case "gpt2":
      self.init(tokenizer: "gpt2_bpe", pooling: "mean", output: "last_hidden_state", tokensMax: 1024)
    case "clip_vit_b32":
      self.init(tokenizer: "clip_bpe", pooling: "output", output: "text_embeds", tokensMax: 77)
    default: throw SettingsError("there is no text_preset `\(preset)`")
    }
  }

  /// - Throws: when a file is missing or is not what the tokenizer reads.
  func makeTokenizer(vocabulary: String, merges: String?) throws(StageError) -> any TextTokenizer {
    switch tokenizer {
    case "sentencepiece", "xlm_roberta":
      return try SentencePieceTokenizer(path: vocabulary, isXLMRoberta: tokenizer == "xlm_roberta")
    case "clip_bpe", "gpt2_bpe":
      guard let merges else {
        throw StageError(.settings, "text_merges is not set: the model's merges.txt")
      }
      return try BytePairTokenizer(
        vocabulary: try Files.bytes(at: vocabulary, stage: .text),
        merges: try Files.text(at: merges, stage: .text), style: tokenizer == "clip_bpe" ? .clip : .gpt2)
    default:
      return try WordPieceTokenizer(
        vocabulary: try Files.text(at: vocabulary, stage: .text), isUncased: isUncased)
    }
  }

  /// What stands behind the end of a shorter text; it is masked.
  var padID: Int32 { tokenizer == "xlm_roberta" ? 1 : 0 }

  /// What of the recipe changes the vectors.
  var fingerprint: String {
    "\(tokenizer) \(pooling) \(output ?? "") \(tokensMax) \(isUncased) \(queryPrefix)|\(passagePrefix)"
  }
}
