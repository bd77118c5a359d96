import CSentencePiece

/// SentencePiece (Kudo and Richardson 2018), by its own library.
@safe package final class SentencePieceTokenizer: TextTokenizer, @unchecked Sendable {
  private let handle: OpaquePointer
  private let isXLMRoberta: Bool
  package let vocabularyCount = Int(Int32.max)

  /// - Parameter isXLMRoberta: ids as XLM-RoBERTa's models have them: one higher, between `<s>` 0 and `</s>` 2, with 3
  ///   for the unknown. Otherwise the file's own ids, between 1 and 2.
  package init(path: String, isXLMRoberta: Bool) throws(StageError) {
    var message = [CChar](repeating: 0, count: 512)
    let opened = unsafe sentencepiece_open(path, &message, message.count)
    guard let opened = unsafe opened else {
      throw StageError(.text, "\(path): \(String(cMessage: message))")
    }
    unsafe handle = opened
    self.isXLMRoberta = isXLMRoberta
  }

  deinit { unsafe sentencepiece_close(handle) }

  package func encode(_ text: String, tokensMax: Int) -> [Int32] {
    let bytes = Array(text.utf8)
    var ids = [Int32](repeating: 0, count: max(0, tokensMax - 2))
    let count = unsafe bytes.withUnsafeBytes { buffer in
      unsafe sentencepiece_encode(
        handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, &ids, ids.count)
    }
    let kept = ids.prefix(max(0, min(ids.count, Int(count))))
    guard isXLMRoberta else { return [1] + kept + [2] }
    return [0] + kept.map { $0 == 0 ? 3 : $0 + 1 } + [2]
  }
}
