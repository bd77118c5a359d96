/// Whether a text is searched for or searched in; some models want a different prefix for each.
package enum TextRole: Sendable {
  case query
  case passage
}

/// What makes vectors comparable: only those of one identity may stand in one named vector.
package struct ModelIdentity: Sendable, Hashable, Codable {
  /// What people call it: `minilm all-MiniLM-L6-v2`.
  package var name: String
  /// A hash of the weights and of every file and setting that changes the vectors.
  package var hash: String
  package var dimension: Int
  /// What a version before took for the hash, which saw less of the model; a collection that has it is taken for this
  /// model's.
  package var earlierHash: String?

  package init(name: String, hash: String, dimension: Int, earlierHash: String? = nil) {
    self.name = name
    self.hash = hash
    self.dimension = dimension
    self.earlierHash = earlierHash
  }
}

/// Makes vectors of short texts.
package protocol TextEmbedder: Sendable {
  var identity: ModelIdentity { get }

  /// How many calls it can work on at once.
  var callsMax: Int { get }

  /// One vector of length 1 for each text, `[texts.count × identity.dimension]`.
  ///
  /// - Throws: also when the deadline is over before they are made.
  func embed(
    _ texts: [String], as role: TextRole, by deadline: StageDeadline
  ) async throws(StageError) -> [[Float]]
}

extension TextEmbedder {
  package var callsMax: Int { .max }

  /// The vector of a text of any length: its chunks' mean, weighted by their lengths and scaled to length 1.
  ///
  /// Nil for a text without a word.
  package func vector(
    of text: String, as role: TextRole, by deadline: StageDeadline
  ) async throws(StageError) -> [Float]? {
    let chunks = try TextChunk.chunks(of: text, by: deadline)
    return try await TextChunk.vector(of: chunks, dimension: identity.dimension) {
      (texts) throws(StageError) in try await embed(texts, as: role, by: deadline)
    }
  }
}

extension TextChunk {
  /// The mean of the chunks' vectors, weighted by their lengths and scaled to length 1; nil without a chunk.
  ///
  /// - Parameter embed: one vector of `dimension` numbers for each of at most `TextBatcher.textsMax` texts.
  static func vector(
    of chunks: [TextChunk], dimension: Int, _ embed: ([String]) async throws(StageError) -> [[Float]]
  ) async throws(StageError) -> [Float]? {
    guard !chunks.isEmpty else { return nil }
    var sum = [Float](repeating: 0, count: dimension)
    var start = 0
    while start < chunks.count {
      let batch = chunks[start..<min(start + TextBatcher.textsMax, chunks.count)]
      let vectors = try await embed(batch.map(\.text))
      for (chunk, vector) in zip(batch, vectors) { sum.add(vector, times: Float(chunk.unitCount)) }
      start += TextBatcher.textsMax
    }
    return sum.scaledToLengthOne()
  }
}

extension [Float] {
  mutating func add(_ other: [Float], times factor: Float) {
    for index in 0..<Swift.min(count, other.count) { self[index] += other[index] * factor }
  }

  /// The same direction with length 1; nil for a vector of zeros or one that is not finite.
  package func scaledToLengthOne() -> [Float]? {
    let squares = reduce(into: 0 as Double) { $0 += Double($1) * Double($1) }
    guard squares > 0, squares.isFinite else { return nil }
    let scale = Float(1 / squares.squareRoot())
    return map { $0 * scale }
  }

  /// The scalar product over the common dimensions.
  package func dot(_ other: [Float]) -> Float {
    zip(self, other).reduce(into: 0) { $0 += $1.0 * $1.1 }
  }
}
