import VectorModel

/// Any program that reads `{"texts": […], "role": "query"}` and prints `{"vectors": [[…], …]}`.
package struct CommandTextEmbedder: TextEmbedder {
  package let identity: ModelIdentity
  private let command: CommandLineTemplate

  /// Asks the program once, to learn the dimension.
  package init(command: CommandLineTemplate, by deadline: StageDeadline) async throws(StageError) {
    let line = command.words.joined(separator: " ")
    let probe = try await Self.ask(command, ["dimension"], .passage, by: deadline)
    identity = ModelIdentity(
      name: "command \(line)", hash: ContentHash.sha256(of: [line, String(probe[0].count)]).hex,
      dimension: probe[0].count)
    self.command = command
  }

  package func embed(
    _ texts: [String], as role: TextRole, by deadline: StageDeadline
  ) async throws(StageError) -> [[Float]] {
    let vectors = try await Self.ask(command, texts, role, by: deadline)
    guard vectors.allSatisfy({ $0.count == identity.dimension }) else {
      throw StageError(.text, "the command changed its dimension from \(identity.dimension)")
    }
    return vectors.map { $0.scaledToLengthOne() ?? $0 }
  }

  private static func ask(
    _ command: CommandLineTemplate, _ texts: [String], _ role: TextRole, by deadline: StageDeadline
  ) async throws(StageError) -> [[Float]] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("texts")
      writer.array(texts) { $0.string($1) }
      writer.member("role", role == .query ? "query" : "passage")
    }
    var child = try command.child(.text, [:], timeLimit: deadline.remaining)
    child.input = writer.bytes
    let vectors = try JSONVectors.read(try await child.run(), stage: .text)
    guard vectors.count == texts.count else {
      throw StageError(.text, "the command gave \(vectors.count) vectors for \(texts.count) texts")
    }
    return vectors
  }
}
