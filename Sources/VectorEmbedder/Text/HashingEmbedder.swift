/// Vectors without any model: hashed words and letter triples (Weinberger et al. 2009).
///
/// It finds texts that share words or spellings, in any language; it knows no synonyms.
package struct HashingEmbedder: TextEmbedder {
  package let identity = ModelIdentity(name: "hashing (lexical)", hash: "hashing-1-384", dimension: 384)

  package init() {}

  package func embed(
    _ texts: [String], as role: TextRole, by deadline: StageDeadline
  ) async throws(StageError) -> [[Float]] {
    var vectors: [[Float]] = []
    for text in texts {
      try deadline.check()
      vectors.append(Self.vector(of: text))
    }
    return vectors
  }

  /// The vector of one text: each word weighs 1, all its triples together 0.7, by the square root of how often.
  package static func vector(of text: String) -> [Float] {
    var counts: [UInt64: Float] = [:]
    for word in words(of: text) {
      counts[hash(word), default: 0] += 1
      let marked = Array(("<" + word + ">").unicodeScalars)
      guard marked.count > 3 else { continue }
      let weight = 0.7 / Float(marked.count - 2)
      for start in 0...(marked.count - 3) {
        let triple = String(String.UnicodeScalarView(marked[start..<(start + 3)]))
        counts[hash("3" + triple), default: 0] += weight
      }
    }
    var vector = [Float](repeating: 0, count: 384)
    for (hash, count) in counts.sorted(by: { $0.key < $1.key }) {
      let sign: Float = hash >> 63 == 0 ? 1 : -1
      vector[Int(hash % 384)] += sign * count.squareRoot()
    }
    return vector.scaledToLengthOne() ?? [1] + [Float](repeating: 0, count: 383)
  }

  private static func words(of text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.flatMap { run -> [String] in
      guard run.unicodeScalars.contains(where: \.isWrittenWithoutSpaces) else { return [String(run)] }
      return run.map { String($0) }
    }
  }

  /// FNV-1a over the UTF-8 bytes, then a finaliser that spreads the bits.
  private static func hash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash ^= hash >> 33
    hash = hash &* 0xFF51_AFD7_ED55_8CCD
    return hash ^ hash >> 29
  }
}
