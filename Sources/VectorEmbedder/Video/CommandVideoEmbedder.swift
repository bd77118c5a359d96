import VectorModel

/// Any program that prints a JSON array of numbers, or an object with `vector`, for a video file. It finds the file's
/// path among its arguments and as `{"video": "…"}` on its standard input.
package struct CommandVideoEmbedder: Sendable {
  package let identity: ModelIdentity
  private let command: CommandLineTemplate
  private let timeLimit: Duration

  /// - Parameter dimension: of every answer; another one is refused.
  package init(command: CommandLineTemplate, dimension: Int, timeLimit: Duration) {
    self.command = command
    self.timeLimit = timeLimit
    let line = command.words.joined(separator: " ")
    identity = ModelIdentity(
      name: "command \(line)", hash: ContentHash.sha256(of: [line, String(dimension)]).hex,
      dimension: dimension)
  }

  package func vector(of path: String) async throws(StageError) -> [Float]? {
    var child = try command.child(.video, ["video": path], timeLimit: timeLimit)
    var writer = JSONWriter()
    writer.object { $0.member("video", path) }
    child.input = writer.bytes
    let vectors = try JSONVectors.read(try await child.run(), stage: .video)
    guard let vector = vectors.first, vectors.count == 1, vector.count == identity.dimension else {
      throw StageError(
        .video, "the command gave \(vectors.map(\.count)) numbers, video_dimension is \(identity.dimension)")
    }
    return vector.scaledToLengthOne()
  }
}

/// Vectors in a program's JSON.
enum JSONVectors {
  /// Reads `[0.1, …]`, `[[0.1, …], …]`, `{"vector": […]}` or `{"vectors": [[…], …]}`.
  static func read(_ bytes: [UInt8], stage: Stage) throws(StageError) -> [[Float]] {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch { throw StageError(stage, error.message) }
    let found = value["vectors"] ?? value["vector"] ?? value
    guard let elements = found.elements else { throw StageError(stage, "the output holds no vectors") }
    let rows = elements.first?.elements == nil ? [elements] : elements.map { $0.elements ?? [] }
    var vectors: [[Float]] = []
    for row in rows {
      let numbers = row.compactMap { $0.double.map { Float($0) } }
      guard !numbers.isEmpty, numbers.count == row.count, numbers.allSatisfy(\.isFinite) else {
        throw StageError(stage, "the output's vectors hold something else than numbers")
      }
      vectors.append(numbers)
    }
    return vectors
  }
}
