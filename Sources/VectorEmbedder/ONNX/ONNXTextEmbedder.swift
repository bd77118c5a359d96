/// Any text model as an ONNX file, run by isolated processes.
package final class ONNXTextEmbedder: TextEmbedder, Sendable {
  package let identity: ModelIdentity
  private let pool: IsolatedPool
  private let recipe: ONNXTextRecipe

  /// Opens the model in a first process, to learn its dimension and whether its inputs are understood.
  init(pool: IsolatedPool, recipe: ONNXTextRecipe, files: ONNXModelFiles) async throws(StageError) {
    self.pool = pool
    self.recipe = recipe
    identity = ModelIdentity(
      name: "onnx \(recipe.tokenizer) \(recipe.pooling) \(files.modelHash.prefix(12))",
      hash: ContentHash.sha256(of: [files.hash, recipe.fingerprint]).hex, dimension: try await pool.open(),
      earlierHash: ContentHash.sha256(of: [files.modelHash, recipe.fingerprint]).hex)
  }

  /// A call that waited for a process would use up its time and hold a core.
  package var callsMax: Int { pool.processesMax }

  package func embed(
    _ texts: [String], as role: TextRole, by deadline: StageDeadline
  ) async throws(StageError) -> [[Float]] {
    let prefix = role == .query ? recipe.queryPrefix : recipe.passagePrefix
    let answer = try await pool.ask(
      .texts(texts.map { prefix + $0 }), stage: .text, timeLimit: deadline.remaining)
    return try pool.vectors(answer, count: texts.count, dimension: identity.dimension, stage: .text)
  }
}
